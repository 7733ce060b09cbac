"""Lines of varying width on the pixel grid: exact area coverage and a coordinate system.

A stroke that is 0.3 px wide covers 30 % of the pixels it crosses; nothing is ever widened to a
whole pixel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.paths import Float64

Index = NDArray[np.intp]

REACH = 0.71  # pixels beyond the edge that still share area with the stroke: half a diagonal


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A line with a half-width on either side.

    Attributes
    ----------
    points : (N, 2) float64, N >= 2
        Rows and columns, pixels; pixel centres lie on whole numbers.
    left, right : (N,) float64, pixels, >= 0
        Distance from the line to the edge on the left and the right of the travel.
    """

    points: Float64
    left: Float64
    right: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The P pixels near some strokes, each with its place relative to the nearest one.

    Attributes
    ----------
    rows, cols : (P,) intp
        Pixels, inside the frame that `trace` was given.
    offset : (P,) float64
        Signed distance to the line, pixels; + on the right of the travel.
    past : (P,) float64
        Pixels beyond the nearer end of the stroke, along it; negative beside the stroke.
    vertex : (P,) intp and share : (P,) float64 in [0, 1]
        The nearest point lies this share of the way from this vertex to the next; vertices of
        all strokes are numbered through.
    normal : (P, 2) float64
        Unit normal of the line there, (row, col), to the right of the travel.
    left, right : (P,) float64
        Half-widths there, pixels.
    """

    rows: Index
    cols: Index
    offset: Float64
    past: Float64
    vertex: Index
    share: Float64
    normal: Float64
    left: Float64
    right: Float64

    def at(self, values: Float64) -> Float64:
        """Interpolate a quantity given at all vertices (numbered through) to the pixels."""
        first = values[self.vertex]
        return first + self.share * (values[self.vertex + 1] - first)

    def coverage(self) -> Float64:
        """Return the share of each pixel's area that the strokes cover, in [0, 1]."""
        return self.strip(self.left, self.right)

    def strip(self, left: Float64, right: Float64) -> Float64:
        """Return the share of each pixel's area between `left` and `right` of the line.

        Exact for a straight strip at any angle; see `area_below`.
        """
        below = area_below(self.offset + left, self.normal)
        below -= area_below(self.offset - right, self.normal)
        below *= np.clip(0.5 - self.past, 0, 1)
        return np.clip(below, 0, 1)

    def distance_outside(self) -> Float64:
        """Return the distance beyond the nearer edge, pixels; negative between the edges."""
        edge = np.where(self.offset > 0, self.offset - self.right, -self.offset - self.left)
        return np.hypot(np.maximum(edge, 0), np.maximum(self.past, 0)) + np.minimum(edge, 0)

    @property
    def box(self) -> Box:
        """Tightest box around the pixels."""
        return Box(
            int(self.rows.min()),
            int(self.cols.min()),
            int(self.rows.max()) + 1,
            int(self.cols.max()) + 1,
        )

    def keep(self, chosen: Mask) -> "Band":
        """Return the band with only the `chosen` (P,) pixels."""
        picked = (getattr(self, name)[chosen] for name in self.__slots__)
        return Band(*picked)

    def spread(self, values: Float64, box: Box, fill: float = 0.0) -> Float32:
        """Put a value per pixel on a float32 patch that covers `box`, `fill` elsewhere."""
        patch = np.full(box.shape, fill, np.float32) if fill else np.zeros(box.shape, np.float32)
        patch[self.rows - box.top, self.cols - box.left] = values
        return patch


def area_below(distance: Float64, normal: Float64) -> Float64:
    """Return the area of a unit pixel that lies behind a straight edge.

    Parameters
    ----------
    distance : (P,) float64
        Signed distance from the edge to the pixel's centre, along the normal; at 0 half the
        pixel lies behind.
    normal : (P, 2) float64
        Unit normal of the edge.

    Notes
    -----
    A unit square seen along the edge is a trapezoid of widths a + b and a - b with
    ``a, b = |normal|``; the area is its integral, a second difference of squared ramps.
    """
    area = (distance > 0).astype(np.float64)
    cut = np.flatnonzero(np.abs(distance) < REACH)
    size = np.abs(normal[cut])
    a = np.maximum(np.maximum(size[:, 0], size[:, 1]), 1e-4)
    b = np.maximum(np.minimum(size[:, 0], size[:, 1]), 1e-4)
    outer, inner = (a + b) / 2, (a - b) / 2
    x = np.clip(distance[cut], -outer, outer)
    ramps = (x + outer) ** 2
    for shift in (inner, -inner):
        ramps -= np.maximum(x + shift, 0) ** 2
    area[cut] = ramps / (2 * a * b)
    return area
