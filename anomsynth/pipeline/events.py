"""What a run says while it goes on; the command line turns these into progress."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from anomsynth.core.types import SampleKey
from anomsynth.pipeline.parts import PartReport


@dataclass(frozen=True, slots=True)
class PresetChosen:
    """The preset "auto" chose one for a category, or for a single photo where that is empty."""

    category: str
    preset: str
    why: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something about the source that may not be as it was meant; `hint` says what to do then."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Estimating:
    """A few samples are made to see what a run would take; `share` of that is done."""

    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Started:
    """A run begins; `done` samples were already there (a resumed run)."""

    total: int
    done: int


@dataclass(frozen=True, slots=True)
class SampleDone:
    """One sample was written."""

    key: SampleKey
    sample_id: str
    kinds: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class SampleFailed:
    """One sample could not be made; `cause` is the error's class name."""

    key: SampleKey
    cause: str
    message: str


@dataclass(frozen=True, slots=True)
class ImageFailed:
    """One photo could not be used; it costs `samples` samples, and `hint` says what to do."""

    category: str
    image: str
    cause: str
    message: str
    samples: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run ended; counts over the whole dataset, resumed samples included.

    `left_out` counts points that the sensor lost and files of plain clouds left out, by category;
    `masks` of each category those given by `roi` that follow the part's "outline" or lie "within";
    `reasons` holds the most frequent message of each cause of failure, with its hint; `parts` how
    well the photos of each category agree on where the part is.
    """

    written: int
    failed: int
    by_kind: Mapping[str, int] = field(default_factory=dict)
    by_cause: Mapping[str, int] = field(default_factory=dict)
    failed_images: tuple[str, ...] = ()
    seconds: float = 0.0
    reasons: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, PartReport] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    masks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


Event = (
    PresetChosen
    | Noticed
    | Estimating
    | Started
    | SampleDone
    | SampleFailed
    | ImageFailed
    | Finished
)
Listener = Callable[[Event], None]
