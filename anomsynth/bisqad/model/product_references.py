"""What is normal for each of several products, chosen by the photo."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from anomsynth.bisqad.detector import Detector, FeatureShapes, Reference
from anomsynth.bisqad.model.network import Batches, DetectorNetwork
from anomsynth.bisqad.model.products import FEWEST
from anomsynth.bisqad.model.reference import NormalNetwork, ReferenceNetwork


class ProductReferences(NormalNetwork):
    """A model of the normal for each product; a photo is measured by that of the one it shows.

    Parameters
    ----------
    shapes : FeatureShapes
    models : sequence of ReferenceNetwork
        One for each product.
    """

    def __init__(self, shapes: FeatureShapes, models: Sequence[ReferenceNetwork]) -> None:
        super().__init__(shapes, len(models))
        self.models = nn.ModuleList(models)

    def fit(self, batches: Batches) -> None:
        """Let each model learn from the photos of its product; see the base class."""
        counts = torch.bincount(self.numbers_of(batches), minlength=self.products)
        for product, model in enumerate(self._models()):
            enough = counts[product] >= FEWEST
            model.learn_normal(_OfProduct(self, batches, product) if enough else batches)

    def side_maps(self, features: Sequence[Tensor]) -> Tensor:
        """Return distances (B, 1, side, side) by the models of the products on the photos."""
        numbers = self.products_of(features)
        if torch.compiler.is_exporting():  # a graph does not branch: all answer, one is taken
            answers = torch.stack([model.side_maps(features) for model in self._models()], dim=1)
            return answers[torch.arange(numbers.shape[0]), numbers]
        found = features[0].new_zeros(len(numbers), 1, self.side, self.side, dtype=torch.float32)
        for product, model in enumerate(self._models()):
            places = (numbers == product).nonzero()[:, 0]
            if len(places):
                found[places] = model.side_maps([level[places] for level in features])
        return found

    def _models(self) -> list[ReferenceNetwork]:
        return [one for one in self.models if isinstance(one, ReferenceNetwork)]


class _OfProduct:
    """Features of photos of one product, anew at every call."""

    def __init__(self, network: NormalNetwork, batches: Batches, product: int) -> None:
        self._network, self._batches, self._product = network, batches, product

    def __call__(self) -> Iterator[Sequence[Tensor]]:
        for features in self._batches():
            inside = self._network.products_of(features) == self._product
            if inside.any():
                yield [level[inside] for level in features]


def build_reference(
    reference: Reference, shapes: FeatureShapes, generator: torch.Generator
) -> NormalNetwork:
    """Return what a reference builds as a part of another network, for each product anew."""
    if shapes.products == 1:
        return reference.build_part(shapes, generator)
    alone = replace(shapes, products=1)
    models = [reference.build_part(alone, generator) for _ in range(shapes.products)]
    return ProductReferences(shapes, models)


def build_network(
    detector: Detector, shapes: FeatureShapes, generator: torch.Generator
) -> DetectorNetwork:
    """Return what a detector builds; a reference that is one in itself, for each product anew."""
    if isinstance(detector, Reference) and not detector.takes_steps:
        return build_reference(detector, shapes, generator)
    return detector.build(shapes, generator)
