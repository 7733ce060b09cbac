"""Size: how much of the part a defect covers, how long it is and how wide its strokes are."""

import math

from anomsynth.fitting.defect import Defect


def measure_size(defect: Defect) -> dict[str, float]:
    """Return logarithms of area over the part's, and of length and stroke width over its side."""
    length, _, _ = defect.axes
    return {
        "area": math.log(max(defect.region.share, 1e-7)),
        "length": math.log(length / defect.part_size),
        "width": math.log(defect.thickness / defect.part_size),
    }
