"""Base model of everything a recipe can name, and the ranges it draws from."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from anomsynth.errors import RenamedWarning

R = TypeVar("R", bound="Range")
Float64 = NDArray[np.float64]


class Written(BaseModel):
    """What a recipe writes: immutable, validated, unknown names are errors, old ones understood."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, value: object) -> object:
        return with_new_names(cls, value) if isinstance(value, Mapping) else value


class Component(Written):
    """Parameters with a `kind`, by which a recipe names them.

    Attributes
    ----------
    kind : str
        Name a recipe uses; equals the file name of a built-in.
    law : str
        The governing relation, in one line; empty where a component has none.
    source : str
        Where the law comes from (author, year).
    """

    law: ClassVar[str] = ""
    source: ClassVar[str] = ""

    kind: str


class Range(BaseModel):
    """Closed range a parameter is drawn from uniformly; written ``[low, high]`` or a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float
    high: float

    @model_validator(mode="before")
    @classmethod
    def _from_pair(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"low": value, "high": value}
        if isinstance(value, list | tuple):
            if len(value) != 2:
                msg = f"a range is [low, high] or one number, got {list(value)}"
                raise ValueError(msg)
            return {"low": value[0], "high": value[1]}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            msg = f"low {self.low:g} is above high {self.high:g}"
            raise ValueError(msg)
        return self

    @model_serializer
    def _as_pair(self) -> list[float]:
        return [self.low, self.high]

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value; always uses one number of the stream, even for a point range."""
        return self.at(float(rng.random()))

    def at(self, share: float) -> float:
        """Return the quantile `share` in [0, 1] of the range."""
        return self.low + share * (self.high - self.low)


class LogRange(Range):
    """Range drawn log-uniformly, for sizes and strengths that span decades; low > 0."""

    def at(self, share: float) -> float:
        """Return the quantile `share` in [0, 1] of the range."""
        if self.low == self.high:  # exp(log(x)) may differ from x in the last bit
            return self.low
        return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))


class CountRange(Range):
    """Range of whole numbers, both ends included, equally likely."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.low != int(self.low) or self.high != int(self.high):
            msg = f"must be whole numbers, got [{self.low:g}, {self.high:g}]"
            raise ValueError(msg)
        return self

    def draw(self, rng: np.random.Generator) -> int:
        """Draw one whole number; always uses one number of the stream."""
        return self.at(float(rng.random()))

    def at(self, share: float) -> int:
        """Return the quantile `share` in [0, 1] of the range, a whole number."""
        return int(min(self.low + math.floor(share * (self.high - self.low + 1)), self.high))


class Bounds(Range):
    """Range that a generator draws from as often as it needs: once a particle, once a crack.

    It is a parameter like any other, but `Generator.draw_ranges` leaves it alone.
    """

    def uniform(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Float64:
        """Return so many values, uniform in the range."""
        return rng.uniform(self.low, self.high, size)


class LogBounds(LogRange, Bounds):
    """Bounds that are drawn from log-uniformly; low > 0."""

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value, with one number of the stream."""
        return float(self.uniform(rng, ()))

    def uniform(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Float64:
        """Return so many values, uniform in their logarithm."""
        return np.exp(rng.uniform(math.log(self.low), math.log(self.high), size))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Marks a parameter that is a range in a recipe and a number in a drawn copy.

    Type checkers see the number: `Generator.generate` works on the copy. Validation builds the
    range and checks it.
    """

    range: type[Range]
    checks: tuple[Callable[[Range], Range], ...]

    def __init__(self, range_: type[Range], *checks: Callable[[Range], Range]) -> None:
        object.__setattr__(self, "range", range_)
        object.__setattr__(self, "checks", checks)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate the range instead of the annotated number."""
        schema = handler.generate_schema(self.range)
        for check in self.checks:
            schema = no_info_after_validator_function(check, schema)
        return schema


MOST = 1e12  # no unit makes a larger number sensible; squares of it are still numbers


def _positive(value: R) -> R:
    if value.low <= 0:
        msg = f"must be above 0, got {value.low:g}"
        raise ValueError(msg)
    if value.high > MOST:
        msg = f"must be at most {MOST:g}, got {value.high:g}"
        raise ValueError(msg)
    return value


def _non_negative(value: R) -> R:
    if value.low < 0:
        msg = f"must not be negative, got {value.low:g}"
        raise ValueError(msg)
    return value


def _unit(value: R) -> R:
    if value.low < 0 or value.high > 1:
        msg = f"must lie in [0, 1], got [{value.low:g}, {value.high:g}]"
        raise ValueError(msg)
    return value


def _some(value: R) -> R:
    if value.low < 1:
        msg = f"must be at least 1, got {value.low:g}"
        raise ValueError(msg)
    return value


def _some_weight(value: tuple[float, float, float]) -> tuple[float, float, float]:
    if sum(value) <= 0:
        msg = "must not all be 0"
        raise ValueError(msg)
    return value


# A recipe's own ranges: models hold the range and draw from it themselves.
PositiveLogRange = Annotated[LogRange, AfterValidator(_positive)]
PositiveCountRange = Annotated[CountRange, AfterValidator(_some)]

# What a generator draws from as often as it needs, and plain numbers.
PositiveBounds = Annotated[Bounds, AfterValidator(_positive)]
NonNegativeBounds = Annotated[Bounds, AfterValidator(_non_negative)]
UnitBounds = Annotated[Bounds, AfterValidator(_unit)]
SizeBounds = Annotated[LogBounds, AfterValidator(_positive)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
Share = Probability

# A generator's ranges: fields that hold a range until `Generator.draw_ranges` puts a number there.
SignedRange = Annotated[float, Drawn(Range)]
PositiveRange = Annotated[float, Drawn(Range, _positive)]
NonNegativeRange = Annotated[float, Drawn(Range, _non_negative)]
UnitRange = Annotated[float, Drawn(Range, _unit)]
SizeRange = Annotated[float, Drawn(LogRange, _positive)]
ShareRange = Annotated[float, Drawn(LogRange, _positive, _unit)]
Count = Annotated[int, Drawn(CountRange, _non_negative)]
PositiveCount = Annotated[int, Drawn(CountRange, _some)]
ModeWeights = Annotated[tuple[NonNegative, NonNegative, NonNegative], AfterValidator(_some_weight)]


# The units that parameters are in; "of ..." is a share of that quantity.
UNITS = (
    *("count", "share", "probability", "relative", "ratio", "exponent", "choice", "weights"),
    *("mm", "um", "nm", "px", "px^2", "per mm", "per mm^2", "degrees", "Celsius"),
    *("of part size", "of part area", "of part length", "of picture side", "of picture area"),
    *("of length", "of width", "of radius", "of size", "of plate size", "of depth"),
    *("of time", "of temperature"),
    *("log light", "optical depth", "rms slope", "delta E"),
)


def parameter(default: object, unit: str, doc: str, *, was: str = "") -> Any:  # noqa: ANN401 - a pydantic default
    """Declare a component parameter with its unit and one line of documentation.

    Ranges are given as ``(low, high)`` or a number and validated like recipe values. Recipes may
    go on using the old name `was`; they are told the new one.
    """
    extra: dict[str, Any] = {"unit": unit} | ({"was": was} if was else {})
    return Field(default=default, validate_default=True, description=doc, json_schema_extra=extra)


def with_new_names(model: type[BaseModel], written: Mapping[str, object]) -> dict[str, object]:
    """Return what was written with the parameters' old names replaced by today's.

    Each old name is told by a `RenamedWarning`; one beside its new name is an error.
    """
    renamed = dict(written)
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        old = extra.get("was") if isinstance(extra, dict) else None
        if isinstance(old, str) and old in renamed:
            if name in renamed:
                raise ValueError(f"{old} is the old name of {name}: give one of them")
            renamed[name] = renamed.pop(old)
            whose = f"{written['kind']}: " if "kind" in written else ""
            warnings.warn(f"{whose}{old} is called {name} now", RenamedWarning, stacklevel=2)
    return renamed


@cache
def drawn_fields(model: type[Component]) -> tuple[str, ...]:
    """Return the names of the parameters that are drawn, in field order.

    A plugin may annotate a plain `Range`, too: type checkers then take what is drawn for a range.
    """
    return tuple(name for name, field in model.model_fields.items() if _is_drawn(field))


def _is_drawn(field: FieldInfo) -> bool:
    kind = field.annotation
    plain = isinstance(kind, type) and issubclass(kind, Range) and not issubclass(kind, Bounds)
    return plain or any(isinstance(item, Drawn) for item in field.metadata)
