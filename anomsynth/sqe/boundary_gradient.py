"""Boundary gradient: whether the brightness jumps exactly at the outline, as in a collage.

Raw: natural logarithm of the mean step between neighbours that straddle the outline over the mean
step one pixel further in and out; about -0.3..4. High is bad. A camera spreads every edge over its
neighbours and never knows where somebody will draw the outline, so straddling steps are no larger
than the next ones; a paste cut out with its own mask leaves a seam even between like textures.
"""

import math

import numpy as np

from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

FEWEST = 8  # pairs
FLOOR = 0.5  # levels: rounding leaves such steps


def measure_boundary_gradient(region: Region) -> float | None:
    """Return the log ratio of straddling to neighbouring steps, None with too few pairs."""
    across, beside, count = 0.0, 0.0, 0
    for levels, inside in (
        (region.levels, region.inside),
        (region.levels.T, region.inside.T),
    ):
        crossing = inside[:, 1:] != inside[:, :-1]
        alone = crossing[:, 1:-1] & ~crossing[:, :-2] & ~crossing[:, 2:]
        rows, cols = np.nonzero(alone)
        before, left, right, after = (levels[rows, cols + offset] for offset in range(4))
        across += float(np.abs(right - left).sum())
        beside += float((np.abs(left - before) + np.abs(after - right)).sum()) / 2
        count += rows.size
    if count < FEWEST:
        return None
    return math.log((across / count + FLOOR) / (beside / count + FLOOR))


TERM = Term(
    "boundary_gradient",
    "fidelity",
    0.25,
    "high",
    measure_boundary_gradient,
    too_high="there is a seam along the outline of its mask",
    catches=("hard_paste", "flat_fill", "foreign"),
)
