"""What shows where a piece of the part is missing: the background, guessed from around it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Surface

Indices = NDArray[np.intp]

CELLS = 48  # the background is taken as this smooth
CLEAR_PX = 2  # pixels next to the outline are half part, half background
LEAST_SHARE = 0.002  # of the picture; less background than that is a rounded corner


def light_behind(surface: Surface, box: Box) -> Float32 | None:
    """Return the background's linear light in a box, as if the part were not there.

    Off-part pixels are spread smoothly over the picture (normalised convolution), so brightness
    gradients of a lit backdrop continue behind the part.

    Returns
    -------
    (h, w, C) float32 in [0, 1], or None if the picture shows no background.
    """
    height, width = surface.shape
    step = max(max(height, width) // 512, 1)
    part = surface.foreground[::step, ::step].astype(np.uint8)
    kernel = np.ones((2 * CLEAR_PX + 1, 2 * CLEAR_PX + 1), np.uint8)
    clear = cv2.dilate(part, kernel) == 0
    if np.count_nonzero(clear) < LEAST_SHARE * clear.size:
        return None
    every = surface.linear(Box(0, 0, height, width))[::step, ::step]
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
    rows = (np.arange(box.top, box.bottom, dtype=np.float32) + 0.5) * size[1] / height - 0.5
    cols = (np.arange(box.left, box.right, dtype=np.float32) + 0.5) * size[0] / width - 0.5
    return _sampled(np.asarray(smooth, dtype=np.float32), rows, cols)


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
    mixed = lines[:, col] * (1 - right)[None, :, None]
    mixed += lines[:, next_col] * right[None, :, None]
    return np.clip(mixed, 0, 1).astype(np.float32, copy=False)


def _split(places: Float32, count: int) -> tuple[Indices, Indices, Float32]:
    """Return the cells around each place and the share of the second one."""
    clamped = np.clip(places, 0, count - 1)
    first = clamped.astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (clamped - first).astype(np.float32)
