"""PatchCore's model of the normal: places of good photos, compared wherever they lie."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from anomsynth.bisqad.detector import FeatureShapes, Reference
from anomsynth.core.component import parameter

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.reference import ReferenceNetwork


class Nearest(Reference):
    """PatchCore: how far the features of a place are from the most similar place of good photos.

    Learns from good photos alone. Parts may lie in any rotation.
    """

    kind: Literal["nearest"] = "nearest"
    patches: Annotated[int, Field(ge=1)] = parameter(
        1000, "count", "places of good photos that are kept"
    )

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "ReferenceNetwork":
        """Return a `NearestReference`; see the base class."""
        from anomsynth.bisqad.model.nearest import (  # noqa: PLC0415 - imports torch
            NearestReference,
        )

        return NearestReference(shapes, self.patches, generator)
