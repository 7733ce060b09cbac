"""Small windows of a photo at full resolution, for measures that need single pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import to_levels
from anomsynth.core.types import Float32, Mask, Pixels

SIZE = 66  # 64 pixels of a measure that needs one neighbour on each side
GRID = 8  # windows start on multiples of the JPEG block
MOST = 36  # windows of a photo: enough for a stable measure, cheap at any size
WHOLE = 400 * 400  # pixels up to which a photo is one window


def spread_windows(pixels: Pixels, inside: Mask | None = None) -> Float32:
    """Return (N, h, w) grey levels, 0..255, of windows spread evenly over a photo.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16
    inside : (H, W) bool, optional
        Windows whose middle is outside are left out, unless none remains.
    """
    shape = pixels.shape[0], pixels.shape[1]
    if shape[0] * shape[1] <= WHOLE:
        return grey_levels(pixels)[None]
    size = _window(shape)
    counts = _counts(shape, size)
    rows, cols = (
        np.linspace(0, length - extent, count).astype(int) // GRID * GRID
        for length, extent, count in zip(shape, size, counts, strict=True)
    )
    corners = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    if inside is not None:
        within = inside[corners[:, 0] + size[0] // 2, corners[:, 1] + size[1] // 2]
        corners = corners[within] if within.any() else corners
    return _cut(pixels, corners, size)


def edge_windows(pixels: Pixels, thumbnail: Pixels) -> Float32:
    """Return (N, h, w) grey levels, 0..255, of the windows with the strongest edges."""
    shape = pixels.shape[0], pixels.shape[1]
    if shape[0] * shape[1] <= WHOLE:
        return grey_levels(pixels)[None]
    size = _window(shape)
    grey = grey_levels(thumbnail)
    down, across = (
        np.abs(cv2.Sobel(grey, cv2.CV_32F, *order)).astype(np.float32) for order in ((0, 1), (1, 0))
    )
    slope = np.maximum(down, across)
    cells = shape[0] // size[0], shape[1] // size[1]
    strength = shrink_to_largest(slope, cells)
    order = np.argsort(-strength, axis=None, kind="stable")[:MOST]
    chosen = np.stack(np.unravel_index(np.sort(order), cells), axis=1)
    return _cut(pixels, chosen * np.array(size), size)


def shrink_to_largest(field: Float32, cells: tuple[int, int]) -> Float32:
    """Return about the largest value of every cell of a grid laid over a field.

    Parameters
    ----------
    field : (h, w) float32
    cells : (int, int)
        Rows and columns of the grid, each >= 1.

    Returns
    -------
    float32 array of shape `cells`
        Windows are as large as a cell, rounded up: neighbours overlap by up to a pixel.
    """
    extent = [max(-(-n // count), 1) for n, count in zip(field.shape, cells, strict=True)]
    widest = cv2.dilate(field, np.ones(extent, np.uint8))
    rows, cols = (
        ((np.arange(count) + 0.5) * n / count).astype(int)
        for n, count in zip(field.shape, cells, strict=True)
    )
    return widest[rows[:, None], cols]


def grey_levels(pixels: Pixels) -> Float32:
    """Return the (h, w) luma of (h, w, C) encoded pixels, float32 on a 0..255 scale."""
    grey = pixels[..., 0] if pixels.shape[2] == 1 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return to_levels(grey)


def _window(shape: tuple[int, int]) -> tuple[int, int]:
    return min(SIZE, shape[0]), min(SIZE, shape[1])


def _counts(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return how many windows to lay along rows and columns."""
    most_rows, most_cols = (max(n // extent, 1) for n, extent in zip(shape, size, strict=True))
    rows = min(max(round(float(np.sqrt(MOST * shape[0] / shape[1]))), 1), most_rows, MOST)
    return rows, min(max(MOST // rows, 1), most_cols)


def _cut(pixels: Pixels, corners: NDArray[np.intp], size: tuple[int, int]) -> Float32:
    return np.stack(
        [
            grey_levels(pixels[row : row + size[0], col : col + size[1]])
            for row, col in corners.tolist()
        ]
    )
