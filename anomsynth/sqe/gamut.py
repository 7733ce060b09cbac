"""Gamut: whether a camera can have seen these colours and tones here.

Raw: root-mean-square distance, in just noticeable differences, of the chroma inside from what a
darker, lighter or greyer version of the surroundings may have (towards rust and burns a tolerance
is allowed), plus ten times the share of pixels at black or white beyond the surroundings'; 0..40.
High is bad.
"""

import numpy as np
from numpy.typing import NDArray

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
        colours = region.colour.reshape(-1, 3)
        distance = _chroma_distance(colours[region.inside_at], colours[region.ring_at])
    clipped = _clipped(region, region.inside_at) - _clipped(region, region.ring_at)
    return distance + CLIPPED * max(clipped, 0.0)


def _clipped(region: Region, at: NDArray[np.intp]) -> float:
    levels = region.levels.take(at)
    return int(np.count_nonzero((levels <= BLACK) | (levels >= WHITE))) / at.size


def _chroma_distance(inside: Float32, around: Float32) -> float:
    """Return the rms distance of (n, 3) colours from the segment grey - surroundings - richer."""
    middle = np.median(around[:, 1:], axis=0).astype(np.float64)
    spread = float(np.sqrt(np.mean((around[:, 1:] - middle) ** 2) * 2))
    points = inside[:, 1:].astype(np.float64)
    length = float((middle**2).sum())
    along = np.clip(points @ middle / length, 0, 1.5) if length > 1 else np.zeros(len(points))
    off = np.hypot(*(points - along[:, None] * middle).T)
    warm = (points.min(axis=1) > 0) & (np.hypot(*points.T) < WARM)
    off = np.where(warm, 0.0, np.maximum(off - 2 * spread, 0))
    return float(np.sqrt(np.mean(off * off))) / JUST_VISIBLE


TERM = Term(
    "gamut",
    "fidelity",
    0.1,
    "high",
    measure_gamut,
    too_high="its colours or tones cannot come from this surface",
)
