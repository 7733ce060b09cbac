"""Photos larger than the network's field, cut into tiles that overlap, and their maps joined."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32

CELLS_PER_TILE = 4  # pixels of the network's input between two places of its map
OVERLAP = 0.25  # of a tile's side: what one tile cuts, the next one shows whole


@dataclass(frozen=True, slots=True)
class Tiling:
    """How photos are cut.

    Attributes
    ----------
    side : int, pixels of the photo
        Of a tile; a multiple of ``size / 4``, so that maps of tiles lie on one grid.
    size : int
        Pixels of the network's input, to which a tile is resized.
    """

    side: int
    size: int

    @property
    def cell(self) -> int:
        """Pixels of the photo between two places of the map."""
        return self.side * CELLS_PER_TILE // self.size

    def boxes(self, shape: tuple[int, int]) -> list[Box]:
        """Return the tiles that cover a photo, row by row; the last ones may jut out of it.

        Examples
        --------
        >>> [(box.top, box.left) for box in Tiling(128, 64).boxes((100, 250))]
        [(0, 0), (0, 64), (0, 128)]
        """
        tops, lefts = (self._starts(length) for length in shape)
        side = self.side
        return [Box(top, left, top + side, left + side) for top in tops for left in lefts]

    def join(self, maps: Sequence[Float32], shape: tuple[int, int]) -> Float32:
        """Return the map of a photo of `shape` from those of its `boxes`.

        Where tiles overlap, each counts the more, the farther its edge is: near the edge a network
        sees less around a place.

        Parameters
        ----------
        maps : (size / 4, size / 4) float32 each
        shape : (int, int)

        Returns
        -------
        (h, w) float32
            Over the whole photo.
        """
        cells = self.size // CELLS_PER_TILE
        boxes = self.boxes(shape)
        total = np.zeros((boxes[-1].bottom // self.cell, boxes[-1].right // self.cell), np.float32)
        share = np.zeros_like(total)
        near = np.minimum(np.arange(cells), np.arange(cells)[::-1]) + 1
        weight = np.minimum.outer(near, near).astype(np.float32)
        for box, values in zip(boxes, maps, strict=True):
            top, left = box.top // self.cell, box.left // self.cell
            place = slice(top, top + cells), slice(left, left + cells)
            total[place] += weight * values
            share[place] += weight
        return self._over_photo(total / share, shape)

    def _starts(self, length: int) -> list[int]:
        last = max(math.ceil((length - self.side) / self.cell), 0)  # in cells
        step = self.size // CELLS_PER_TILE * (1 - OVERLAP)
        count = math.ceil(last / step) + 1
        return [round(nth * last / max(count - 1, 1)) * self.cell for nth in range(count)]

    def _over_photo(self, values: Float32, shape: tuple[int, int]) -> Float32:
        """Return a map whose edges are those of the photo: tiles may have jutted out of it."""
        height, width = (max(round(length / self.cell), 1) for length in shape)
        rows, cols = (
            ((np.arange(count) + 0.5) * length / count / self.cell - 0.5).astype(np.float32)
            for count, length in ((height, shape[0]), (width, shape[1]))
        )
        across, down = np.meshgrid(cols, rows)
        placed = cv2.remap(values, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(placed, np.float32)


def cut(planes: NDArray[np.generic], box: Box) -> NDArray[np.generic]:
    """Return a tile (side, side, ...) of a picture (H, W, ...), mirrored where it juts out."""
    height, width = planes.shape[:2]
    inside = planes[box.top : min(box.bottom, height), box.left : min(box.right, width)]
    missing = [(0, side - have) for side, have in zip(box.shape, inside.shape[:2], strict=True)]
    if not any(after for _, after in missing):
        return inside
    return np.pad(inside, [*missing, *([(0, 0)] * (planes.ndim - 2))], mode="symmetric")


def tile_around(marked: NDArray[np.bool_], side: int, rng: np.random.Generator) -> Box:
    """Return a tile that shows a random one of the marked pixels at a random place of it."""
    rows, cols = np.nonzero(marked)
    nth = int(rng.integers(len(rows)))
    offsets = rng.integers(0, side, 2)
    starts = [
        int(np.clip(at - offset, 0, max(length - side, 0)))
        for at, offset, length in zip((rows[nth], cols[nth]), offsets, marked.shape, strict=True)
    ]
    return Box(starts[0], starts[1], starts[0] + side, starts[1] + side)
