"""A slow change of light around what changed: the eye joins a defect to the part by it."""

import math

import cv2
import numpy as np

from anomsynth.core.pixels import bands, on_channels, over_channels
from anomsynth.core.statistics import mean
from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.grid import Grid
from anomsynth.fields.poisson import inner_laplacian, solve_screened_poisson
from anomsynth.fields.regions import depth_inside

MOST_CELLS = 64  # along the longer side: the offset is smooth
FEWEST_CELLS = 24
PER_INRADIUS = 6  # cells
LOCK_CELLS = 256  # cells a side on which the offset fades towards the rim
LOCKED = 0.3  # share of the inradius over which it fades


def with_slow_offset(
    before: Float32, after: Float32, support: Mask, gain: float, screening: float
) -> tuple[Float32, float]:
    """Add the screened-Poisson response to a change of light, where the change itself shows.

    Solves ``-lap o + o / s^2 = delta / s^2`` on cells; towards the rim of the support the offset
    fades out.

    Parameters
    ----------
    before, after : (h, w, C) float32 linear light in [0, 1]
        Equal outside `support`.
    support : (h, w) bool
    gain : float
        Of the offset.
    screening : float > 0
        Screening length s over the inradius of the support.

    Returns
    -------
    light : (h, w, C) float32 in [0, 1]
    residual : float >= 0
        Norm of what the equation leaves over that of its right side, of the worst channel.
    """
    depth = _depth(support)
    inradius = max(float(np.maximum.reduce(depth, axis=None)), 1.0)
    grid = _grid(support.shape, inradius)
    screen = (grid.step / max(screening * inradius, 1.0)) ** 2
    change = after - before
    source = grid.reduce(change) * np.float32(screen)
    answer = solve_screened_poisson(source, screen)
    residual = _residual(answer, source, screen)
    answer *= np.float32(gain)
    depth *= np.float32(1 / max(LOCKED * inradius, 1.0))
    lock = np.minimum(depth, np.float32(1), out=depth)
    lock *= lock * (3 - 2 * lock)
    if lock.shape != support.shape:
        height, width = support.shape
        full = cv2.resize(lock, (width, height), interpolation=cv2.INTER_LINEAR)
        lock = np.asarray(full, dtype=np.float32)
    lock *= support
    return _added(after, change, grid.refine(answer), lock), residual


def _depth(support: Mask) -> Float32:
    """Return the distance to the outside in pixels, on at most about LOCK_CELLS cells a side."""
    step = max(max(support.shape) // LOCK_CELLS, 1)
    if step == 1:
        return depth_inside(support)
    size = (-(-support.shape[1] // step), -(-support.shape[0] // step))
    small = cv2.resize(support.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return depth_inside(small) * np.float32(step)


def _grid(shape: tuple[int, ...], inradius: float) -> Grid:
    """Return cells as fine as the defect is narrow, within limits."""
    longest = max(shape)
    coarsest = max(min(int(inradius / PER_INRADIUS), longest // FEWEST_CELLS), 1)
    step = max(math.ceil(longest / MOST_CELLS), coarsest)
    return Grid(Box(0, 0, shape[0], shape[1]), step)


def _residual(answer: Float32, source: Float32, screen: float) -> float:
    if min(source.shape[:2]) <= 2:
        return 0.0
    inner = (slice(1, -1), slice(1, -1))
    rest = np.float32(screen) * answer[inner] - inner_laplacian(answer) - source[inner]
    norms = (np.sqrt((part * part).sum(axis=(0, 1))) for part in (rest, source))
    return max(
        float(left / whole) if whole > 0 else 0.0 for left, whole in zip(*norms, strict=True)
    )


def _added(after: Float32, change: Float32, offset: Float32, lock: Float32) -> Float32:
    """Add an offset where the lock is open and the change shows; `change` is used up."""
    stride = max(max(lock.shape) // LOCK_CELLS, 1)
    some = (slice(None, None, stride), slice(None, None, stride))
    strength = over_channels(np.maximum, np.abs(change[some]))
    shown = strength[lock[some] > 0]
    typical = math.sqrt(float(mean(shown * shown))) if shown.size else 0.0
    # Where the defect itself hardly shows, the offset must not make it show.
    least = np.float32(0.5 * typical + 1e-6)
    parts = list(bands(*lock.shape))
    for rows in parts:
        light = change[rows]  # whose memory holds the result
        if stride > 1 or len(parts) > 1:
            strength = over_channels(np.maximum, np.abs(light))
        present = np.asarray(strength / (strength + least), dtype=np.float32)
        present *= lock[rows]
        np.multiply(offset[rows], on_channels(present, light.shape[2]), out=light)
        light += after[rows]
        light.clip(0, 1, out=light)
    return change
