"""Wholeness: whether the mask of a defect is of one piece.

Raw: share of the mask that its largest piece holds, in (0, 1]. Low is bad: a mask like confetti
teaches a detector noise.
"""

import cv2
import numpy as np

from anomsynth.plugins import Plateau, Region, Term


def measure_wholeness(region: Region) -> float:
    """Return the share of the largest piece."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(region.inside.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]  # the first is what is not marked
    return float(areas.max() / areas.sum())


TERM = Term(
    "wholeness",
    "utility",
    0.05,
    "low",
    measure_wholeness,
    too_low="its mask is in pieces",
    curve=Plateau(low=0.3, high=1.0, low_width=0.5, high_width=1.0),
)
