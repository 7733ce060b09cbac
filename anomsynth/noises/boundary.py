"""PBAS's noise: outwards from what is normal, just beyond its boundary."""

from typing import TYPE_CHECKING, ClassVar, Literal

from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.core.component import NonNegative, parameter

if TYPE_CHECKING:
    import torch


class Boundary(FeatureNoise):
    """PBAS: pushes features away from the most similar mean of good photos, by a set length."""

    kind: Literal["boundary"] = "boundary"
    asks_centres: ClassVar[bool] = True
    reach: NonNegative = parameter(
        0.25, "", "of the push, over the mean distance of the photo's features from their means"
    )

    def disturb(
        self,
        features: "torch.Tensor",
        centres: "torch.Tensor | None",
        generator: "torch.Generator",
    ) -> "torch.Tensor":
        """Return f + reach r (f - c) / |f - c|, see `pushed_outwards`."""
        from anomsynth.bisqad.model.noise_laws import (  # noqa: PLC0415 - imports torch
            pushed_outwards,
        )

        del generator
        if centres is None:
            raise ValueError("boundary: needs to be told what is normal")
        return pushed_outwards(features, centres, self.reach)
