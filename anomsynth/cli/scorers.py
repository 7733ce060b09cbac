"""Who scores: the shipped estimator, one calibrated by the user, or one that a training learned."""

from pathlib import Path
from typing import TYPE_CHECKING

from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.sqe.estimator import Scorer


def load_scorer(calibration: Path | None = None, run: Path | None = None) -> "Scorer":
    """Return the estimator with a calibration file, or what a training run learned.

    Raises
    ------
    UserError
        If both are given, or one of them cannot be used.
    """
    if run is not None and calibration is not None:
        hint = "a learned score has no calibration"
        raise UserError("--sqe and --calibration exclude each other", hint=hint)
    if run is not None:
        from anomsynth.cli.train_extra import need_train_extra

        need_train_extra()
        from anomsynth.bisqad.evaluation.learned_sqe import LearnedSqe

        return LearnedSqe.load(run)
    from anomsynth.sqe.estimator import Estimator

    return Estimator.default() if calibration is None else Estimator.from_file(calibration)
