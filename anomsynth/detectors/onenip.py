"""OneNIP: a photo restored with a good one at hand, and a refiner that masks teach."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from anomsynth.bisqad.detector import Detector, FeatureShapes, Window
from anomsynth.core.component import NonNegative, parameter

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.network import DetectorNetwork


class Onenip(Detector):
    """OneNIP: restores defects to the very photo they were made from, and refines what is left.

    Needs a dataset that says which photo each sample was made from, as generate does. One model
    may serve several categories (train --unified).
    """

    kind: Literal["onenip"] = "onenip"
    asks_sources: ClassVar[bool] = True
    has_own_loss: ClassVar[bool] = True
    usual_epochs: ClassVar[int] = 20
    width: Annotated[int, Field(ge=8, multiple_of=8)] = parameter(
        128, "count", "channels inside, a multiple of 8"
    )
    layers: Annotated[int, Field(ge=1)] = parameter(
        2, "count", "of the encoder, and as many of the decoder"
    )
    window: Window = parameter(
        7, "places", "around each, of 16 pixels, that it is not restored from; odd, or 0 for none"
    )
    jitter: NonNegative = parameter(
        20.0, "", "of the noise that it learns to take out: rms times features over their length"
    )
    prompts: Annotated[int, Field(ge=1)] = parameter(
        8, "count", "good photos of which the most similar one is at hand"
    )

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "DetectorNetwork":
        """Return a `PromptedNetwork`; see the base class."""
        from anomsynth.bisqad.model.prompted import (  # noqa: PLC0415 - imports torch
            PromptedNetwork,
            PromptedSizes,
        )

        sizes = PromptedSizes(self.width, self.layers, self.window, self.jitter, self.prompts)
        return PromptedNetwork(shapes, sizes, generator)
