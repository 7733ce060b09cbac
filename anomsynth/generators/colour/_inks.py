"""Printed ink as optical density over the paper, and what presses do wrong with it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.pixels import look_up
from anomsynth.core.types import Float32

CELLS = 16  # the paper's light is taken as this smooth
NEAR = 9  # cells across which paper is looked for: letters are narrower than that
LEAST_LIGHT = 2e-3
Float64 = NDArray[np.float64]


def paper_light(light: Float32) -> Float32:
    """Return the light of the unprinted paper, (h, w, C), from its brightest places nearby.

    Parameters
    ----------
    light : (h, w, C) float32 linear light
    """
    height, width = light.shape[:2]
    step = max(max(height, width) // CELLS, 1)
    cells = light
    for axis in (0, 1):
        cells = np.maximum.reduceat(cells, np.arange(0, light.shape[axis], step), axis=axis)
    top = cv2.dilate(cells, np.ones((NEAR, NEAR), np.uint8)).reshape(cells.shape)
    soft = cv2.GaussianBlur(top, (0, 0), 1.5, borderType=cv2.BORDER_REFLECT).reshape(cells.shape)
    full = cv2.resize(np.asarray(soft), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(np.asarray(full, np.float32).reshape(light.shape), np.float32(LEAST_LIGHT))


def ink_density(light: Float32, paper: Float32) -> Float32:
    """Return the density of the ink, ``ln(paper / light)``, >= 0, same shape."""
    return np.maximum(np.log(paper / np.maximum(light, np.float32(LEAST_LIGHT))), 0)


def printed(paper: Float32, density: Float32) -> Float32:
    """Return the light of paper with ink, ``paper exp(-density)``; inverts `ink_density`."""
    return np.asarray(paper * np.exp(-density), dtype=np.float32)


def moved(plane: Float32, down: Float32, right: Float32) -> Float32:
    """Return a (h, w) plane shifted by (h, w) fields of pixels, which may vary slowly.

    What lies outside is continued from the border.
    """
    rows, cols = plane.shape
    at_row = np.arange(rows, dtype=np.float32)[:, None] - down
    at_col = np.arange(cols, dtype=np.float32)[None, :] - right
    return look_up(plane, at_row, at_col, cv2.INTER_LINEAR)


def dragged(density: Float32, way: tuple[float, float], length: float) -> Float32:
    """Return ink dragged along a direction: a trail that falls by 1/e over `length` pixels.

    Parameters
    ----------
    density : (h, w) or (h, w, C) float32
    way : (row, col)
        Unit vector.
    length : float > 0

    Notes
    -----
    ``sum_k a**k D(x - k way)`` by doubling: six shifts make a trail of 64 steps.
    """
    size = (density.shape[1], density.shape[0])
    step = max(length / 16, 1.0)
    keep = float(np.exp(-step / length))
    trail = density.copy()
    reach, share = step, keep
    for _ in range(6):
        shift = np.array([[1, 0, way[1] * reach], [0, 1, way[0] * reach]], dtype=np.float64)
        away = cv2.warpAffine(trail, shift, size, flags=cv2.INTER_LINEAR)
        trail = trail + np.float32(share) * np.asarray(away, np.float32).reshape(density.shape)
        reach, share = 2 * reach, share * share
    return np.asarray(trail * np.float32(1 - keep), dtype=np.float32)
