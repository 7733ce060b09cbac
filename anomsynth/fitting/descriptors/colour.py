"""Colour: how the hue shifts, and whether it is one colour; all 0 on grey pictures."""

import math

import numpy as np

from anomsynth.fitting.defect import Defect

LEAST_DELTA_E = 2.0  # CIE units


def measure_colour(defect: Defect) -> dict[str, float]:
    """Return shifts towards red and yellow over the rms distance, their share and their spread."""
    if defect.difference.shape[1] == 1:
        return {"redder": 0.0, "yellower": 0.0, "coloured": 0.0, "colour_spread": 0.0}
    shift = defect.difference.astype(np.float64)
    rms = max(math.sqrt(float(np.mean(np.square(shift).sum(axis=1)))), LEAST_DELTA_E)
    red, yellow = shift[:, 1], shift[:, 2]
    return {
        "redder": float(red.mean()) / rms,
        "yellower": float(yellow.mean()) / rms,
        "coloured": math.sqrt(float(np.mean(red**2 + yellow**2))) / rms,
        "colour_spread": math.hypot(float(red.std()), float(yellow.std())) / rms,
    }
