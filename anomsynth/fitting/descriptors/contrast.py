"""Contrast: how visible it is, darker or lighter, even or mixed, and shaded as relief is or not."""

import math

import numpy as np

from anomsynth.fitting.defect import Defect

LEAST_DELTA_E = 0.5  # CIE units
CLEAR = 1.0  # standard deviations of the surroundings


def measure_contrast(defect: Defect) -> dict[str, float]:
    """Return logs of d' and of the rms colour distance, tone, shares, mixture and shading.

    Tone is the mean change of lightness over the rms distance, in [-1, 1]; mixture its standard
    deviation over the rms. Shading is how far the lightness falls from one side to the other (a
    dent's does), in units of the rms.
    """
    light = defect.difference[:, 0].astype(np.float64)
    rms = max(math.sqrt(float(np.mean(np.square(defect.difference).sum(axis=1)))), LEAST_DELTA_E)
    sd = defect.region.normal_sd
    rows, cols = (place.astype(np.float64) for place in np.nonzero(defect.core))
    reach = max(math.hypot(float(rows.std()), float(cols.std())), 0.5)
    slope = (
        float(np.mean(light * (rows - rows.mean()))),
        float(np.mean(light * (cols - cols.mean()))),
    )
    return {
        "d_prime": math.log(rms / sd),
        "delta_e": math.log(rms),
        "tone": float(light.mean()) / rms,
        "darker": float(np.mean(light < -CLEAR * sd)),
        "lighter": float(np.mean(light > CLEAR * sd)),
        "mixture": float(light.std()) / rms,
        "shading": math.hypot(*slope) / (reach * rms),
    }
