"""Many lines at once: their points one after another in a single array."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anomsynth.fields.paths import Float64, fbm_trace

LEAST_POINTS = 3  # of a resampled line
LEAST_ROUGH = 0.1  # pixels; less cannot be seen
ROUGH_HURST = 0.65  # quasi-two-dimensional cracks: 0.6-0.7


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Lines of two or more points each.

    Attributes
    ----------
    points : (N, 2) float64
    starts : (L,) int64
        Where in `points` each line begins; the first at 0.
    """

    points: Float64
    starts: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of points of each line, (L,)."""
        return np.diff(self.starts, append=len(self.points))

    @property
    def along(self) -> Float64:
        """Distance of each point along its line from the line's first, (N,)."""
        step = np.zeros(len(self.points))
        step[1:] = np.hypot(*(self.points[1:] - self.points[:-1]).T)
        distance = np.cumsum(step)
        return distance - np.repeat(distance[self.starts], self.sizes)


def bundle(lines: Sequence[Float64]) -> Bundle:
    """Return the lines, at least one, as a bundle."""
    return Bundle(np.concatenate(lines), starts_of(np.array([len(line) for line in lines])))


def resampled(lines: Bundle, spacing: float) -> Bundle:
    """Return lines with vertices about `spacing` pixels apart, ends kept; 3 vertices at least."""
    points, starts, old_sizes = lines.points, lines.starts, lines.sizes
    step = np.zeros(len(points))
    step[1:] = np.hypot(*(points[1:] - points[:-1]).T)
    step[starts] = 1.0  # apart, for one look-up in all
    along = np.cumsum(step)
    first = along[starts]
    length = along[starts + old_sizes - 1] - first
    sizes = np.maximum(np.ceil(length / spacing).astype(np.int64) + 1, LEAST_POINTS)
    begins = starts_of(sizes)
    place = np.arange(sizes.sum()) - np.repeat(begins, sizes)
    places = np.repeat(first, sizes) + place * np.repeat(length / (sizes - 1), sizes)
    fine = np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1)
    fine[begins] = points[starts]
    fine[begins + sizes - 1] = points[starts + old_sizes - 1]
    return Bundle(fine, begins)


def roughened(lines: Bundle, roughness: float, rng: np.random.Generator) -> Bundle:
    """Return lines with self-affine detail of rms `roughness` pixels each, their ends kept."""
    if roughness < LEAST_ROUGH:
        return lines
    points, starts, sizes = lines.points, lines.starts, lines.sizes
    ends = starts + sizes - 1
    line = np.repeat(np.arange(len(starts)), sizes)
    part = fbm_trace(len(points), ROUGH_HURST, rng)
    share = (np.arange(len(points)) - starts[line]) / (sizes - 1)[line]
    part = part - part[starts][line] * (1 - share) - part[ends][line] * share
    off = part - (np.add.reduceat(part, starts) / sizes)[line]
    spread = np.sqrt(np.add.reduceat(off * off, starts) / sizes)
    part *= (roughness / np.maximum(spread, 1e-6))[line]
    index = np.arange(len(points))
    along = points[np.minimum(index + 1, ends[line])] - points[np.maximum(index - 1, starts[line])]
    part /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)
    shift = np.stack([part * along[:, 1], -part * along[:, 0]], axis=1)  # along the normal
    return replace(lines, points=points + shift)


def visible_runs(lines: Bundle, width: Float64) -> list[tuple[Float64, Float64]]:
    """Cut lines where they are closed (width 0) and return the open runs with their widths."""
    points, ends = lines.points, lines.starts + lines.sizes
    pieces = []
    is_open = np.zeros(len(width) + 1, dtype=bool)
    np.greater(width, 0, out=is_open[:-1])
    new = np.zeros(len(width) + 1, dtype=bool)
    new[lines.starts] = True
    before = np.zeros_like(is_open)
    before[1:] = is_open[:-1]
    begins = np.flatnonzero(is_open & (new | ~before))
    new[-1] = True
    stops = np.flatnonzero(before & (new | ~is_open))
    line = np.searchsorted(lines.starts, begins, side="right") - 1
    low, high = lines.starts[line], ends[line]
    # With the closed vertices beside it: its tips are sharp.
    firsts, lasts = np.maximum(begins - 1, low), np.minimum(stops + 1, high)
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        if last - first >= 2:
            pieces.append((points[first:last], width[first:last]))
    return pieces


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of the runs of these sizes begins when they follow each other."""
    return np.cumsum(sizes) - sizes
