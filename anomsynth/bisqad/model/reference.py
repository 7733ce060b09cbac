"""What every model of the normal has in common: where it looks, and when it is asked."""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.network import Batches, DetectorNetwork, resized

STRIDE = 8  # pixels between two places; a finer backbone is averaged, a coarser one taken as it is
AROUND = 3  # places along the side of the square that one place is the mean of


class NormalNetwork(DetectorNetwork):
    """A model of what is normal: how far places of a photo are from good photos.

    Nothing of it is trained by gradients.

    Parameters
    ----------
    shapes : FeatureShapes
        Of the features, and size of the photos.
    products : int
        That it tells apart.

    Attributes
    ----------
    side : int
        Places along each side of a photo.
    """

    def __init__(self, shapes: FeatureShapes, products: int = 1) -> None:
        super().__init__(shapes.channels, shapes.strides, products)
        self.side = math.ceil(shapes.size / max(STRIDE, shapes.strides[0]))

    @abstractmethod
    def fit(self, batches: Batches) -> None:
        """Learn from good photos, of whose features mean and spread are known."""

    @abstractmethod
    def side_maps(self, features: Sequence[Tensor]) -> Tensor:
        """Return distances (B, 1, side, side)."""

    @torch.no_grad()
    def learn_normal(self, batches: Batches) -> None:
        """Learn from good photos, in two or more passes; see the base class."""
        self.normalise_by(batches())
        self.fit(batches)

    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return distances (B, 1, h, w) at stride 4; see the base class."""
        del keep
        given = self.given_maps(features)
        maps = self.side_maps(features) if given is None else given
        return resized(maps, self.map_size(features))


class ReferenceNetwork(NormalNetwork):
    """Distance of each place of a photo from good photos, by what describes the place.

    A subclass learns from descriptions of places in `fit` and gives distances in `distances`. It
    knows one product; `ProductReferences` joins those of several.

    Parameters
    ----------
    shapes : FeatureShapes

    Attributes
    ----------
    depth : int
        Numbers that describe a place.
    """

    def __init__(self, shapes: FeatureShapes) -> None:
        super().__init__(shapes)
        self.depth = sum(shapes.channels)

    @abstractmethod
    def distances(self, places: Tensor) -> Tensor:
        """Return distances (B, side, side) of described places (B, side, side, depth)."""

    def side_maps(self, features: Sequence[Tensor]) -> Tensor:
        """Return distances (B, 1, side, side)."""
        return self.distances(self.described(features))[:, None]

    def described(self, features: Sequence[Tensor]) -> Tensor:
        """Return what describes each place: all levels there, averaged over 3 x 3 places.

        As PaDiM and PatchCore do it, at stride 8; see `joined`.

        Returns
        -------
        (B, side, side, depth) float32
        """
        joined = self.joined(features, self.side)
        around = functional.avg_pool2d(
            joined, AROUND, stride=1, padding=AROUND // 2, count_include_pad=False
        )
        return around.permute(0, 2, 3, 1)

    def drawn_places(
        self, batches: Batches, most: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return `most` described places of photos, or all if there are fewer, drawn by chance.

        Returns
        -------
        places : (N, depth) float32
            On the CPU, in the order of the photos.
        numbers : (N,) int
            Where each lies on its photo: row by row, below side x side.
        """
        count = sum(len(features[0]) for features in batches()) * self.side**2
        chosen = torch.randperm(count, generator=generator)[:most].sort().values
        rows, start = [], 0
        for features in batches():
            places = self.described(features).flatten(0, 2)
            inside = chosen[(chosen >= start) & (chosen < start + len(places))] - start
            rows.append(places[inside.to(places.device)].cpu())
            start += len(places)
        return torch.cat(rows), chosen % self.side**2
