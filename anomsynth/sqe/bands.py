"""Energy of wavelet bands inside a defect and around it."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from anomsynth.fields.wavelets import STARLET_WHITE_SD
from anomsynth.sqe.noise import core
from anomsynth.sqe.region import Region

QUANTUM = 1 / 12  # variance of rounding to levels


@lru_cache(maxsize=1)  # two terms ask in turn
def log_ratios(region: Region) -> NDArray[np.float64] | None:
    """Return ln(energy inside / energy around) of the bands, fine to coarse, (4,).

    None for thin defects and where there are no surroundings. The rounding of the file is added to
    both energies, so that nothing over nothing is 1.
    """
    deep = core(region)
    if deep is None or not region.ring.any():
        return None
    ratios = []
    for band, white in zip(region.bands, STARLET_WHITE_SD, strict=False):
        square = band * band
        least = QUANTUM * white**2
        ratios.append(np.log((square[deep].mean() + least) / (square[region.ring].mean() + least)))
    return np.array(ratios, dtype=np.float64)
