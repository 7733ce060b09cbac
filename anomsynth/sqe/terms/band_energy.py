"""Band energy: whether the texture inside is as strong as around, scale by scale.

Raw: mean of abs(ln(energy inside / energy around)) over four starlet bands, weighted by how
steady each is on normal texture, so the fine ones count most; 0..8. High is bad: the texture of
another material, or none.
"""

import numpy as np

from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

# Standard deviation of the log ratios between two places of one texture, fine to coarse.
STEADINESS = np.array([0.05, 0.10, 0.28, 0.48])


def measure_band_energy(region: Region) -> float | None:
    """Return the weighted distance of the band energies, None for thin defects."""
    ratios = region.band_ratios
    if ratios is None:
        return None
    return float(np.average(np.abs(ratios), weights=1 / STEADINESS))


TERM = Term(
    "band_energy",
    "fidelity",
    0.05,
    "high",
    measure_band_energy,
    too_high="its texture is of another strength than the surface's",
)
