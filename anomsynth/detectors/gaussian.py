"""PaDiM's model of the normal: a Gaussian of features at each place."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from anomsynth.bisqad.detector import FeatureShapes, Reference
from anomsynth.core.component import NonNegative, parameter

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.reference import ReferenceNetwork


class Gaussian(Reference):
    """PaDiM: how far the features of a place are from those of good photos at the same place.

    Learns from good photos alone. For parts that lie alike on every photo.
    """

    kind: Literal["gaussian"] = "gaussian"
    dimensions: Annotated[int, Field(ge=1)] = parameter(
        100, "count", "features that are looked at, of all"
    )
    prior: NonNegative = parameter(
        50.0, "photos", "that the mean covariance of all places counts for at each"
    )

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "ReferenceNetwork":
        """Return a `GaussianReference`; see the base class."""
        from anomsynth.bisqad.model.gaussian import (  # noqa: PLC0415 - imports torch
            GaussianReference,
        )

        return GaussianReference(shapes, self.dimensions, self.prior, generator)
