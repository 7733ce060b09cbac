"""The role of a noise: what is done to features of good photos so that they look defective."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator

from anomsynth.core.component import Component, LogRange, PositiveLogRange, Share, parameter
from anomsynth.core.registry import Registry

if TYPE_CHECKING:  # the role is named, listed and recorded without torch
    import torch


def _at_most_all(area: LogRange) -> LogRange:
    if area.high > 1:
        raise ValueError(f"must be at most 1, got {area.high:g}")
    return area


class FeatureNoise(Component, ABC):
    """Disturbs features within a region of some good photos, which counts as a defect then.

    Regions are ellipses in any direction, log-uniform in area, as defects are; a share of 1 is
    the whole photo.

    Attributes
    ----------
    asks_centres : bool
        Whether it is told what good photos look like at each place.
    """

    asks_centres: ClassVar[bool] = False

    share: Share = parameter(0.1, "share", "of the good photos in a batch that are disturbed")
    area: Annotated[PositiveLogRange, AfterValidator(_at_most_all)] = parameter(
        (0.02, 1.0), "share", "of the photo that the disturbed region covers"
    )

    @abstractmethod
    def disturb(
        self,
        features: "torch.Tensor",
        centres: "torch.Tensor | None",
        generator: "torch.Generator",
    ) -> "torch.Tensor":
        """Return the features (C, h, w) of one level of a photo, disturbed everywhere.

        Parameters
        ----------
        features : (C, h, w) float32
            In units of their spread over good photos.
        centres : (K, C) float32, or None
            Mean features at each place of good photos, where it asks for them.
        generator : torch.Generator
            Draws the noise; torch's global one must not be used.
        """


noises: Registry[FeatureNoise] = Registry("noises", FeatureNoise)  # type: ignore[type-abstract]  # the registry never instantiates the base
