"""Place: at the part's edge or inside, and how it lies to edge and grain."""

import math

import numpy as np

from anomsynth.fitting.defect import Defect

AT_EDGE = 2.5  # pixels


def measure_place(defect: Defect) -> dict[str, float]:
    """Return distance from the edge, share at the edge, depth, and directions.

    The distance is the log of the nearest pixel's over the part's side, depth the farthest pixel's
    over that of the part's deepest. `across_edge` is 1 where a long defect points into the part
    and -1 where it follows the outline, `along_grain` likewise; both are 0 for round defects and
    where there is no direction.
    """
    away = defect.edge[defect.core]
    length, width, turn = defect.axes
    long = 1 - min(width / length, 1.0)
    slope = _slope(defect, 1), _slope(defect, 0)
    steep = min(math.hypot(*slope), 1.0)
    normal = math.atan2(slope[1], slope[0])
    angle, coherence = defect.grain
    return {
        "from_edge": math.log((float(away.min()) + 1) / defect.part_size),
        "at_edge": float(np.mean(away <= AT_EDGE)),
        "inmost": float(away.max()) / defect.deepest,
        "across_edge": long * steep * math.cos(2 * (turn - normal)),
        "along_grain": long * coherence * math.cos(2 * (turn - angle)),
    }


def _slope(defect: Defect, axis: int) -> float:
    """Return how fast the distance to the part's outline grows along rows (0) or columns (1)."""
    steps = np.asarray(np.gradient(defect.edge, axis=axis))
    return float(steps[defect.core].mean())
