"""Cracks as the cheapest way through a material whose toughness varies from place to place."""

import cv2
import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.paths import Float64


def toughness(rough: Float32, edges: Float32, *, contrast: float, pull: float) -> Float32:
    """Return the relative fracture energy of every cell, > 0.

    Parameters
    ----------
    rough : (n, m) float32
        Grain-scale noise, zero mean, unit variance.
    edges : (n, m) float32 in [0, 1]
        Seams, pores and grain boundaries: 1 where the photo shows one.
    contrast : float, >= 0
        Standard deviation of the logarithm of the energy.
    pull : float in [0, 1)
        Share of the energy that a seam saves.

    Notes
    -----
    ``G = exp(contrast * rough) * (1 - pull * edges)``.
    """
    energy = np.exp(contrast * rough) * (1 - pull * edges)
    return np.asarray(energy, dtype=np.float32)


def grain_noise(shape: tuple[int, int], grain: float, rng: np.random.Generator) -> Float32:
    """Return noise with features of `grain` cells, (n, m) float32, mean 0, variance 1."""
    white = rng.standard_normal(shape, dtype=np.float32)
    if grain > 0.3:
        blurred = cv2.GaussianBlur(white, (0, 0), grain, borderType=cv2.BORDER_REFLECT)
        white = blurred.astype(np.float32, copy=False)
    spread = float(white.std())
    noise: Float32 = (white - white.mean()) / np.float32(spread if spread > 0 else 1)
    return noise


def cheapest_path(energy: Float32, bend: float, start: int | None = None) -> Float64:
    """Return the column of the cheapest way through each row, (n,) float64.

    Parameters
    ----------
    energy : (n, m) float32
        Cost of every cell; the way goes from the first row to the last and moves by at most one
        column a row.
    bend : float, >= 0
        Cost of a sideways move.
    start : int, optional
        Column in the first row; free if not given. The end is free.

    Notes
    -----
    Directed polymer in a random medium by dynamic programming. Its exact roughness exponent is
    2/3 (Huse & Henley 1985), a good proxy for quasi-two-dimensional cracks (0.6-0.7), which are
    not in the same class (Bouchbinder et al. 2006).
    """
    rows, cols = energy.shape
    total = energy[0].astype(np.float64)
    if start is not None:
        total = np.full(cols, np.inf)
        total[start] = energy[0, start]
    choice = np.empty((rows, cols), dtype=np.int8)
    padded = np.full(cols + 2, np.inf)
    for row in range(1, rows):
        padded[1:-1] = total
        from_left = padded[:-2] + bend
        from_right = padded[2:] + bend
        total = np.minimum(total, np.minimum(from_left, from_right))
        choice[row] = np.where(total == padded[1:-1], 0, np.where(total == from_left, -1, 1))
        total += energy[row]
    column = int(np.argmin(total))
    path = np.empty(rows)
    for row in range(rows - 1, -1, -1):
        path[row] = column
        if row:
            column += int(choice[row, column])
    return path


def smoothed(path: Float64, passes: int = 2) -> Float64:
    """Round off the one-cell steps of a path on a grid (binomial filter, ends kept)."""
    path = path.copy()
    for _ in range(passes):
        path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    return path
