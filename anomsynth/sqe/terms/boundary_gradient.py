"""Boundary gradient: whether the brightness jumps exactly at the outline, as in a collage.

Raw: natural logarithm of the mean step between neighbours that straddle the outline over the mean
step one pixel further in and out; about -0.3..4. High is bad. A camera spreads every edge over its
neighbours and never knows where somebody will draw the outline, so straddling steps are no larger
than the next ones; a paste cut out with its own mask leaves a seam even between like textures.
"""

import math

import numpy as np

from anomsynth.core.types import Mask
from anomsynth.sqe.region import Region, thinned
from anomsynth.sqe.term import Term

FEWEST = 8  # pairs
FLOOR = 0.5  # levels: rounding leaves such steps


def measure_boundary_gradient(region: Region) -> float | None:
    """Return the log ratio of straddling to neighbouring steps, None with too few pairs."""
    across, beside, count = 0.0, 0.0, 0
    flat, width = region.levels.ravel(), region.levels.shape[1]
    for at, along in (
        (_straddling(region.inside), 1),
        (_straddling(region.inside.T).T, width),
    ):
        pairs = thinned(at)
        before, left, right, after = (flat.take(pairs + step * along) for step in (-1, 0, 1, 2))
        across += float(np.abs(right - left).sum())
        beside += float((np.abs(left - before) + np.abs(after - right)).sum()) / 2
        count += pairs.size
    if count < FEWEST:
        return None
    return math.log((across / count + FLOOR) / (beside / count + FLOOR))


def _straddling(inside: Mask) -> Mask:
    """Return where a pixel and the next of its row straddle the outline, and their next do not."""
    crossing = inside[:, 1:] ^ inside[:, :-1]
    alone = np.zeros_like(inside)
    alone[:, 1:-2] = crossing[:, 1:-1] & ~(crossing[:, :-2] | crossing[:, 2:])
    return alone


TERM = Term(
    "boundary_gradient",
    "fidelity",
    0.25,
    "high",
    measure_boundary_gradient,
    too_high="there is a seam along the outline of its mask",
    catches=("hard_paste", "flat_fill", "foreign"),
)
