"""Noise: whether the camera's noise is inside the defect too.

Raw: natural logarithm of the noise inside over what may be there; about -4..3. Both sides are bad:
less noise than the camera has is a fill or a blur, more than the surroundings have was added. In
between it is 0. Black and white pixels are left out, for they carry none.

Excess is looked for in all defects, hairlines too: of the second differences along four directions
the smallest, which an edge or a stroke leaves at nothing along itself, against the larger of the
surroundings' and the camera's, and against the curvature that is left after smoothing, for that is
structure. With the good photo at hand it is the change that is measured, so that the surface's own
texture does not count. Sampling error shrinks the value of small defects. Lack is looked for where
a defect is thick enough to have pixels away from its edges.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32
from anomsynth.sqe.region import Region, thinned
from anomsynth.sqe.term import Term
from anomsynth.surface.windows import grey_levels

# Second differences along both axes are blind to planes; the mean magnitude of a Gaussian is
# sqrt(2 / pi) of its standard deviation (Immerkaer 1996).
KERNEL = np.outer((1, -2, 1), (1, -2, 1)).astype(np.float32) * np.float32(np.sqrt(np.pi / 2) / 6)
LEAST_OF_FOUR = 0.88  # mean of the smallest of the four second differences of unit white noise
SMOOTHING = 1.0  # pixels, before curvature counts as structure
SMALL = 30  # pixels in which chance is as large as the difference between good defects
FEWEST = 12  # pixels
BLACK, WHITE = 6.0, 249.0  # levels
ROUNDING = 0.15  # levels, keeps ratios of nothing to nothing at 1

Places = NDArray[np.intp]


def measure_noise_ratio(region: Region) -> float | None:
    """Return the log ratio of noise inside to what may be there, None for specks."""
    inside = _exposed(region, thinned(region.inside))
    if inside.size < FEWEST or not region.ring_at.size:
        return None
    camera = float(region.camera.noise_sd(region.levels.take(inside)).mean())
    excess = _excess(region, inside, camera)
    if excess > 0:
        return excess
    deep = _exposed(region, region.core_at)
    if deep.size < FEWEST:
        return 0.0
    response = np.abs(np.asarray(cv2.filter2D(region.levels, cv2.CV_32F, KERNEL), dtype=np.float32))
    around = float(response.take(region.ring_at).mean())
    camera = float(region.camera.noise_sd(region.levels.take(deep)).mean())
    return min(_log_ratio(float(response.take(deep).mean()), min(camera, around)), 0.0)


def _exposed(region: Region, at: Places) -> Places:
    """Return the pixels that are neither black nor white."""
    levels = region.levels.take(at)
    return at[(levels > BLACK) & (levels < WHITE)]


def _excess(region: Region, inside: Places, camera: float) -> float:
    surface = region.levels if region.original is None else grey_levels(region.original)
    change = region.levels if region.original is None else region.levels - surface
    rough, curved = _roughness(change, inside, structure=True)
    around, _ = _roughness(surface, region.ring_at)
    usual = math.hypot(max(around, LEAST_OF_FOUR * camera), curved)
    return _log_ratio(rough, usual) / math.sqrt(1 + SMALL / inside.size)


def _roughness(levels: Float32, at: Places, *, structure: bool = False) -> tuple[float, float]:
    """Return the mean least second difference at some pixels, and the curvature if asked for."""
    padded = cv2.copyMakeBorder(levels, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    width = padded.shape[1]
    rows, cols = np.divmod(at, levels.shape[1])
    middle = (rows + 1) * width + cols + 1
    flat = padded.ravel()
    twice = 2 * flat.take(middle)
    least = np.abs(flat.take(middle - 1) + flat.take(middle + 1) - twice)
    for step in (width, width + 1, width - 1):
        second = flat.take(middle - step) + flat.take(middle + step)
        second -= twice
        np.minimum(least, np.abs(second, out=second), out=least)
    if not structure:
        return float(least.mean()), 0.0
    smooth = cv2.GaussianBlur(padded, (0, 0), SMOOTHING).ravel()
    curvature = smooth.take(middle) * np.float32(-4)
    for step in (-1, 1, -width, width):
        curvature += smooth.take(middle + step)
    return float(least.mean()), float(np.abs(curvature).mean())


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
