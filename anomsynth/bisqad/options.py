"""What to train, and how; checked without torch, so before it is imported."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

from anomsynth.bisqad.detector import Detector, detectors
from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.errors import UserError

WeightsMode = Literal["bilevel", "sqe", "uniform"]
Hypergrad = Literal["implicit", "unrolled"]

DETECTOR = "bisqad"  # kind that is trained unless another is asked for
LITE0 = "tf_efficientnet_lite0"  # backbone whose weights come with a package
SIZE_STEP = 32  # photos are resized to a multiple of this many pixels

FALSE_ALARM_RATE = 0.01  # that `predict` asks for by default
_DEVICE = re.compile(r"auto|cpu(:0)?|cuda(:\d+)?|mps(:0)?")


def check_place(device: object, threads: object) -> None:
    """Check what can be known without torch; whether there is such a GPU it says later."""
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise UserError(
            f"`device`: no such device {device!r}", hint="cpu, cuda, cuda:1, mps or auto"
        )
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise UserError(f"`threads`: expected a whole number of at least 1, got {threads!r}")


def check_rate(rate: float) -> None:
    """Raise UserError unless a rate of false alarms lies between 0 and 1."""
    if not 0 < rate < 1:
        raise UserError(f"`false_alarm_rate`: must be between 0 and 1, got {rate:g}")


def check_choice(option: str, given: object, choices: tuple[str, ...]) -> None:
    """Raise UserError unless a value is one of a few."""
    if given not in choices:
        raise UserError(f"`{option}`: expected {', '.join(choices)}, got {given!r}")


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Everything that decides how a training goes.

    Attributes
    ----------
    category : str or None
    unified : bool
        One model for all categories.
    val : Path or None
        The few real, masked defects there may be: trusted.
    learn : Path or None
        A few other real, masked defects to learn from besides.
    weights : {"bilevel", "sqe", "uniform"} or None
        None for what is usual, see `weighting`.
    hypergrad : {"implicit", "unrolled"} or None
        None for "implicit".
    backbone : str
    detector : Detector
        Builds the network that is trained.
    noise : FeatureNoise or None
        Disturbs features of some good photos, which count as defects then.
    size : int, pixels
        A multiple of 32.
    tile : int or None or "auto"
        Photos are cut into tiles of this side, in pixels, which are resized to `size`; None takes
        them as a whole. "auto" cuts photos that are far larger than `size` so that the smallest
        defect of the training can be seen.
    epochs : int or None
        How often the detector sees each defect, or each good photo if it learns no defects; the
        search for weights comes on top. None for what is usual, see `all_epochs`.
    minutes : float or None
        Time for the training instead of epochs; what a shared machine manages in it varies, so
        such a run does not repeat bit for bit.
    seed : int
    online : bool
        A quarter of the defects is made anew each epoch.
    source_layout : str or None
        How the dataset is laid out; recognised by default.
    spoil : float in [0, 1]
        Share of the defects that is spoiled on purpose, for experiments.

    Raises
    ------
    UserError
        If a number is out of range, options exclude each other, or the detector has no use for one.
    """

    category: str | None = None
    unified: bool = False
    val: Path | None = None
    learn: Path | None = None
    weights: WeightsMode | None = None
    hypergrad: Hypergrad | None = None
    backbone: str = LITE0
    detector: Detector = field(default_factory=lambda: detectors.build({"kind": DETECTOR}))
    noise: FeatureNoise | None = None
    size: int = 256
    tile: int | Literal["auto"] | None = "auto"
    epochs: int | None = None
    minutes: float | None = None
    seed: int = 0
    online: bool = False
    spoil: float = 0.0
    source_layout: str | None = None

    def __post_init__(self) -> None:
        for option, choices in (("weights", WeightsMode), ("hypergrad", Hypergrad)):
            if getattr(self, option) is not None:
                check_choice(option, getattr(self, option), get_args(choices))
        for option in ("size", "epochs", "seed"):
            given = getattr(self, option)
            if not isinstance(given, int) and (option, given) != ("epochs", None):
                raise UserError(f"`{option}`: expected a whole number, got {given!r}")
        if self.size < 2 * SIZE_STEP or self.size % SIZE_STEP:
            hint = f"use {2 * SIZE_STEP} or more, e.g. 256"
            msg = f"`size`: expected a multiple of {SIZE_STEP}, got {self.size}"
            raise UserError(msg, hint=hint)
        self._check_tile()
        for option, value, least in (
            ("epochs", self.epochs, 1),
            ("minutes", self.minutes, 0.001),
            ("seed", self.seed, 0),
        ):
            if value is not None and value < least:
                raise UserError(f"`{option}`: must be at least {least}, got {value}")
        if not 0 <= self.spoil <= 1:
            raise UserError(f"`spoil`: expected a share between 0 and 1, got {self.spoil}")
        self._check_idle()
        self._check_pairs()

    @property
    def weighting(self) -> WeightsMode:
        """How defects are weighted: as was asked for, or as is usual for the detector."""
        return self.weights or ("sqe" if self.detector.has_own_loss else "bilevel")

    @property
    def all_epochs(self) -> int:
        """Epochs that were asked for, or that are usual for the detector."""
        return self.detector.usual_epochs if self.epochs is None else self.epochs

    def _check_pairs(self) -> None:
        """Raise UserError if two options exclude each other."""
        for other in ("spoil", "learn"):
            if self.online and getattr(self, other):
                msg = f"`online` and `{other}` exclude each other"
                raise UserError(msg, hint="give one of them")
        if self.learn and self.val and self.learn.resolve() == self.val.resolve():
            hint = "trusted defects must not be learned from: give each some of them"
            raise UserError(f"`learn` and `val` are both {self.val}", hint=hint)

    def _check_idle(self) -> None:
        """Raise UserError if an option asks for something that the detector does not do."""
        kind = f"a detector of kind {self.detector.kind}"
        hint = "leave it out, or choose another `detector`"
        idle: dict[str, str] = {}
        if not self.detector.takes_steps:
            idle |= dict.fromkeys(("epochs", "minutes"), "learns in one go, it takes no steps")
        if not self.detector.learns_defects:
            about_defects = ("val", "learn", "weights", "hypergrad", "online", "spoil")
            idle |= dict.fromkeys(about_defects, "learns no defects")
        if self.detector.has_own_loss or not self.detector.learns_defects:
            idle |= {"noise": "has no use for other noise than its own"}
        if self.detector.asks_sources:
            idle |= {"learn": "asks for the photo before each defect, which real ones lack"}
        for option, reason in idle.items():
            if getattr(self, option):
                raise UserError(f"`{option}`: {kind} {reason}", hint=hint)
        if self.detector.has_own_loss and self.weights == "bilevel":
            msg = f"`weights`: {kind} is rated by more than its map, its weights cannot be learned"
            raise UserError(msg, hint="give 'sqe' or 'uniform'")
        if self.hypergrad is not None and self.weights in {"sqe", "uniform"}:
            msg = f"`hypergrad`: there is none where weights are {self.weights}"
            raise UserError(msg, hint="leave it out, or learn the `weights`: 'bilevel'")

    def _check_tile(self) -> None:
        tile, step = self.tile, self.size // 4
        if tile is None or tile == "auto":
            return
        if not isinstance(tile, int) or tile < self.size or tile % step:
            hint = "the map of a tile has a place for so many pixels"
            msg = f"`tile`: expected a multiple of {step} from {self.size} on, got {tile!r}"
            raise UserError(msg, hint=hint)

    def record(self) -> dict[str, object]:
        """Return the options as JSON values."""
        origin = detectors.origin(self.detector.kind)
        plugin = None if origin is None else f"{origin.name} {origin.version}"
        return {
            **asdict(self),
            "val": None if self.val is None else str(self.val),
            "learn": None if self.learn is None else str(self.learn),
            "detector": self.detector.model_dump(mode="json"),
            "noise": None if self.noise is None else self.noise.model_dump(mode="json"),
            "weights": self.weighting,
            "hypergrad": self.hypergrad or "implicit",
            "epochs": self.all_epochs,
            "plugin": plugin,
        }

    def check_same(self, earlier: Mapping[str, object], folder: Path) -> None:
        """Raise UserError unless a run that is to go on had these options."""
        begun = {**TrainOptions().record(), **earlier}  # a younger option was not given
        for name, value in self.record().items():
            if begun[name] != value:
                msg = f"`resume`: {folder} was begun with {name} {begun[name]}, not {value}"
                hint = "give the options it was begun with, or begin again with `overwrite=True`"
                raise UserError(msg, hint=hint)


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """A training: what to learn from, where to write, and how.

    Attributes
    ----------
    dataset, out : Path
    options : TrainOptions
    device : str
        cpu, cuda, cuda:1, mps, or auto.
    threads : int or None
        CPU threads of the network; torch's own choice by default.
    cache : Path or None
        Folder that stores features for other trainings on the same images.
    resume, overwrite : bool
        What to do if `out` holds a run.

    Raises
    ------
    UserError
        If there is no such kind of device, or the number of threads is not positive.
    """

    dataset: Path
    out: Path
    options: TrainOptions = field(default_factory=TrainOptions)
    device: str = "cpu"
    threads: int | None = None
    cache: Path | None = None
    resume: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_place(self.device, self.threads)
