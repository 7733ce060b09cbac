"""PRADOT's model of the normal: prototypes that know where they belong, and others that do not."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from anomsynth.bisqad.detector import FeatureShapes, Reference
from anomsynth.core.component import Share, parameter

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.reference import ReferenceNetwork


class Prototypes(Reference):
    """PRADOT: how far a place is from prototypes of good photos, learned by optimal transport.

    Learns from good photos alone. Local prototypes weigh where a place lies against what it looks
    like, global ones do not ask where: for parts that lie nearly alike, and what may be missing.
    """

    kind: Literal["prototypes"] = "prototypes"
    local: Annotated[int, Field(ge=1)] = parameter(
        4, "count", "prototypes at each of 16 x 16 places"
    )
    shared: Annotated[int, Field(ge=1)] = parameter(
        1000, "count", "prototypes that belong to no place"
    )
    alpha: Share = parameter(0.3, "share", "of the cost of local ones that is for the place")

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "ReferenceNetwork":
        """Return a `PrototypesReference`; see the base class."""
        from anomsynth.bisqad.model.prototypes import (  # noqa: PLC0415 - imports torch
            PrototypesReference,
        )

        counts = (self.local, self.shared)
        return PrototypesReference(shapes, counts, self.alpha, generator)
