"""What every detector's network has in common: what is normal, and how it is called."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from anomsynth.bisqad.model.losses import sample_losses
from anomsynth.bisqad.model.products import ProductFinder, places_of

MAP_STRIDE = 4  # pixels between two places of a map
TOP = 3  # places whose mean is the score of an image
NORMAL_SPREAD = 1.4826  # standard deviation of a normal distribution over its median deviation

Marked = tuple[Sequence[Tensor], Tensor]  # features of defects and their masks
Batches = Callable[[], Iterable[Sequence[Tensor]]]  # features of photos, anew at every call


class DetectorNetwork(nn.Module, ABC):
    """A network from frozen features to a map at stride 4: the higher, the less normal.

    A subclass normalises features by `normalised` and gives the map in `forward`. Losses of single
    samples, `torch.func.functional_call` and Hessian-vector products must mean what they say: no
    state outside parameters and buffers, no hidden randomness, no statistics over a batch, the
    same in training and in evaluation.

    Parameters
    ----------
    channels : sequence of int
        Of the feature maps, finest first; as `Backbone.channels`.
    strides : sequence of int
        As `Backbone.strides`.
    products : int
        That it tells apart: maps have their unit by good photos of the product that a photo shows.
        A network that is not told takes all for one.

    Attributes
    ----------
    rate : float
        Of AdamW in training, at its highest.
    finder : ProductFinder or None
        None where there is one product.
    """

    rate = 2e-3

    def __init__(self, channels: Sequence[int], strides: Sequence[int], products: int = 1) -> None:
        super().__init__()
        self.channels, self.strides = tuple(channels), tuple(strides)
        self.products = products
        self.finder = None if products == 1 else ProductFinder(channels, products)
        for level, count in enumerate(self.channels):
            self.register_buffer(f"mean{level}", torch.zeros(1, count, 1, 1))
            self.register_buffer(f"scale{level}", torch.ones(1, count, 1, 1))
        unit = () if products == 1 else (products, 1, 1, 1)
        self.register_buffer("center", torch.zeros(unit))
        self.register_buffer("spread", torch.ones(unit))

    @abstractmethod
    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return the map (B, 1, h, w) at stride 4 of features of B images; see `map_size`.

        It is what losses are taken of: logits, where there is something to train.

        Parameters
        ----------
        features : (B, C, h, w) each, finest first
            As a `Backbone` returns them; `side_maps` of the same images may follow.
        keep : sequence of tensors, optional
            From `draw_keep`: drop-out in training.
        """

    def anomaly_map(self, features: Sequence[Tensor]) -> Tensor:
        """Return the map (B, 1, h, w) in the unit that all detectors share.

        A place at 0 is as suspicious as the most suspicious places of the median good photo; the
        unit is the spread of that among good photos, see `set_unit`.
        """
        return self.in_units(self(features), features)

    def in_units(self, maps: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Return maps (B, 1, h, w) of photos with these features in the unit of `set_unit`."""
        center, spread = self.get_buffer("center"), self.get_buffer("spread")
        if self.finder is not None:
            numbers = self.finder(features)
            center, spread = center[numbers], spread[numbers]
        return (maps - center) / spread

    def losses(
        self,
        features: Sequence[Tensor],
        masks: Tensor,
        keep: Sequence[Tensor] | None = None,
        before: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Return the loss (B,) of each sample in training; by default that of its map.

        A `Detector` whose network has another one says so by `has_own_loss`.

        Parameters
        ----------
        features : (B, C, h, w) each
            See `forward`.
        masks : (B, h, w) in [0, 1]
            Share of each cell of the map that is defective.
        keep : sequence of tensors, optional
            From `draw_keep`.
        before : (B, C, h, w) each, optional
            Of the photos before the defects were made, where a `Detector` asks for them.
        """
        del before
        return sample_losses(self(features, keep), masks)

    @torch.no_grad()
    def set_unit(self, scores: Tensor, numbers: Tensor | None = None) -> None:
        """Take the unit of maps from the scores (N,) of good photos before any unit.

        Zero is their median, one their median deviation from it, as the standard deviation of a
        normal distribution. With `numbers` (N,), each product has its own.
        """
        if numbers is None:
            numbers = torch.zeros(len(scores), dtype=torch.int64)
        for product in range(self.products):
            unit = middle_and_spread(scores[places_of(product, numbers)])
            for name, value in zip(("center", "spread"), unit, strict=True):
                self.get_buffer(name).view(self.products)[product] = value

    def products_of(self, features: Sequence[Tensor]) -> Tensor:
        """Return the number (B,) int64 of the product that each photo shows."""
        if self.finder is None:
            return torch.zeros(len(features[0]), dtype=torch.int64)
        found: Tensor = self.finder(features)
        return found

    def learn_products(self, batches: Batches, numbers: Tensor) -> None:
        """Learn to tell products apart, by good photos; before `learn_normal`.

        Parameters
        ----------
        batches : callable
            Gives features of good photos.
        numbers : (N,) int64
            The product of each, below `products`; there is a photo of each.
        """
        for part in self.modules():
            if isinstance(part, ProductFinder):
                described = [part.described(features).cpu() for features in batches()]
                part.learn(torch.cat(described), numbers)

    def learn_normal(self, batches: Batches) -> None:
        """Learn from good photos what is normal; before anything else is learned."""
        self.normalise_by(batches())

    def side_maps(self, features: Sequence[Tensor]) -> Tensor | None:
        """Return maps (B, R, h, w) that training computes once an image; none by default.

        They answer how far places are from what `learn_normal` learned, and come last among the
        features from then on. For the photos that were learned from, they are of a network that
        has not seen them.
        """
        del features
        return None

    def scale_side_maps(self, maps: Tensor, numbers: Tensor) -> None:
        """Take in the side maps (N, R, h, w) of the photos that were learned from.

        They are cross-fitted: of networks that have not seen the photo. Its product is in
        `numbers` (N,).
        """

    def settle(self, good: Batches, marked: Sequence[Marked]) -> None:
        """Take the unit of maps from held-out good photos, when nothing more is learned.

        Parameters
        ----------
        good : callable
            Gives features of good photos.
        marked : sequence of (features, masks)
            Trusted defects that were not learned from, and the share of each cell of the map that
            is defective, (B, h, w); there may be none.
        """
        del marked
        scores = torch.cat([image_score(self(features)) for features in good()])
        self.set_unit(scores, self.numbers_of(good))

    def numbers_of(self, batches: Batches) -> Tensor:
        """Return the products (N,) int64, on the CPU, of all photos of `batches`."""
        return torch.cat([self.products_of(features).cpu() for features in batches()])

    def draw_keep(self, count: int, generator: torch.Generator) -> Sequence[Tensor] | None:
        """Draw drop-out for `count` images, which `forward` applies; none by default."""
        del count, generator
        return None

    def map_size(self, features: Sequence[Tensor]) -> tuple[int, int]:
        """Return height and width of the map of these features."""
        height, width = (
            math.ceil(side * self.strides[0] / MAP_STRIDE) for side in features[0].shape[-2:]
        )
        return height, width

    def normalised(self, features: Sequence[Tensor], level: int) -> Tensor:
        """Return a level's features in units of the spread over normal photos."""
        mean, scale = self.get_buffer(f"mean{level}"), self.get_buffer(f"scale{level}")
        return (features[level].to(mean.dtype) - mean) / scale

    @torch.no_grad()
    def take_normal(self, other: "DetectorNetwork") -> None:
        """Take mean and spread of each feature from another network."""
        for level in range(len(self.channels)):
            for name in (f"mean{level}", f"scale{level}"):
                self.get_buffer(name).copy_(other.get_buffer(name))

    def joined(self, features: Sequence[Tensor], side: int) -> Tensor:
        """Return all levels at one grid of places, (B, depth, side, side) float32.

        Finer levels are averaged, coarser ones enlarged, each channel in units of its spread over
        good photos.
        """
        levels = []
        for level in range(len(self.channels)):
            here = self.normalised(features, level)
            finer = here.shape[-1] > side
            size = (side, side)
            levels.append(
                functional.adaptive_avg_pool2d(here, size) if finer else resized(here, size)
            )
        return torch.cat(levels, dim=1)

    def given_maps(self, features: Sequence[Tensor]) -> Tensor | None:
        """Return the side maps that come with these features, if they do."""
        return features[-1] if len(features) > len(self.channels) else None

    @torch.no_grad()
    def normalise_by(self, batches: Iterable[Sequence[Tensor]]) -> None:
        """Take mean and spread of each feature from batches of features of normal photos."""
        count = [0] * len(self.channels)
        total = [torch.zeros(channels, dtype=torch.float64) for channels in self.channels]
        square = [torch.zeros(channels, dtype=torch.float64) for channels in self.channels]
        for features in batches:
            for level, values in enumerate(features[: len(count)]):
                exact = values.double().cpu()
                count[level] += exact.numel() // exact.shape[1]
                total[level] += exact.sum((0, 2, 3))
                square[level] += exact.square().sum((0, 2, 3))
        if 0 in count:
            raise ValueError("no features of normal photos to normalise by")
        for level, number in enumerate(count):
            mean = total[level] / number
            spread = (square[level] / number - mean.square()).clamp_min(0).sqrt() + 1e-4
            self.get_buffer(f"mean{level}").copy_(mean.view(1, -1, 1, 1))
            self.get_buffer(f"scale{level}").copy_(spread.view(1, -1, 1, 1))


def image_score(maps: Tensor, *, top: int = TOP) -> Tensor:
    """Return the score (B,) of images: the mean of the `top` highest places of their maps."""
    flat = maps.flatten(1)
    return flat.topk(min(top, flat.shape[1]), dim=1).values.mean(1)


def middle_and_spread(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return median and spread of values: few outliers move neither.

    The spread is the median deviation in units of a normal distribution's standard deviation, or
    that itself where half of the values are equal; 1 if all are.
    """
    middle = values.median()
    spread = NORMAL_SPREAD * (values - middle).abs().median()
    if spread == 0 and len(values) > 1:
        spread = values.std()
    return middle, spread if spread > 0 else torch.ones_like(middle)


def resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Return maps (B, C, h, w) at another size, linearly between their places."""
    if values.shape[-2:] == size:
        return values
    return functional.interpolate(values, size=size, mode="bilinear", align_corners=False)
