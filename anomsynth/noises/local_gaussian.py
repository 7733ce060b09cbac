"""Noise that varies as the features around a place do, after the abstract of HetNet."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.core.component import NonNegative, parameter

if TYPE_CHECKING:
    import torch


class LocalGaussian(FeatureNoise):
    """Adds noise with the covariance of the features around a place (after HetNet's abstract)."""

    kind: Literal["local_gaussian"] = "local_gaussian"
    reach: Annotated[int, Field(ge=1)] = parameter(
        2, "places", "from a place to the edge of its neighbourhood"
    )
    strength: NonNegative = parameter(1.0, "", "of the noise, over the spread around")

    def disturb(
        self,
        features: "torch.Tensor",
        centres: "torch.Tensor | None",
        generator: "torch.Generator",
    ) -> "torch.Tensor":
        """Return features with noise of the sample covariance around; see `locally_gaussian`."""
        from anomsynth.bisqad.model.noise_laws import (  # noqa: PLC0415 - imports torch
            locally_gaussian,
        )

        del centres
        return locally_gaussian(features, self.reach, self.strength, generator)
