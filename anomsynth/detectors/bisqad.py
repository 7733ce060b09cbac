"""The default detector: it learns from defects, and knows what is normal."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from anomsynth.bisqad.detector import Detector, FeatureShapes, Reference, detectors
from anomsynth.core.component import parameter
from anomsynth.errors import UnknownComponentError

if TYPE_CHECKING:
    import torch

    from anomsynth.bisqad.model.network import DetectorNetwork


class Bisqad(Detector):
    """Pyramid decoder that learns defects, combined with models of what is normal.

    Maps of references (PaDiM, PatchCore: distances from good photos) are added to the decoder's
    own; how much they count is chosen on held-out samples and held-out good photos. Where a defect
    is like none of the training, the references find it. With `inputs` the decoder sees the
    distances, too: on pills that finds more pixels, on brushed tiles it teaches the decoder to
    trust distances that mean little there.

    One model of several categories (train --unified) knows by itself which product a photo shows:
    that whose good photos are most alike. Each has its own models of what is normal, units of
    their maps and of the decoder's, and something of its own that is added to the decoder's
    weights; all else is shared, and references count half as much.
    """

    kind: Literal["bisqad"] = "bisqad"
    asks_trusted: ClassVar[bool] = True
    width: Annotated[int, Field(ge=8, multiple_of=8)] = parameter(
        32, "count", "channels inside the decoder, a multiple of 8"
    )
    references: Annotated[tuple[str, ...], Field(min_length=1)] = parameter(
        ("gaussian", "nearest"), "", "Kinds of the models of what is normal."
    )

    inputs: bool = parameter(False, "choice", "whether the decoder is told their distances, too")

    @field_validator("references")
    @classmethod
    def _check_references(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        try:
            others = [kind for kind in kinds if not issubclass(detectors.load(kind), Reference)]
        except UnknownComponentError as error:
            raise ValueError(f"{error}, {error.hint}") from error
        if others:
            raise ValueError(f"{others[0]} is no model of what is normal")
        return kinds

    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "DetectorNetwork":
        """Return a `HybridNetwork`; see the base class."""
        from anomsynth.bisqad.model.decoder import Decoder  # noqa: PLC0415 - imports torch
        from anomsynth.bisqad.model.hybrid import HybridNetwork  # noqa: PLC0415 - imports torch
        from anomsynth.bisqad.model.product_references import (  # noqa: PLC0415 - imports torch
            build_reference,
        )

        made = [detectors.build({"kind": kind}) for kind in self.references]
        decoder = Decoder(
            shapes,
            self.width,
            maps=len(made) if self.inputs else 0,
            generator=generator,
        )
        known = [
            build_reference(one, shapes, generator) for one in made if isinstance(one, Reference)
        ]
        return HybridNetwork(shapes, decoder, known)
