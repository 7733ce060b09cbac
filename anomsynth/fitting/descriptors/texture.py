"""Texture inside against around: whether the surface is gone, covered, or in another light."""

import numpy as np

from anomsynth.fitting.defect import Defect
from anomsynth.sqe.terms.noise import measure_noise_ratio

WIDEST = 4.0  # of logarithms; beyond, more does not say more


def measure_texture(defect: Defect) -> dict[str, float]:
    """Return logs of energy inside over around in four bands, and of the noise; NaN if too thin."""
    ratios = defect.region.band_ratios
    bands = np.full(4, np.nan) if ratios is None else ratios
    noise = measure_noise_ratio(defect.region)
    values = [*bands.tolist(), np.nan if noise is None else noise]
    names = ("finest", "fine", "coarse", "coarsest", "noise")
    return {
        name: float(np.clip(value, -WIDEST, WIDEST))
        for name, value in zip(names, values, strict=True)
    }
