"""Features of images, computed once: the frozen backbone need not see an image every epoch."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from anomsynth.bisqad.data.images import mask_tensor, photo_tensor
from anomsynth.bisqad.data.item import Item
from anomsynth.bisqad.model.backbone import Backbone
from anomsynth.core.photo import as_photo
from anomsynth.core.rng import stream
from anomsynth.core.types import Mask
from anomsynth.errors import InputError, SynthesisError

CHUNK = 8  # images the backbone sees at once
MASK_STRIDE = 4  # of the detector's map
GAIN = (0.85, 1.15)  # of the brightness in views after the first
MOST_MEMORY = 2_000_000_000  # bytes of features; more lie in a file that is mapped into memory

Measure = Callable[[NDArray[np.generic], Mask], Sequence[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some images as the detector learns from them.

    Attributes
    ----------
    features : list of (B, C, h, w) float32
    masks : (B, h, w) float32 in [0, 1]
        Shares of the cells of the detector's map.
    before : list of (B, C, h, w) float32, or None
        Features of the photos before the defects were made, if anybody asks.
    """

    features: list[Tensor]
    masks: Tensor
    before: list[Tensor] | None = None

    def __len__(self) -> int:
        return len(self.masks)

    def joined(self, other: "Batch") -> "Batch":
        """Return this batch followed by another."""
        features = [torch.cat(pair) for pair in zip(self.features, other.features, strict=True)]
        before = None
        if self.before is not None and other.before is not None:
            before = [torch.cat(pair) for pair in zip(self.before, other.before, strict=True)]
        return Batch(features, torch.cat([self.masks, other.masks]), before)


@dataclass(slots=True, eq=False)
class Pool:
    """Features of images in one or more views each.

    Attributes
    ----------
    items : tuple of Item
        Those that could be read.
    levels : list of (V, N, C, h, w) float16
        Features, finest first, and the side maps of a network that wants some.
    masks : (V, N, h, w) uint8
        Share of each cell of the map, times 255.
    measured : (N, k) float32
        What was measured on each image and mask.
    device : torch.device
        Where batches go.
    """

    items: tuple[Item, ...]
    levels: list[Tensor]
    masks: Tensor
    measured: Tensor
    device: torch.device

    def __len__(self) -> int:
        return len(self.items)

    @property
    def views(self) -> int:
        """Number of views of each image."""
        return len(self.masks)

    def batch(self, index: Tensor, view: Tensor | None = None) -> Batch:
        """Return images by their places (B,) in views (B,), the first view by default."""
        if view is None:
            view = torch.zeros_like(index)
        features = [level[view, index].to(self.device).float() for level in self.levels]
        return Batch(features, self.masks[view, index].to(self.device).float() / 255)

    def batches(
        self, size: int = 32, *, index: Tensor | None = None, view: int = 0
    ) -> Iterator[Batch]:
        """Return images by their places, all in order by default, in one view."""
        for places in torch.split(torch.arange(len(self)) if index is None else index, size):
            yield self.batch(places, torch.full_like(places, view))

    def kept(self, place: Tensor) -> "Pool":
        """Return a pool of the images at the places (M,)."""
        items = tuple(self.items[at] for at in place.tolist())
        levels = [level[:, place] for level in self.levels]
        return Pool(items, levels, self.masks[:, place], self.measured[place], self.device)

    def replace(self, place: Tensor, other: "Pool") -> None:
        """Put the images of another pool into the places (M,) of this one."""
        items = list(self.items)
        for position, item in zip(place.tolist(), other.items, strict=True):
            items[position] = item
        self.items = tuple(items)
        for mine, theirs in zip(self.levels, other.levels, strict=True):
            mine[:, place] = theirs
        self.masks[:, place] = other.masks
        self.measured[place] = other.measured


@dataclass(frozen=True, slots=True)
class Extractor:
    """Turns images into pools.

    Attributes
    ----------
    backbone : Backbone
    size : int
        Photos are stretched to size x size pixels.
    device : torch.device
    grey : bool
    folder : Path
        For features that do not fit into memory.
    on_skip : callable
        Called with each item that cannot be used, and why.
    on_done : callable
        Called after each image.
    """

    backbone: Backbone
    size: int
    device: torch.device
    grey: bool
    folder: Path
    on_skip: Callable[[Item, Exception], None]
    on_done: Callable[[], None]

    def pool(
        self, items: Sequence[Item], *, views: int = 1, measure: Measure | None = None
    ) -> Pool:
        """Return the features of all images that can be read."""
        pool: Pool | None = None
        count = 0
        for chunk in self._chunks(items, views, measure):
            features = self._features(chunk)
            if pool is None:
                pool = self._allocate(features, len(chunk[0].measured), views, len(items))
            self._put(pool, chunk, features, count)
            count += len(chunk)
        if pool is None:
            return Pool((), [], torch.zeros(views, 0, 1, 1), torch.zeros(0, 0), self.device)
        pool.levels = [level[:, :count] for level in pool.levels]
        pool.masks, pool.measured = pool.masks[:, :count], pool.measured[:count]
        return pool

    def _chunks(
        self, items: Sequence[Item], views: int, measure: Measure | None
    ) -> Iterator[list["_Views"]]:
        chunk: list[_Views] = []
        for item in items:
            try:
                pixels, mask = item.read()
                if measure is None:
                    measured: Sequence[float] = ()
                else:
                    measured = measure(pixels, mask)
            except (InputError, SynthesisError) as error:
                self.on_skip(item, error)
                continue
            image = photo_tensor(as_photo(pixels), self.size, grey=self.grey)
            place = mask_tensor(mask, self.size)
            turned = [_view(image, place, _draws(item, view)) for view in range(1, views)]
            chunk.append(_Views(item, [(image, place), *turned], measured))
            self.on_done()
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _features(self, chunk: list["_Views"]) -> list[Tensor]:
        """Return levels (V, B, C, h, w) float16."""
        turned = [
            [level.half().cpu() for level in self.backbone(torch.stack(images).to(self.device))]
            for images in zip(*([image for image, _ in item.views] for item in chunk), strict=True)
        ]
        return [torch.stack(level) for level in zip(*turned, strict=True)]

    def _allocate(self, features: list[Tensor], measured: int, views: int, count: int) -> Pool:
        shapes = [(views, count, *level.shape[2:]) for level in features]
        in_file = 2 * sum(int(np.prod(shape)) for shape in shapes) > MOST_MEMORY
        levels = [
            self._in_file(shape) if in_file else torch.empty(shape, dtype=torch.float16)
            for shape in shapes
        ]
        side = self.size // MASK_STRIDE
        masks = torch.empty((views, count, side, side), dtype=torch.uint8)
        return Pool((), levels, masks, torch.empty(count, measured), self.device)

    def _in_file(self, shape: tuple[int, ...]) -> Tensor:
        # Nameless where the system allows it: the file is gone when nobody uses it any more.
        with tempfile.TemporaryFile(dir=self.folder) as file:
            return torch.from_numpy(np.memmap(file, np.float16, "w+", shape=shape))

    def _put(self, pool: Pool, chunk: list["_Views"], features: list[Tensor], at: int) -> None:
        places = slice(at, at + len(chunk))
        for level, values in zip(pool.levels, features, strict=True):
            level[:, places] = values
        for offset, item in enumerate(chunk):
            for view, (_, mask) in enumerate(item.views):
                share = cell_shares(mask[None])[0]
                pool.masks[view, at + offset] = (share * 255).round().to(torch.uint8)
            pool.measured[at + offset] = torch.tensor(list(item.measured), dtype=torch.float32)
        pool.items = (*pool.items, *(item.item for item in chunk))


def mirrored_axes(item: Item, view: int) -> list[int]:
    """Return the axes of (..., h, w) that are turned round in a view of an image."""
    return _axes(_draws(item, view)[0]) if view else []


def cell_shares(masks: Tensor) -> Tensor:
    """Return the share (B, H / 4, W / 4) of each cell of the map that masks (B, H, W) cover."""
    return functional.avg_pool2d(masks.float(), MASK_STRIDE)


@dataclass(frozen=True, slots=True, eq=False)
class _Views:
    item: Item
    views: list[tuple[Tensor, Tensor]]
    measured: Sequence[float]


def _draws(item: Item, view: int) -> tuple[int, float]:
    rng = stream(0, "view", view, item.id)
    return int(rng.integers(1, 4)), float(rng.uniform(*GAIN))


def _axes(mirror: int) -> list[int]:
    return [axis for axis, bit in ((-1, 1), (-2, 2)) if mirror & bit]


def _view(image: Tensor, mask: Tensor, draws: tuple[int, float]) -> tuple[Tensor, Tensor]:
    """Mirror an image (C, H, W) and its mask, and change the brightness."""
    mirror, gain = draws
    axes = _axes(mirror)
    return (image * gain).clamp(0, 1).flip(axes), mask.flip(axes)
