"""Noise: whether the camera's noise is inside the defect too.

Raw: natural logarithm of the noise inside over what may be there; about -3..3. Both sides are bad:
less noise than the camera has is a fill or a blur, more than the surroundings have was added. In
between it is 0. Black and white pixels are left out, for they carry none.

Noise is measured by the smallest of the second differences along four directions, for an edge or a
stroke, hairlines too, leaves nothing along itself. An excess must top the larger of the camera's
and the surroundings', and the curvature that is left after smoothing, for that is structure; with
the good photo at hand it is the excess of the change, so that the surface's own texture does not
count. Sampling error shrinks it in small defects. A lack is one against the smaller of the camera's
and the surroundings', in the median, since a fill has its edges, too. The larger one counts.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.statistics import mean, median
from anomsynth.core.types import Float32
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term
from anomsynth.surface.windows import grey_levels

MEAN, MEDIAN = 0.88, 0.55  # of the smallest of four second differences, unit white noise
SMOOTHING = 1.0  # pixels, before curvature counts as structure
SMALL = 100  # pixels in which chance is as large as the difference between good defects
FEWEST = 12  # pixels
MOST = 1024  # pixels of the surroundings
BLACK, WHITE = 6.0, 249.0  # levels
ROUNDING = 0.15  # levels, keeps ratios of nothing to nothing at 1

Places = NDArray[np.intp]


def measure_noise_ratio(region: Region) -> float | None:
    """Return the log ratio of noise inside to what may be there, None for specks."""
    inside = _exposed(region, region.inside_at)
    if inside.size < FEWEST or not region.ring_at.size:
        return None
    ring = region.ring_at[:: max(region.ring_at.size // MOST, 1)]
    levels = _padded(region.levels)
    ring = _in_padded(ring, region)
    around = _bends(levels, ring)
    excess = max(_excess(region, inside, levels, (ring, around)), 0.0)
    deep = _exposed(region, region.core_at)
    deep = deep if deep.size >= FEWEST else inside
    least = min(MEDIAN * _camera(region, deep), float(median(around)))
    lack = _log_ratio(float(median(_bends(levels, _in_padded(deep, region)))), least)
    return lack if -lack > excess else excess


def _excess(region: Region, inside: Places, levels: Float32, ring: tuple[Places, Float32]) -> float:
    """Return the log ratio to the most noise that may be there, shrunk where there is chance.

    `ring` holds the places of the surroundings and their second differences.
    """
    change, (places, around) = levels, ring
    if region.original is not None:
        surface = _padded(grey_levels(region.original))
        change = levels - surface
        around = _bends(surface, places)
    at, width = _in_padded(inside, region), levels.shape[1]
    smooth = cv2.GaussianBlur(change, (0, 0), SMOOTHING).ravel()
    curvature = smooth.take(at) * np.float32(-4)
    for step in (-1, 1, -width, width):
        curvature += smooth.take(at + step)
    structure = float(mean(np.abs(curvature)))
    usual = math.hypot(max(float(mean(around)), MEAN * _camera(region, inside)), structure)
    excess = _log_ratio(float(mean(_bends(change, at))), usual)
    return excess / math.sqrt(1 + SMALL / inside.size)


def _exposed(region: Region, at: Places) -> Places:
    """Return the pixels that are neither black nor white."""
    levels = region.levels.take(at)
    return at[(levels > BLACK) & (levels < WHITE)]


def _camera(region: Region, at: Places) -> float:
    return float(mean(region.camera.noise_sd(region.levels.take(at))))


def _padded(levels: Float32) -> Float32:
    """Return levels with a mirrored pixel on each side."""
    edged = cv2.copyMakeBorder(levels, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    return np.asarray(edged, dtype=np.float32)


def _in_padded(at: Places, region: Region) -> Places:
    """Return flat positions in a region as those in its padded levels."""
    width = region.inside.shape[1]
    return at + 2 * (at // width) + (width + 3)


def _bends(padded: Float32, at: Places) -> Float32:
    """Return the smallest second difference of four directions at flat positions, (n,), levels."""
    flat, width = padded.ravel(), padded.shape[1]
    twice = 2 * flat.take(at)
    least = np.abs(flat.take(at - 1) + flat.take(at + 1) - twice)
    for step in (width - 1, width, width + 1):
        second = flat.take(at - step) + flat.take(at + step)
        second -= twice
        np.minimum(least, np.abs(second, out=second), out=least)
    return least


def _log_ratio(first: float, second: float) -> float:
    return math.log((first + ROUNDING) / (second + ROUNDING))


TERM = Term(
    "noise",
    "fidelity",
    0.25,
    "both",
    measure_noise_ratio,
    too_low="it lacks the camera's noise",
    too_high="it is noisier than its surroundings",
    catches=("flat_fill", "noisy"),
    compares=True,
)
