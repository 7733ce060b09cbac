"""What shows where a piece of the part is missing: the background, guessed from around it."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode
from anomsynth.core.types import Box, Float32, Mask, Pixels, Surface
from anomsynth.surface.identity import ByIdentity

Indices = NDArray[np.intp]

CELLS = 128  # the background is taken as this smooth: finer than a soft shadow
CLEAR_PX = 2  # pixels next to the outline are half part, half background
LEAST_SHARE = 0.002  # of the picture; less background than that is a rounded corner


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A photo's background on coarse cells that cover the picture.

    Attributes
    ----------
    cells : (h, w, C) float32
        Linear light.
    shape : (int, int)
        Rows and columns of the picture.
    """

    cells: Float32
    shape: tuple[int, int]

    def light(self, box: Box) -> Float32:
        """Return the background's linear light in a box, (h, w, C) float32 in [0, 1]."""
        down, right = (
            side / count for side, count in zip(self.cells.shape[:2], self.shape, strict=True)
        )
        rows = (np.arange(box.top, box.bottom, dtype=np.float32) + 0.5) * down - 0.5
        cols = (np.arange(box.left, box.right, dtype=np.float32) + 0.5) * right - 0.5
        return _sampled(self.cells, rows, cols)


def background_of(surface: Surface) -> Background | None:
    """Return the background as if the part were not there, None if the picture shows none.

    Off-part pixels are spread smoothly over the picture (normalised convolution), so brightness
    gradients of a lit background continue behind the part.
    """
    return _find(_Photo(surface.pixels, surface.foreground, surface.encoding))


@dataclass(frozen=True, slots=True, eq=False)
class _Photo(ByIdentity):
    pixels: Pixels
    foreground: Mask
    encoding: str


@lru_cache(maxsize=1)  # several samples are made of each photo, one after another
def _find(photo: _Photo) -> Background | None:
    height, width = photo.foreground.shape
    step = max(max(height, width) // 512, 1)
    part = photo.foreground[::step, ::step].astype(np.uint8)
    kernel = np.ones((2 * CLEAR_PX + 1, 2 * CLEAR_PX + 1), np.uint8)
    clear = cv2.dilate(part, kernel) == 0
    if np.count_nonzero(clear) < LEAST_SHARE * clear.size:
        return None
    every = decode(np.ascontiguousarray(photo.pixels[::step, ::step]), photo.encoding)
    weight = clear.astype(np.float32)
    size = (min(CELLS, clear.shape[1]), min(CELLS, clear.shape[0]))
    cells = _shrunk(every * weight[..., None], size)
    known = _shrunk(weight[..., None], size)
    rest = cells.sum(axis=(0, 1)) / known.sum()
    filled, mass = cells.copy(), known.copy()
    for blur in (1.0, 3.0, 9.0):  # near pixels count most; far ones fill what they leave open
        share = np.float32(0.02)
        filled += share * _blurred(cells, blur)
        mass += share * _blurred(known, blur)
    smooth = (filled + np.float32(1e-6) * rest) / (mass + np.float32(1e-6))
    smooth.setflags(write=False)  # all samples of the photo share it
    return Background(np.asarray(smooth, dtype=np.float32), (height, width))


def light_behind(surface: Surface, box: Box) -> Float32 | None:
    """Return the background's linear light in a box, (h, w, C), None if the picture shows none."""
    background = background_of(surface)
    return None if background is None else background.light(box)


def _shrunk(array: Float32, size: tuple[int, int]) -> Float32:
    small = cv2.resize(np.ascontiguousarray(array), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32).reshape(size[1], size[0], -1)


def _blurred(cells: Float32, sigma: float) -> Float32:
    out = cv2.GaussianBlur(cells, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(out, dtype=np.float32).reshape(cells.shape)


def _sampled(cells: Float32, rows: Float32, cols: Float32) -> Float32:
    """Interpolate cells bilinearly at a grid of places, clamped to the cells."""
    row, next_row, down = _split(rows, cells.shape[0])
    col, next_col, right = _split(cols, cells.shape[1])
    lines = cells[row] * (1 - down)[:, None, None] + cells[next_row] * down[:, None, None]
    mixed = lines.take(col, axis=1)
    change = lines.take(next_col, axis=1)
    change -= mixed
    change *= right[None, :, None]
    mixed += change
    return np.clip(mixed, 0, 1, out=mixed)


def _split(places: Float32, count: int) -> tuple[Indices, Indices, Float32]:
    """Return the cells around each place and the share of the second one."""
    clamped = np.clip(places, 0, count - 1)
    first = clamped.astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (clamped - first).astype(np.float32)
