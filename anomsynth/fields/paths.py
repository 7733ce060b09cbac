"""Random lines: self-affine traces, slowly varying values along a line, stiff chains, arcs.

Points are (N, 2) float64 rows and columns in pixels. A direction is an angle in radians, 0 along
+col, turning towards +row.
"""

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

LONGEST = 16384  # samples of a line read at a time
KNOT_SD = 0.93  # standard deviation that cubic interpolation leaves of unit-variance knots


def fbm_trace(count: int, hurst: float, rng: np.random.Generator) -> Float64:
    """Return a fractional Brownian trace, (count,) float64, zero mean, unit variance.

    Uses ``2 * length`` numbers of the stream, `length` being the power of two >= `count`.

    Parameters
    ----------
    count : int
        Number of points, >= 1.
    hurst : float
        Roughness exponent in (0, 1): ``<|y(x + l) - y(x)|**2> ~ l**(2 * hurst)``.

    Notes
    -----
    Spectral synthesis, amplitude ``k**-(hurst + 1/2)``; made twice as long and cut, because the
    spectrum makes it periodic. Single traces are rougher than the ensemble: each has its mean and
    its spread taken out.
    """
    length = 1 << max(count - 1, 1).bit_length()
    white = np.fft.rfft(rng.standard_normal(2 * length))
    trace = np.fft.irfft(white * _fbm_filter(length + 1, hurst), 2 * length)[:count]
    trace -= np.add.reduce(trace) / count
    spread = math.sqrt(float(np.add.reduce(trace * trace)) / count)
    return trace / spread if spread > 0 else trace


@lru_cache(maxsize=64)
def _fbm_filter(count: int, hurst: float) -> Float64:
    frequency = np.arange(count, dtype=np.float64)
    frequency[0] = np.inf
    return frequency ** -(hurst + 0.5)


def smooth_noise(count: int, correlation: float, rng: np.random.Generator) -> Float64:
    """Return slowly varying noise, (count,) float64, mean 0, variance about 1.

    Random knots every `correlation` samples (at least 1), cubic between them.
    """
    spacing = max(correlation, 1.0)
    knots = int(count / spacing) + 5
    values = (rng.standard_normal(knots) / KNOT_SD).astype(np.float32)
    start = np.float32(1.5 + rng.random())
    where = np.arange(count, dtype=np.float32) / np.float32(spacing) + start
    # cv2.remap takes at most 32767 columns; long lines are read in pieces, off pieces of the knots.
    pieces = []
    for first in range(0, count, LONGEST):
        part = where[first : first + LONGEST]
        knot = max(int(part[0]) - 2, 0)
        near = values[None, knot : int(part[-1]) + 4]
        place = (part - np.float32(knot))[None]
        pieces.append(cv2.remap(near, place, np.zeros_like(place), cv2.INTER_CUBIC)[0])
    return np.concatenate(pieces).astype(np.float64)


def worm_like_chain(
    length: float, persistence: float, count: int, rng: np.random.Generator
) -> Float64:
    """Return a thermally bent stiff line from the origin, (count, 2), starting along +col.

    Parameters
    ----------
    length : float
        Contour length, pixels, > 0.
    persistence : float
        Persistence length P, pixels, > 0; tangents forget each other as
        ``<cos(angle)> = exp(-s / 2P)`` in the plane.
    count : int
        Number of vertices, >= 2.

    References
    ----------
    .. [1] O. Kratky, G. Porod, "Roentgenuntersuchung geloester Fadenmolekuele", Recl. Trav. Chim.
       Pays-Bas 68 (1949) 1106.
    """
    step = length / (count - 1)
    turns = rng.standard_normal(count - 1) * np.sqrt(step / persistence)
    turns[0] = 0
    heading = np.cumsum(turns)
    return trail(heading, step)


def arc(length: float, turn: float, count: int) -> Float64:
    """Return a circular arc from the origin, (count, 2), that starts along +col.

    `turn` is the angle between first and last direction, radians.
    """
    step = length / (count - 1)
    heading = (np.arange(count - 1) + 0.5) / (count - 1) * turn
    return trail(heading, step)


def trail(heading: Float64, step: float) -> Float64:
    """Return the (N + 1, 2) points of N steps of equal length from the origin."""
    points = np.zeros((len(heading) + 1, 2))
    np.cumsum(np.sin(heading), out=points[1:, 0])
    np.cumsum(np.cos(heading), out=points[1:, 1])
    points *= step
    return points


def turned(points: Float64, angle: float) -> Float64:
    """Return the points turned about the origin by `angle` (from +col towards +row)."""
    cos, sin = np.cos(angle), np.sin(angle)
    row, col = points[:, 0], points[:, 1]
    return np.stack([row * cos + col * sin, col * cos - row * sin], axis=1)


def arc_length(points: Float64) -> Float64:
    """Return the distance along the line from its first point, (N,) pixels."""
    distance = np.zeros(len(points))
    step = points[1:] - points[:-1]
    np.cumsum(np.hypot(step[:, 0], step[:, 1]), out=distance[1:])
    return distance


def tangents(points: Float64) -> Float64:
    """Return (N, 2) unit tangents; central differences, one-sided at the ends; N >= 2."""
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0] = points[1] - points[0]
    along[-1] = points[-1] - points[-2]
    length = np.hypot(along[:, 0], along[:, 1])
    along /= np.maximum(length, 1e-12)[:, None]
    return along


def displace(points: Float64, offset: Float64) -> Float64:
    """Move each point by `offset` pixels along the normal (to the right of the travel)."""
    along = tangents(points)
    moved = np.empty_like(along)
    np.add(points[:, 0], offset * along[:, 1], out=moved[:, 0])
    np.subtract(points[:, 1], offset * along[:, 0], out=moved[:, 1])
    return moved


def densify(points: Float64, parts: int) -> Float64:
    """Return the line with each step cut into `parts`, smooth through the given points.

    Cubic Hermite (Catmull-Rom) interpolation; N points become ``(N - 1) * parts + 1``.
    """
    if parts == 1 or len(points) < 2:
        return points
    slope = np.gradient(points, axis=0)
    t = (np.arange(parts) / parts)[None, :, None]
    first, last = points[:-1, None], points[1:, None]
    rise, fall = slope[:-1, None], slope[1:, None]
    curve = (
        first * (1 + 2 * t) * (1 - t) ** 2
        + last * t**2 * (3 - 2 * t)
        + rise * t * (1 - t) ** 2
        - fall * t**2 * (1 - t)
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])
