"""What a line of a manifest has to say, so that nothing stumbles over one that was damaged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from anomsynth.errors import OutputError

AGAIN = "restore the file, or make the dataset again with `overwrite=True`"
Count = Annotated[int, Field(ge=0)]
Length = Annotated[float, Field(gt=0)]
Number = float | None  # what is not finite is written as null


class _Part(BaseModel):
    """A part of a line: what it must hold, and what must be right where it is there."""

    model_config = ConfigDict(strict=True)


class _Origin(_Part):
    file: str
    sha256: str = ""
    file_sha256: str = ""
    image: str = ""


class _Source(_Origin):
    scan: _Origin | None = None
    views: dict[str, _Origin] | None = None


class _Files(_Part):
    image: str
    extras: list[str] = []
    scan: str = ""
    labels: str = ""


class _SampleFiles(_Files):
    mask: str


class _Instance(_Part):
    kind: str
    visibility: Number = None
    area_px: Count = 0


class _Points(_Part):
    left_out: Count = 0


class _Record(_Part):
    kinds: list[str] = []
    instances: list[_Instance] = []
    points: _Points = _Points()


class _Swept(_Part):
    kind: str
    measure: str
    level_mm: float
    size_mm: float
    d_prime: float
    ordered_d_prime: Number = None


class _Line(_Part):
    category: str
    image: str
    source: _Source | None = None
    sha256: dict[str, str] = {}


class _Normal(_Line):
    what: Literal["normal"]
    files: _Files
    part_share: float = 0.0
    roi: Literal["outline", "within"] | None = None


class _Sample(_Line):
    what: Literal["sample"]
    files: _SampleFiles
    number: Count = 0
    index: Count = 0
    mm_per_px: Length = 1.0
    record: _Record = _Record()
    scores: Mapping[str, Number] = {}
    sweep: _Swept | None = None


class _Failed(_Line):
    what: Literal["failed sample"]
    index: Count = 0
    cause: str
    message: str


class _Unusable(_Line):
    what: Literal["unusable photo"]
    first: Count = 0
    samples: Count = 0
    cause: str
    message: str


class _MadeRecord(_Record):
    kinds: list[str]


class _MadeSample(_Sample):
    source: _Source
    sha256: dict[str, str]
    number: Count
    index: Count
    mm_per_px: Length
    record: _MadeRecord
    scores: Mapping[str, float]


class _MadeFailed(_Failed):
    index: Count


class _MadeUnusable(_Unusable):
    first: Count
    samples: Count


_Told = Annotated[_Normal | _Sample | _Failed | _Unusable, Field(discriminator="what")]
_Made = Annotated[_Normal | _MadeSample | _MadeFailed | _MadeUnusable, Field(discriminator="what")]
_told: TypeAdapter[Any] = TypeAdapter(_Told)
_made: TypeAdapter[Any] = TypeAdapter(_Made)


def check_line(line: object, path: Path, number: int, *, made: bool = False) -> None:
    """Raise OutputError unless a line of a manifest says what lines do.

    Parameters
    ----------
    line : as it was read
    path : Path
        Of the manifest, for the message.
    number : int
        Of the line in it, from 1.
    made : bool
        Whether it has to say all that goes on with a run or makes a sample again.
    """
    why = damage_of(line, made=made)
    if why:
        raise OutputError(f"{path}: line {number} is damaged: {why}", hint=AGAIN)


def damage_of(line: object, *, made: bool = False) -> str:
    """Return what is wrong with a line of a manifest, empty if nothing; see `check_line`."""
    try:
        (_made if made else _told).validate_python(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place, reason = ".".join(map(str, first["loc"][1:])), first["msg"]
        if first["type"].startswith("union_tag"):
            place, reason = "what", "must be normal, sample, failed sample or unusable photo"
        return f"{place or 'line'}: {reason[0].lower()}{reason[1:]}"
    return ""
