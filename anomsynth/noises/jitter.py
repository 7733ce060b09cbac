"""UniAD's noise: the same in all directions, in proportion to the length of features."""

from typing import TYPE_CHECKING, Literal

from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.core.component import NonNegative, parameter

if TYPE_CHECKING:
    import torch


class Jitter(FeatureNoise):
    """UniAD: adds noise in all directions, whose rms goes with the length of a place's features."""

    kind: Literal["jitter"] = "jitter"
    scale: NonNegative = parameter(20.0, "", "rms of the noise times features over their length")

    def disturb(
        self,
        features: "torch.Tensor",
        centres: "torch.Tensor | None",
        generator: "torch.Generator",
    ) -> "torch.Tensor":
        """Return f + n scale |f| / C with n of a standard normal distribution; see the base."""
        from anomsynth.bisqad.model.noise_laws import jittered_map  # noqa: PLC0415 - imports torch

        del centres
        return jittered_map(features, self.scale, generator)
