"""A decoder that knows the normal: models of it beside its map, and beside the features."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.combination import MarkedMaps, choose_weights, combine
from anomsynth.bisqad.model.decoder import Decoder
from anomsynth.bisqad.model.network import (
    MAP_STRIDE,
    Batches,
    DetectorNetwork,
    Marked,
    image_score,
    middle_and_spread,
    resized,
)
from anomsynth.bisqad.model.products import places_of
from anomsynth.bisqad.model.reference import NormalNetwork

INPUT_UNIT = 3.0  # spreads of a side map that are one unit of the decoder's input
INPUT_RANGE = (-3.0, 12.0)  # of that input: a gross defect must not drown a small one


class HybridNetwork(DetectorNetwork):
    """A decoder whose map is combined with distances from good photos.

    What no defect of the training was like, the distances find alone.

    Parameters
    ----------
    shapes : FeatureShapes
    decoder : Decoder
        One that takes maps is told the distances, one for each reference.
    references : sequence of NormalNetwork
    """

    def __init__(
        self, shapes: FeatureShapes, decoder: Decoder, references: Sequence[NormalNetwork]
    ) -> None:
        super().__init__(shapes.channels, shapes.strides, shapes.products)
        self.decoder = decoder
        self.references = nn.ModuleList(references)
        self.side = shapes.size // MAP_STRIDE
        count = len(references)
        of_each = (count,) if self.products == 1 else (self.products, count)
        self.register_buffer("middles", torch.zeros(of_each))
        self.register_buffer("spreads", torch.ones(of_each))
        self.register_buffer("weights", torch.zeros(count))

    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return the decoder's logits (B, 1, h, w); see the base class."""
        told = None if self.decoder.beside is None else self._distances(features)
        return self._decoded(features, told, keep)

    def anomaly_map(self, features: Sequence[Tensor]) -> Tensor:
        """Return the combined map: the decoder's and the weighted ones of the references."""
        combined = combine(self.parts(features), self.get_buffer("weights"))
        return self.in_units(combined, features)

    def parts(self, features: Sequence[Tensor]) -> Tensor:
        """Return the maps (B, 1 + R, h, w) that are combined, each in units of good photos."""
        distances = self._distances(features)
        logits = self._decoded(features, distances)
        own = self.decoder.in_units(logits, features)
        alone = features[: len(self.channels)]
        others = [
            reference.anomaly_map([*alone, distances[:, nth : nth + 1]])
            for nth, reference in enumerate(self._references())
        ]
        return torch.cat([own, *others], dim=1)

    def learn_normal(self, batches: Batches) -> None:
        """Learn from good photos, decoder and references alike; see the base class."""
        self.normalise_by(batches())
        self.decoder.take_normal(self)
        for reference in self._references():
            reference.take_normal(self)
            with torch.no_grad():
                reference.fit(batches)

    def side_maps(self, features: Sequence[Tensor]) -> Tensor:
        """Return the distances (B, R, side, side) by each reference."""
        return torch.cat([one.side_maps(features) for one in self._references()], dim=1)

    @torch.no_grad()
    def scale_side_maps(self, maps: Tensor, numbers: Tensor) -> None:
        """Take the units of distances from cross-fitted ones of good photos; see the base class."""
        size = (self.side, self.side)
        for nth, reference in enumerate(self._references()):
            distances = maps[:, nth : nth + 1].float()
            for product in range(self.products):
                own = distances[places_of(product, numbers)]
                unit = middle_and_spread(own.flatten())
                for name, value in zip(("middles", "spreads"), unit, strict=True):
                    self._of_each(name)[product, nth] = value
            scores = [image_score(resized(part, size)) for part in torch.split(distances, 32)]
            reference.set_unit(torch.cat(scores), numbers)

    @torch.no_grad()
    def settle(self, good: Batches, marked: Sequence[Marked]) -> None:
        """Choose the weights of the references on held-out images; see `choose_weights`.

        With several products they share half a weight: trusted defects, synthetic ones as those
        that the decoder learned from, would give them none, and on six real sets that cost 2
        points of image AUROC (tests/benchmarks/RESULTS.md).
        """
        numbers = self.numbers_of(good)
        scores = [image_score(self(features)) for features in good()]
        self.decoder.set_unit(torch.cat(scores), numbers)
        known = torch.cat([self.parts(features) for features in good()])
        asked = marked if self.products == 1 else ()
        defects = [self.parts(features) for features, _ in asked]
        masks = [masks for _, masks in asked]
        maps = MarkedMaps(
            known,
            torch.cat([known[:0], *defects]),
            torch.cat([known[:0, 0], *masks]),
        )
        self.get_buffer("weights").copy_(choose_weights(maps))
        combined = combine(maps.good, self.get_buffer("weights"))
        self.set_unit(image_score(combined), numbers)

    def draw_keep(self, count: int, generator: torch.Generator) -> Sequence[Tensor] | None:
        """Draw the decoder's drop-out; see the base class."""
        return self.decoder.draw_keep(count, generator)

    def _distances(self, features: Sequence[Tensor]) -> Tensor:
        given = self.given_maps(features)
        return self.side_maps(features) if given is None else given

    def _decoded(
        self,
        features: Sequence[Tensor],
        distances: Tensor | None,
        keep: Sequence[Tensor] | None = None,
    ) -> Tensor:
        told = list(features[: len(self.channels)])
        if distances is not None and self.decoder.beside is not None:
            of_each = [self._of_each(name) for name in ("middles", "spreads")]
            if self.finder is not None:
                numbers = self.finder(features)
                of_each = [values[numbers] for values in of_each]
            middle, spread = (values[..., None, None] for values in of_each)
            told.append(((distances - middle) / (INPUT_UNIT * spread)).clamp(*INPUT_RANGE))
        logits: Tensor = self.decoder(told, keep)
        return logits

    def _of_each(self, name: str) -> Tensor:
        """Return the values (products, R) of a buffer, of the one product too."""
        return self.get_buffer(name).view(self.products, -1)

    def _references(self) -> list[NormalNetwork]:
        return [one for one in self.references if isinstance(one, NormalNetwork)]
