"""The Synthesis Quality Estimator: calibrated terms, with a reason for every low score."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import parameter
from anomsynth.core.sample import Quality
from anomsynth.core.types import Mask
from anomsynth.sqe.estimator import Estimator
from anomsynth.sqe.region import Sensed
from anomsynth.sqe.scorer import Scorer


class Sqe(Scorer):
    """Calibrated, hand-made terms of fidelity and utility, joined to one number with reasons."""

    kind: Literal["sqe"] = "sqe"
    calibration: Path | None = parameter(
        None, "", "A calibration file; the shipped one by default."
    )

    def prepare(self) -> None:
        """Read the calibration; see the base class."""
        _ = self._estimator

    def score(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Return what `anomsynth.sqe.estimator.Estimator` says; see the base class."""
        return self._estimator.score(image, mask, original=original, residuals=residuals)

    def score_scanned(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        sensed: Sensed,
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Return what the estimator says, who knows what a sensor sees; see the base class."""
        return self._estimator.score_scanned(
            image, mask, sensed, original=original, residuals=residuals
        )

    @cached_property
    def _estimator(self) -> Estimator:
        if self.calibration is None:
            return Estimator.default()
        return Estimator.from_file(self.calibration)
