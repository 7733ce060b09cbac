"""UniAD's model of the normal: what the surroundings say a place should look like."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from anomsynth.bisqad.detector import FeatureShapes, Reference, Window
from anomsynth.core.component import NonNegative, parameter
from anomsynth.errors import UserError

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.network import DetectorNetwork
    from anomsynth.bisqad.model.reconstruction import ReconstructionOptions
    from anomsynth.bisqad.model.reference import ReferenceNetwork


class Reconstruction(Reference):
    """UniAD: how far each place is from what a transformer restores from places away from it.

    Learns from good photos alone, unless it has a gate. One model may serve several categories
    (train --unified).
    """

    kind: Literal["reconstruction"] = "reconstruction"
    usual_epochs: ClassVar[int] = 60
    has_own_loss: ClassVar[bool] = True
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
    masks: tuple[Annotated[int, Field(ge=1)], ...] = parameter(
        (), "places", "sides of blocks, half of which are hidden in turn (after MMAE's abstract)"
    )
    gate: bool = parameter(
        False, "", "Attenuates features of defects, taught by our masks (after FADeR's abstract)."
    )

    @property
    def learns_defects(self) -> bool:
        """Whether it learns from defects: where it has a gate."""
        return self.gate

    @property
    def takes_steps(self) -> bool:
        """Whether it is trained by gradients: always."""
        return True

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "DetectorNetwork":
        """Return a `ReconstructionNetwork`; see the base class."""
        from anomsynth.bisqad.model.reconstruction import (  # noqa: PLC0415 - imports torch
            ReconstructionNetwork,
        )

        return ReconstructionNetwork(shapes, self._options(), generator)

    def build_part(self, shapes: FeatureShapes, generator: "torch.Generator") -> "ReferenceNetwork":
        """Return a `ReconstructionPart`; see the base class.

        Raises
        ------
        UserError
            If it has a gate: a part learns no defects.
        """
        from anomsynth.bisqad.model.reconstruction_part import (  # noqa: PLC0415 - imports torch
            ReconstructionPart,
        )

        if self.gate:
            raise UserError("reconstruction: as a part it learns no defects, which a gate needs")
        return ReconstructionPart(shapes, self._options(), generator)

    def _options(self) -> "ReconstructionOptions":
        from anomsynth.bisqad.model.reconstruction import (  # noqa: PLC0415 - imports torch
            ReconstructionOptions,
        )

        return ReconstructionOptions(
            self.width, self.layers, self.window, self.jitter, self.masks, self.gate
        )
