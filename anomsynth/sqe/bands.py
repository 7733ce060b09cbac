"""Energy of wavelet bands inside a defect and around it."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from anomsynth.fields.wavelets import STARLET_WHITE_SD
from anomsynth.sqe.region import Region

QUANTUM = 1 / 12  # variance of rounding to levels


@lru_cache(maxsize=1)  # two terms ask in turn
def log_ratios(region: Region) -> NDArray[np.float64] | None:
    """Return ln(energy inside / energy around) of the bands, fine to coarse, (4,).

    None for thin defects and where there are no surroundings. The rounding of the file is added to
    both energies, so that nothing over nothing is 1.
    """
    if not region.core_at.size or not region.ring_at.size:
        return None
    ratios = []
    for band, white in zip(region.bands, STARLET_WHITE_SD, strict=False):
        deep, around = band.take(region.core_at), band.take(region.ring_at)
        least = QUANTUM * white**2
        inside = float(np.dot(deep, deep)) / deep.size + least
        ratios.append(np.log(inside / (float(np.dot(around, around)) / around.size + least)))
    return np.array(ratios, dtype=np.float64)
