"""The decoder alone: it learns from defects, and joins features of several scales."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from anomsynth.bisqad.detector import Detector, FeatureShapes
from anomsynth.core.component import parameter

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.network import DetectorNetwork


class Pyramid(Detector):
    """Top-down pyramid decoder: from coarse to fine, 1 x 1 projections and 3 x 3 convolutions."""

    kind: Literal["pyramid"] = "pyramid"
    width: Annotated[int, Field(ge=8, multiple_of=8)] = parameter(
        32, "count", "channels inside, a multiple of 8"
    )

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "DetectorNetwork":
        """Return a `Decoder`; see the base class."""
        from anomsynth.bisqad.model.decoder import Decoder  # noqa: PLC0415 - imports torch

        return Decoder(shapes, self.width, generator=generator)
