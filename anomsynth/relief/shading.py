"""A picture of a relief, for data that have depth and no colour: Lambert's law in a fixed light."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import encode_levels, quantise
from anomsynth.core.pixels import slope_of
from anomsynth.core.types import Float32, Light

# Half raking from the upper left, as relief is drawn on maps; all of it known, nothing drawn.
LAMP = Light(azimuth_deg=135.0, elevation_deg=45.0, confidence=1.0)
AMBIENT = 0.35  # share of the light that has no direction
TONE = 0.22  # linear light that a flat, level place sends back: middle grey
SMOOTH_PX = 1.0  # the sensor's noise would make slopes of its own
STEEPEST = 4.0
GAP = np.ones((3, 3), np.uint8)  # the least that is a gap


def shaded(raised: Float32, mm_per_px: float) -> NDArray[np.uint8]:
    """Return how a relief looks in light from the upper left.

    Parameters
    ----------
    raised : (H, W) float32, millimeters
        How near each point is to the sensor; NaN where nothing was measured. Gaps are black,
        single points are not: a sensor drops some everywhere.
    mm_per_px : float

    Returns
    -------
    (H, W, 1) uint8, sRGB

    Notes
    -----
    ``L = tone (a + (1 - a) max(n . l, 0) / l_up)`` with n the unit normal of the height over the
    picture's plane, after a Gaussian of one pixel, and a the ambient share (Lambert 1760).

    Examples
    --------
    >>> ramp = np.tile(np.arange(20, dtype=np.float32), (20, 1))
    >>> away, towards = shaded(-ramp, 2.0), shaded(ramp, 2.0)  # lit from the left
    >>> bool(towards[10, 10, 0] > away[10, 10, 0])
    True
    """
    valid = np.isfinite(raised)
    steps = _filled(raised, valid) / np.float32(mm_per_px)
    smooth = cv2.GaussianBlur(steps, (0, 0), SMOOTH_PX, borderType=cv2.BORDER_REPLICATE)
    relief = np.asarray(smooth, dtype=np.float32)
    down, right = (slope_of(relief, axis).clip(-STEEPEST, STEEPEST) for axis in (0, 1))
    to_row, to_col, to_up = (np.float32(part) for part in LAMP.vector)
    facing = (to_up - down * to_row - right * to_col) / np.sqrt(1 + down * down + right * right)
    light = AMBIENT + (1 - AMBIENT) * np.maximum(facing, 0) / to_up
    gaps = cv2.morphologyEx((~valid).view(np.uint8), cv2.MORPH_OPEN, GAP) > 0
    light = np.where(gaps, 0, np.float32(TONE) * light).clip(0, 1).astype(np.float32)
    levels = encode_levels(light[..., None], "srgb")
    return np.asarray(quantise(levels, np.dtype(np.uint8)), dtype=np.uint8)


def _filled(raised: Float32, valid: NDArray[np.bool_]) -> Float32:
    """Return the relief with the mean of what is near where nothing was measured.

    From coarse to fine, so that no gap has an edge of its own in the shading.
    """
    if valid.all() or not valid.any():
        return np.nan_to_num(raised).astype(np.float32)
    middle = np.float32(np.median(raised[valid]))
    known = np.where(valid, raised - middle, 0).astype(np.float32)
    weight = valid.astype(np.float32)
    filled = np.zeros_like(known)
    sigma = max(raised.shape) / 4
    while sigma >= 1:
        blurred, share = (
            np.asarray(_blurred(field, sigma), dtype=np.float32) for field in (known, weight)
        )
        here = share > 1e-3
        filled = np.where(here, blurred / np.maximum(share, 1e-6), filled)
        sigma /= 3
    return np.where(valid, raised, filled + middle).astype(np.float32)


def _blurred(field: Float32, sigma: float) -> Float32:
    """Blur; wide Gaussians on a smaller grid, which is as good and costs next to nothing."""
    step = max(int(sigma // 3), 1)
    if step == 1:
        return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma), dtype=np.float32)
    size = (max(field.shape[1] // step, 1), max(field.shape[0] // step, 1))
    small = cv2.resize(field, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step)
    wide = cv2.resize(small, field.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide, dtype=np.float32)
