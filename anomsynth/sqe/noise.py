"""Noise: whether the camera's noise is inside the defect too.

Raw: natural logarithm of the noise inside over what may be there: below, over the smaller of the
camera's noise at that brightness and the surroundings'; above, over the larger; 0 in between;
about -4..4. Both sides are bad: less noise than the camera has is a fill or a blur, more than the
surroundings have was added. Black and white pixels are left out, for they carry none.

Fine structure also answers to the noise filter. For a lack of noise that does not matter; for an
excess, structure is told from noise by its growth when the filter is spread to every other pixel.
"""

import math
from functools import lru_cache

import cv2
import numpy as np

from anomsynth.core.types import Float32, Mask
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

# Second differences along both axes are blind to planes; the mean magnitude of a Gaussian is
# sqrt(2 / pi) of its standard deviation (Immerkaer 1996).
KERNEL = np.outer((1, -2, 1), (1, -2, 1)).astype(np.float32) * np.float32(np.sqrt(np.pi / 2) / 6)
SPREAD = np.zeros((5, 5), dtype=np.float32)
SPREAD[::2, ::2] = KERNEL
GROWTH = 2.5  # of the variance of fine structure under the spread filter; white noise: 1
LEAST_SHARE = 0.02  # of the variance is noise, whatever the structure
DEPTHS = (2.5, 1.5)  # pixels inside the outline, where its edge no longer counts
FEWEST = 12  # pixels
BLACK, WHITE = 6.0, 249.0  # levels
ROUNDING = 0.15  # levels, keeps ratios of nothing to nothing at 1


@lru_cache(maxsize=1)  # three terms ask in turn
def core(region: Region) -> Mask | None:
    """Return the pixels well inside the defect, None if there are too few."""
    for depth in DEPTHS:
        deep = region.depth >= depth
        if np.count_nonzero(deep) >= FEWEST:
            return deep
    return None


def measure_noise_ratio(region: Region) -> float | None:
    """Return the log ratio of noise inside to what may be there, None for thin defects."""
    deep = core(region)
    if deep is None or not region.ring.any():
        return None
    deep = deep & (region.levels > BLACK) & (region.levels < WHITE)
    if np.count_nonzero(deep) < FEWEST:
        return None
    fine, coarse = (
        np.abs(np.asarray(cv2.filter2D(region.levels, cv2.CV_32F, kernel), dtype=np.float32))
        for kernel in (KERNEL, SPREAD)
    )
    camera = float(region.camera.noise_sd(region.levels[deep]).mean())
    around = _without_structure(fine[region.ring], coarse[region.ring])
    excess = _log_ratio(_without_structure(fine[deep], coarse[deep]), max(camera, around))
    if excess > 0:
        return excess
    lack = _log_ratio(float(fine[deep].mean()), min(camera, float(fine[region.ring].mean())))
    return min(lack, 0.0)


def _without_structure(fine: Float32, coarse: Float32) -> float:
    """Return the noise that is left when what grows with scale is taken off, levels."""
    total, spread = float(fine.mean()) ** 2, float(coarse.mean()) ** 2
    noise = (GROWTH * total - spread) / (GROWTH - 1)
    return math.sqrt(min(max(noise, LEAST_SHARE * total), total))


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
)
