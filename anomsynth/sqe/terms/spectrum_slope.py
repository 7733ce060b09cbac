"""Spectrum slope: whether fine and coarse details keep their balance inside the defect.

Raw: slope of ln(energy inside / energy around) over the starlet bands, fine to coarse, per octave;
0 = the surroundings' spectrum, about -2..4. Both sides are bad: negative is added noise, positive
is blur or a fill.
"""

import numpy as np

from anomsynth.sqe.region import BANDS, Region
from anomsynth.sqe.term import Term

OCTAVES = np.arange(BANDS) - (BANDS - 1) / 2


def measure_spectrum_slope(region: Region) -> float | None:
    """Return the slope difference per octave, None for thin defects."""
    ratios = region.band_ratios
    if ratios is None:
        return None
    return float((ratios * OCTAVES).sum() / (OCTAVES**2).sum())


TERM = Term(
    "spectrum_slope",
    "fidelity",
    0.05,
    "both",
    measure_spectrum_slope,
    too_low="it has too much fine detail for its coarse detail",
    too_high="it has too little fine detail for its coarse detail",
)
