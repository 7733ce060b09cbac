"""What can be chosen about a training."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from anomsynth.bisqad.bilevel.reweighting import Hypergrad
from anomsynth.bisqad.model.backbone import LITE0
from anomsynth.bisqad.training.runs import SIZE_STEP
from anomsynth.errors import UserError

WeightsMode = Literal["bilevel", "sqe", "uniform"]

EPOCHS = 10


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
    weights : {"bilevel", "sqe", "uniform"}
    hypergrad : {"implicit", "unrolled"}
    backbone : str
    size : int, pixels
        A multiple of 32.
    epochs : int
        How often the detector sees each defect; scouting for weights comes on top.
    minutes : float or None
        Time for the training instead of epochs; what a shared machine manages in it varies, so
        such a run does not repeat bit for bit.
    seed : int
    online : bool
        A quarter of the defects is made anew each epoch.
    spoil : float in [0, 1]
        Share of the defects that is spoiled on purpose, for experiments.

    Raises
    ------
    UserError
        If a number is out of range, or options exclude each other.
    """

    category: str | None = None
    unified: bool = False
    val: Path | None = None
    weights: WeightsMode = "bilevel"
    hypergrad: Hypergrad = "implicit"
    backbone: str = LITE0
    size: int = 256
    epochs: int = EPOCHS
    minutes: float | None = None
    seed: int = 0
    online: bool = False
    spoil: float = 0.0

    def __post_init__(self) -> None:
        if self.size < 2 * SIZE_STEP or self.size % SIZE_STEP:
            hint = f"use {2 * SIZE_STEP} or more, e.g. 256"
            msg = f"`size`: expected a multiple of {SIZE_STEP}, got {self.size}"
            raise UserError(msg, hint=hint)
        for option, value, least in (
            ("epochs", self.epochs, 1),
            ("minutes", self.minutes, 0.001),
            ("seed", self.seed, 0),
        ):
            if value is not None and value < least:
                raise UserError(f"`{option}`: must be at least {least}, got {value}")
        if not 0 <= self.spoil <= 1:
            raise UserError(f"`spoil`: expected a share between 0 and 1, got {self.spoil}")
        if self.online and self.spoil:
            raise UserError("`online` and `spoil` exclude each other", hint="give one of them")

    def record(self) -> dict[str, object]:
        """Return the options as JSON values."""
        return {**asdict(self), "val": None if self.val is None else str(self.val)}

    def check_same(self, earlier: Mapping[str, object], folder: Path) -> None:
        """Raise UserError unless a run that is to go on had these options."""
        for name, value in self.record().items():
            if name in earlier and earlier[name] != value:
                msg = f"`resume`: {folder} was begun with {name} {earlier[name]}, not {value}"
                hint = "give the options it was begun with, or begin again with `overwrite=True`"
                raise UserError(msg, hint=hint)
