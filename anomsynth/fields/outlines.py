"""Outlines of things: star-shaped mouths of pits, and polygons grown by noise."""

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.grid import Grid

ANGLES = 512  # directions at which an outline is tabulated
ORDERS = (2, 24)  # harmonics of an outline; the first only shifts it
MOST_IRREGULAR = 0.25  # larger first harmonics give leaf shapes, which pits never have
RELATIVE = (0.55, 1.45)  # of the mean radius; within, rounded level sets stay nested
EDGE_PX = 1.8  # width of the sharpest edge that optics can show
SMALLEST_PX = 0.8  # below, a mouth is a faint dot of the right area, not a shape
DISTANCE_CELLS = 96  # cells along the longer side on which a polygon's distance is exact


@dataclass(frozen=True, slots=True, eq=False)
class Mouths:
    """Star-shaped closed curves ``r(angle) = radius * relative(angle)``, stretched and turned.

    Attributes
    ----------
    radius : (N,) float64
        Radius of the circle with the same area, pixels.
    aspect : (N,) float64
        Length over width, >= 1.
    angle : (N,) float64
        Direction of the long axis, radians, 0 = along columns.
    relative : (N, ANGLES) float32
        Distance of the rim over `radius`, before stretching; its mean square is 1.
    """

    radius: NDArray[np.float64]
    aspect: NDArray[np.float64]
    angle: NDArray[np.float64]
    relative: Float32

    def reach(self, index: int) -> float:
        """Return the largest distance of the rim from the centre, pixels."""
        stretch = float(np.sqrt(self.aspect[index]))
        return (
            float(max(self.radius[index], SMALLEST_PX))
            * stretch
            * float(self.relative[index].max())
        )


def harmonic_rims(
    count: int,
    irregularity: float,
    hurst: float,
    rng: np.random.Generator,
    finest: NDArray[np.float64] | None = None,
) -> Float32:
    """Draw rims ``1 + sum a_k cos(k angle + phase)`` with ``a_k ~ irregularity k**-(hurst+1/2)``.

    Parameters
    ----------
    count : int
    irregularity : float in [0, 0.25]
        Standard deviation scale of the first harmonic (k = 2), a share of the radius.
    hurst : float
        Roughness exponent of the rim, 0.6-0.8.
    rng : Generator
    finest : (count,) float64, optional
        Order above which each rim's harmonics fade, e.g. its radius in pixels: a wave of the rim
        then never gets shorter than the camera resolves.

    Returns
    -------
    (count, ANGLES) float32 > 0, mean square 1, so that the enclosed area is kept
    """
    orders = np.arange(ORDERS[0], ORDERS[1] + 1)
    size = np.minimum(np.abs(rng.standard_normal((count, len(orders)))), 1.6) / 1.6
    amplitude = min(irregularity, MOST_IRREGULAR) * (orders / ORDERS[0]) ** -(hurst + 0.5) * size
    if finest is not None:
        amplitude = amplitude * np.exp(-((orders / np.maximum(finest, 2.0)[:, None]) ** 2))
    phase = rng.uniform(0, 2 * np.pi, (count, len(orders)))
    spectrum = np.zeros((count, ANGLES // 2 + 1), dtype=np.complex128)
    spectrum[:, orders] = amplitude * np.exp(1j * phase) * (ANGLES / 2)
    rim = np.clip(1 + scipy.fft.irfft(spectrum, n=ANGLES, axis=1), *RELATIVE)
    return _unit_area(rim)


def squared_rims(squareness: NDArray[np.float64]) -> Float32:
    """Return rims of superellipses ``|x|**p + |y|**p = 1``, (N, ANGLES), mean square 1.

    Exponent 2 is a circle, 4 nearly a rounded square.
    """
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    power = squareness[:, None]
    rim = (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle)) ** power) ** (-1 / power)
    return _unit_area(rim)


def joined_rims(first: Float32, second: Float32) -> Float32:
    """Return the product of two sets of rims, (N, ANGLES), mean square 1."""
    return _unit_area(first.astype(np.float64) * second)


def _unit_area(rim: NDArray[np.float64]) -> Float32:
    scale = np.sqrt((rim**2).mean(axis=1, keepdims=True))
    return np.clip(rim / scale, *RELATIVE).astype(np.float32)


def mouth_field(
    mouths: Mouths, index: int, offsets: tuple[Float32, Float32], *, rounded: bool = False
) -> tuple[Float32, Float32]:
    """Evaluate one mouth as an implicit field.

    Parameters
    ----------
    mouths : Mouths
    index : int
    offsets : (h, 1) and (1, w) float32
        Rows and columns relative to the mouth's centre, pixels.
    rounded : bool
        True: inner level sets tend to an ellipse. False: all are the rim, scaled.

    Returns
    -------
    share : (h, w) float32
        Distance from the centre as a share of the rim's, 0 at the centre, 1 on the rim.
    outside : (h, w) float32, pixels
        Distance from the rim to first order, negative inside.
    """
    cos, sin = float(np.cos(mouths.angle[index])), float(np.sin(mouths.angle[index]))
    stretch = float(np.sqrt(mouths.aspect[index]))
    down, right = offsets
    along = (cos * right + sin * down) * np.float32(1 / stretch)
    across = (cos * down - sin * right) * np.float32(stretch)
    radial, angle = cv2.cartToPolar(along, across)
    table = (angle * np.float32(ANGLES / (2 * np.pi))).astype(np.int32)
    np.minimum(table, ANGLES - 1, out=table)
    radius = np.float32(max(mouths.radius[index], SMALLEST_PX))
    rim = mouths.relative[index].take(table)
    rim *= radius
    share = radial / rim
    # |grad radial| of the stretched frame turns a difference of shares into pixels.
    steep = np.sqrt((along / np.float32(stretch)) ** 2 + (across * np.float32(stretch)) ** 2)
    outside = (radial - rim) * (radial / np.maximum(steep, np.float32(1e-6)))
    outside[radial < 1e-6] = -radius
    if rounded:
        # Relief forgets the rim's wiggles towards the centre; else it would pleat like a cup.
        inner = np.minimum(share, 1)
        share = radial / (radius + (rim - radius) * inner * inner * inner)
    return share.astype(np.float32, copy=False), outside.astype(np.float32, copy=False)


def mouth_coverage(mouths: Mouths, index: int, outside: Float32, softness_px: float) -> Float32:
    """Return how much of each pixel lies within the mouth, (h, w) float32 in [0, 1].

    The integral is the mouth's area even where it is smaller than a pixel: then contrast fades
    instead of the dot growing.

    Parameters
    ----------
    mouths : Mouths
    index : int
    outside : (h, w) float32, pixels, from `mouth_field`
    softness_px : float
        Width of the transition; at least `EDGE_PX` is used.
    """
    share = (np.float32(0.5) - outside / np.float32(max(softness_px, EDGE_PX))).clip(0, 1)
    share = share * share * (3 - 2 * share)
    radius = float(mouths.radius[index])
    if radius < 1.5:
        drawn = float(share.sum(dtype=np.float64))
        if drawn > 0:
            share = share * np.float32(min(np.pi * radius**2 / drawn, 1 / float(share.max())))
    return share.astype(np.float32, copy=False)


def random_polygon(
    vertices: int, radii: tuple[float, float], angle: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the corners of an irregular polygon about the origin, (vertices, 2) rows and columns.

    Parameters
    ----------
    vertices : int
        At least 3 are used.
    radii : (float, float)
        Half axes along and across `angle` of the ellipse whose area the polygon has.
    angle : float
        Direction of the first axis, radians, 0 = along columns.
    rng : Generator
    """
    count = max(vertices, 3)
    turn = np.sort((np.arange(count) + rng.uniform(-0.38, 0.38, count)) * (2 * np.pi / count))
    distance = rng.uniform(0.72, 1.15, count)
    along, across = distance * np.cos(turn), distance * np.sin(turn)
    area = 0.5 * abs(float(np.sum(along * np.roll(across, -1) - across * np.roll(along, -1))))
    scale = float(np.sqrt(np.pi / max(area, 1e-6)))
    along, across = along * scale * radii[0], across * scale * radii[1]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([sin * along + cos * across, cos * along - sin * across], axis=1)


def grown_polygon(
    corners: NDArray[np.float64], grid: Grid, growth: Float32, rounding_px: float
) -> Float32:
    """Grow a polygon by a field: ``phi = distance(polygon) + growth``, its largest piece [1]_.

    The one-shot solution of a front that moves outwards with uneven speed.

    Parameters
    ----------
    corners : (V, 2) float64
        Image rows and columns.
    grid : Grid
        Cells to evaluate on.
    growth : (h, w) float32, pixels
        How far the front has moved outwards, negative inwards.
    rounding_px : float
        Corners are rounded at about this radius.

    Returns
    -------
    (h, w) float32, pixels: distance to the outline, > 0 inside, to first order

    References
    ----------
    .. [1] S. Osher, J. Sethian, "Fronts propagating with curvature-dependent speed", Journal of
       Computational Physics 79, 1988.
    """
    # The distance is smooth: a coarser grid carries it, at a tenth of the cost.
    skip = -(-max(grid.shape) // DISTANCE_CELLS)
    coarse = _polygon_distance(corners, Grid(grid.box, grid.step * skip))
    distance = Grid(Box(0, 0, *grid.shape), skip).refine(coarse)
    if rounding_px > 0.5 * grid.step:
        sigma = max(rounding_px / grid.step, 0.3)
        distance = np.asarray(cv2.GaussianBlur(distance, (0, 0), sigma), dtype=np.float32)
    phi = (distance + growth).astype(np.float32)
    inside = (phi > 0).astype(np.uint8)
    pieces, labels, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    if pieces > 2:
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        phi[(labels != largest) & (inside > 0)] = -2.0 * grid.step
    phi = _filled(phi, inside, grid.step)
    return _as_distance(phi, grid.step)


def _polygon_distance(corners: NDArray[np.float64], grid: Grid) -> Float32:
    """Return the exact signed distance to a polygon's edges, pixels, > 0 inside."""
    rows, cols = grid.shape
    down, right = (part.astype(np.float32) for part in grid.offsets(0.0, 0.0))
    nearest = np.full((rows, cols), np.inf, dtype=np.float32)
    crossings: Mask = np.zeros((rows, cols), dtype=bool)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        step_row, step_col = (np.float32(part) for part in end - start)
        from_row, from_col = down - np.float32(start[0]), right - np.float32(start[1])
        length = max(float(step_row**2 + step_col**2), 1e-9)
        share = from_row * step_row + from_col * step_col
        share /= np.float32(length)
        share.clip(0, 1, out=share)
        gap = from_row - share * step_row
        gap *= gap
        share *= step_col
        aside = from_col - share
        aside *= aside
        gap += aside
        np.minimum(nearest, gap, out=nearest)
        if step_row == 0:
            continue
        spans = (down >= start[0]) != (down >= end[0])
        crossings ^= spans & (from_col < from_row * (step_col / step_row))
    np.sqrt(nearest, out=nearest)
    return np.negative(nearest, out=nearest, where=~crossings)


def _filled(phi: Float32, inside: NDArray[np.uint8], step: int) -> Float32:
    """Close the holes: nothing that is lost leaves islands behind."""
    framed = cv2.copyMakeBorder(1 - inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    pieces, labels = cv2.connectedComponents(framed, connectivity=8)
    if pieces > 2:
        inner = labels[1:-1, 1:-1]
        holes = (inner > 0) & (inner != labels[0, 0])
        phi[holes] = np.maximum(phi[holes], np.float32(0.6 * step))
    return phi


def _as_distance(phi: Float32, step: int) -> Float32:
    """Divide by the slope near the outline, so that one unit is one pixel there."""
    if min(phi.shape) < 2:
        return phi
    scale = 0.125 / step
    right = cv2.Sobel(phi, cv2.CV_32F, 1, 0, scale=scale, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(phi, cv2.CV_32F, 0, 1, scale=scale, borderType=cv2.BORDER_REPLICATE)
    # Not cv2.magnitude: its last bits depend on where in memory the arrays lie.
    slope = np.sqrt(right * right + down * down)
    return np.asarray(phi / np.clip(slope, 0.6, 3.0), dtype=np.float32)
