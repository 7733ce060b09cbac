"""Edge: how sharp the border is, and how the picture changes across it."""

import numpy as np

from anomsynth.fitting.defect import Defect
from anomsynth.sqe.terms.edge_width import measure_edge_width

DEPTHS = (-4.0, -1.5, 1.5, 4.0, 9.0)  # pixels, ends of bins of the profile
NAMES = ("outside", "border", "inner", "deep")


def measure_edge(defect: Defect) -> dict[str, float]:
    """Return edge width, coherence, and the departure in bins across the border.

    The departures are relative to the core's mean. NaN where there are too few edges or pixels.
    """
    region = defect.region
    width, coherence = measure_edge_width(region), region.coherence
    bins = np.digitize(region.depth, DEPTHS).ravel()
    count = np.bincount(bins, minlength=len(DEPTHS) + 1)
    total = np.bincount(bins, weights=region.departure.ravel(), minlength=len(DEPTHS) + 1)
    mean = max(float(region.departure[defect.core].mean()), 1e-3)
    profile = np.where(count > 0, total / np.maximum(count, 1), np.nan)[1 : 1 + len(NAMES)] / mean
    return {
        "edge_width": np.nan if width is None else width,
        "coherence": np.nan if coherence is None else coherence,
        **dict(zip(NAMES, np.clip(profile, 0, 4).tolist(), strict=True)),
    }
