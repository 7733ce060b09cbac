"""The role of a scorer: a component that rates labelled images."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import Component
from anomsynth.core.registry import Registry
from anomsynth.core.sample import Quality
from anomsynth.core.types import Mask
from anomsynth.sqe.estimator import Estimator
from anomsynth.sqe.region import Sensed


class Scorer(Component, ABC):
    """Rates labelled images; its fields say what it needs for that.

    Attributes
    ----------
    spreads : bool
        True if one process of it uses all cores by itself: datasets are then scored in one.
    """

    spreads: ClassVar[bool] = False

    @abstractmethod
    def prepare(self) -> None:
        """Load what scoring needs; called before the first image, so that errors come early.

        Raises
        ------
        UserError
            If a file it needs is not there or does not fit, or a package is not installed.
        """

    @abstractmethod
    def score(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Return the quality of one labelled image.

        Parameters
        ----------
        image : (H, W) or (H, W, C) uint8 or uint16, C in {1, 2, 3, 4}
        mask : (H, W) bool
        original : array of the shape and type of `image`, optional
            The good photo.
        residuals : by name, optional
            Physics residuals that the dataset's manifest recorded.

        Raises
        ------
        InputError
            If an array is of an unsupported type or shape, or they differ in size.
        """

    def score_scanned(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        sensed: Sensed,  # noqa: ARG002 - for scorers that override it
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Return the quality of a labelled picture of a scan; by default by the picture alone.

        Parameters
        ----------
        image, mask, original, residuals
            See `score`.
        sensed : Sensed
            How far the defects rise over the noise of the scan's sensor.
        """
        return self.score(image, mask, original=original, residuals=residuals)


AnyScorer = Scorer | Estimator

scorers: Registry[Scorer] = Registry("scorers", Scorer)  # type: ignore[type-abstract]  # the registry never instantiates the base
