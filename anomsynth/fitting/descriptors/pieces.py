"""Pieces: into how many a defect falls, how their sizes differ, how much of the outline they fill.

Also how many defects there are in the picture, and how near the next one is.
"""

import math

import cv2
import numpy as np

from anomsynth.fitting.defect import Defect

LEAST = 2  # pixels of a piece
FAR = 8.0  # of its own sizes, from which the next defect is far


def measure_pieces(defect: Defect) -> dict[str, float]:
    """Return logs of their number and of largest over mean size, shares filled and open; groups."""
    core = np.ascontiguousarray(defect.core).view(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8, ltype=cv2.CV_32S)
    areas = stats[1:, cv2.CC_STAT_AREA]
    areas = areas[areas >= LEAST] if np.any(areas >= LEAST) else areas
    contours, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    closed = cv2.drawContours(np.zeros_like(core), contours, -1, 1, thickness=cv2.FILLED)
    filled = max(int(np.count_nonzero(closed)), 1)
    size = math.sqrt(max(int(np.count_nonzero(defect.outline)), 1))
    return {
        "pieces": math.log(len(areas)),
        "piece_scatter": math.log(float(areas.max()) / float(areas.mean())),
        "holes": 1 - defect.area / filled,
        "groups": math.log(min(defect.groups, 12)),
        "gap": math.log1p(min(defect.gap / size, FAR)),
    }
