"""Gamut: whether a camera can have seen these colours and tones here.

Raw: root-mean-square distance, in just noticeable differences, of the chroma inside from what a
darker, lighter or greyer version of the surroundings may have (towards rust and burns a tolerance
is allowed), plus ten times the share of pixels at black or white beyond the surroundings'; 0..40.
High is bad.
"""

import math

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.statistics import median
from anomsynth.core.types import Float32
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

JUST_VISIBLE = 2.3  # CIE 1976 units (Mahy et al. 1994)
WARM = 35.0  # chroma that oxides and burns reach at positive a* and b*, CIE units
BLACK, WHITE = 2.0, 253.0  # levels
CLIPPED = 10.0


def measure_gamut(region: Region) -> float | None:
    """Return the distance from possible colours, None without surroundings."""
    if not region.ring_at.size:
        return None
    distance = 0.0
    if region.colour.shape[2] == 3:
        distance = _chroma_distance(
            *(
                region.colour.reshape(-1, 3).take(at, axis=0)
                for at in (region.inside_at, region.ring_at)
            )
        )
    clipped = _clipped(region, region.inside_at) - _clipped(region, region.ring_at)
    return distance + CLIPPED * max(clipped, 0.0)


def _clipped(region: Region, at: NDArray[np.intp]) -> float:
    levels = region.levels.take(at)
    return int(np.count_nonzero((levels <= BLACK) | (levels >= WHITE))) / at.size


def _chroma_distance(inside: Float32, around: Float32) -> float:
    """Return the rms distance of (n, 3) colours from the segment grey - surroundings - richer."""
    middle_a, middle_b = (float(median(around[:, plane])) for plane in (1, 2))
    there_a, there_b = (around[:, plane].astype(np.float64) for plane in (1, 2))
    spread = math.sqrt(_square(there_a - middle_a) + _square(there_b - middle_b))
    a, b = (inside[:, plane].astype(np.float64) for plane in (1, 2))
    length = middle_a**2 + middle_b**2
    warm = (a > 0) & (b > 0) & (a * a + b * b < WARM**2)
    if length > 1:
        along = ((a * middle_a + b * middle_b) / length).clip(0, 1.5)
        a -= along * middle_a
        b -= along * middle_b
    off = np.sqrt(a * a + b * b)
    off -= 2 * spread
    off[warm | (off < 0)] = 0
    return math.sqrt(_square(off)) / JUST_VISIBLE


def _square(values: NDArray[np.float64]) -> float:
    """Return the mean square."""
    return float(np.dot(values, values)) / values.size


TERM = Term(
    "gamut",
    "fidelity",
    0.1,
    "high",
    measure_gamut,
    too_high="its colours or tones cannot come from this surface",
)
