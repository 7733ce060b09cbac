"""How sharp the camera is, read from the sharpest edges of a photo."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Camera, Float32

SHARPEST = 0.003  # share of the steps between neighbours that count as edges
REACH = 4  # pixels to each side in which an edge ends
BLURRED = 1.4  # from this spread on, pixels, edges outgrow the reach: measure at half the size
TYPICAL, EXTREME = 0.25, 0.03  # quantiles of the spread
SIGNIFICANT = 7.0  # least step of an edge, in noise standard deviations
FEWEST = 12  # edges
LEAST = 0.3  # a pixel's own width blurs as a Gaussian of 1 / sqrt(12) does
PLATEAUS = 0.7  # least share of an edge's height that its two sides keep
SPREADS = np.linspace(LEAST, 4.0, 371)
# Largest step between neighbours across a Gaussian edge of unit height.
STEPS = np.array([math.erf(1 / (2 * math.sqrt(2) * spread)) for spread in SPREADS])


def measure_blur(windows: Float32, noise_sd: float) -> tuple[float, float]:
    """Return the standard deviation of the point spread, pixels: typical and at the sharpest edge.

    An edge of height d blurred by a Gaussian of spread s steps by d erf(1 / (2 sqrt(2) s)) between
    the two pixels at its middle; oblique edges are stretched by 1 / cos. The 25th percentile over
    the edges stands for the optics, since most edges of a scene are not sharp themselves. Without
    edges the defaults of `Camera` are returned.

    Parameters
    ----------
    windows : (N, h, w) float32, grey levels 0..255
    noise_sd : float
        Noise of a middle grey, levels.
    """
    spreads = _spreads(windows, noise_sd)
    if spreads.size < FEWEST:
        return Camera().blur_px, Camera().sharpest_px
    typical, extreme = (float(np.quantile(spreads, share)) for share in (TYPICAL, EXTREME))
    if typical > BLURRED and min(windows.shape[1:]) >= 32:
        height, width = windows.shape[1] // 2, windows.shape[2] // 2
        half = np.stack(
            [cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in windows]
        )
        coarse = measure_blur(half, noise_sd / 2)
        # A pixel of twice the width adds (4 - 1) / 12 of variance.
        typical, extreme = (math.sqrt(max(4 * spread**2 - 0.25, 0)) for spread in coarse)
    return typical, min(extreme, typical)


def _spreads(windows: Float32, noise_sd: float) -> NDArray[np.float64]:
    """Return the spreads at the strongest edges along rows and columns."""
    views = (windows, np.ascontiguousarray(windows.transpose(0, 2, 1)))
    if min(windows.shape[1:]) < 2 * REACH + 4:
        return np.empty(0)
    # Pixels with room for a profile and for neighbours across it.
    steps = [
        np.abs(view[:, 1:-1, REACH + 1 : -REACH] - view[:, 1:-1, REACH : -REACH - 1])
        for view in views
    ]
    # Every seventh is enough for a quantile and falls on all rows and columns in turn.
    sample = np.concatenate([step.ravel()[::7] for step in steps])
    index = int((1 - SHARPEST) * (sample.size - 1))
    limit = max(float(np.partition(sample, index)[index]), SIGNIFICANT * noise_sd, 4.0)
    parts = [
        profile_spreads(view, step >= limit, noise_sd)
        for view, step in zip(views, steps, strict=True)
    ]
    return np.concatenate(parts)


def profile_spreads(
    view: Float32, strong: NDArray[np.bool_], noise_sd: float
) -> NDArray[np.float64]:
    """Return the spreads of edges across the last axis at the strong steps that lead their edge."""
    window, row, col = np.unravel_index(np.flatnonzero(strong), strong.shape)
    height, width = view.shape[1:]
    flat, start = view.ravel(), (window * height + row + 1) * width + col
    profile = flat.take(start + np.arange(2 * REACH + 2)[:, None]).astype(np.float64)
    across = np.zeros(row.size)
    for at in (start + REACH, start + REACH + 1):
        across += flat.take(at + width).astype(np.float64) - flat.take(at - width)
    return spreads_of(profile, across, noise_sd)


def spreads_of(
    profile: NDArray[np.float64], across: NDArray[np.float64], noise_sd: float
) -> NDArray[np.float64]:
    """Return the spreads of the edges that lead, fewer than n.

    Parameters
    ----------
    profile : (2 * REACH + 2, n) float64
        Grey levels across edges whose steepest step is the middle one. Changed in place.
    across : (n,) float64
        Change along the edge at the middle, over the four pixels to both sides.
    noise_sd : float
        Levels.
    """
    profile *= np.sign(profile[REACH + 1] - profile[REACH])
    before, middle, after = np.diff(profile[REACH - 1 : REACH + 3], axis=0)
    height = profile[REACH + 1 :].max(axis=0) - profile[: REACH + 1].min(axis=0)
    height = np.maximum(height - 2 * noise_sd, middle)
    cosine = middle / np.hypot(middle, across / 4)
    leads = (middle >= before) & (middle >= after) & (cosine > 0.75)
    # Thin lines and grains are steps up and down again: they show the texture, not the camera.
    sides = profile[-3:].mean(axis=0) - profile[:3].mean(axis=0)
    leads &= sides > PLATEAUS * height
    share = middle[leads] / height[leads]
    return np.maximum(np.interp(-share, -STEPS, SPREADS) * cosine[leads], LEAST)
