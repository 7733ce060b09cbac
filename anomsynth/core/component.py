"""Base model of everything a recipe can name, and the ranges it draws from."""

import math
from typing import Annotated, Any, ClassVar, Self, TypeVar

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_serializer,
    model_validator,
)

R = TypeVar("R", bound="Range")


class Component(BaseModel):
    """Immutable, validated parameters with a `kind`; unknown fields are errors.

    Attributes
    ----------
    kind : str
        Name a recipe uses; equals the file name of a built-in.
    law : str
        The governing relation, in one line; empty where a component has none.
    source : str
        Where the law comes from (author, year).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

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

    def at(self, share: float) -> float:
        """Return the quantile `share` in [0, 1] of the range, a whole number."""
        return min(self.low + math.floor(share * (self.high - self.low + 1)), self.high)


def _positive(value: R) -> R:
    if value.low <= 0:
        msg = f"must be above 0, got {value.low:g}"
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


PositiveRange = Annotated[Range, AfterValidator(_positive)]
NonNegativeRange = Annotated[Range, AfterValidator(_non_negative)]
UnitRange = Annotated[Range, AfterValidator(_unit)]
SizeRange = Annotated[LogRange, AfterValidator(_positive)]
ShareRange = Annotated[LogRange, AfterValidator(_positive), AfterValidator(_unit)]
Count = Annotated[CountRange, AfterValidator(_non_negative)]
PositiveCount = Annotated[Count, AfterValidator(_some)]
Weight = Annotated[float, Field(ge=0)]
ModeWeights = Annotated[tuple[Weight, Weight, Weight], AfterValidator(_some_weight)]


def parameter(default: object, unit: str, doc: str) -> Any:  # noqa: ANN401 - a pydantic default
    """Declare a component parameter with its unit and one line of documentation.

    Ranges are given as ``(low, high)`` or a number and validated like recipe values.
    """
    return Field(
        default=default, validate_default=True, description=doc, json_schema_extra={"unit": unit}
    )
