"""Crumbs: pieces of broken matter with flat faces, worn round at their edges."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import Float64

STEEPNESS = 0.8, 8.0  # slopes of the faces around a crumb
TOPS = 2  # faces on top
LOWER = 0.3  # of its height, by which the second face on top may begin lower
MOST_RAISED = 2.5  # factor to the height asked for: its top may lie outside the picture
RAGGED_CELL = 0.4  # of its width: waves of its outline
ANGLES = 256  # directions in which its outline is measured


@dataclass(frozen=True, slots=True)
class CrumbShape:
    """What is asked of a crumb: length over width, faces around it, how unlike they are, and more.

    `ragged` is the scatter of its outline over its width, `tilt` the steepest slope of its top,
    `rounding` by how much of its height an edge is worn.
    """

    aspect: float
    faces: int
    irregularity: float
    ragged: float
    tilt: float
    rounding: float


@dataclass(frozen=True, slots=True, eq=False)
class Crumb:
    """A crumb about the origin; lengths in pixels.

    Attributes
    ----------
    normals : (N, 2) float64
        Outward normals (row, col) of the outline's edges.
    support : (N,) float64
        Distance of each edge from the origin.
    slopes : (N,) float64
        Of the faces that rise from them.
    tops : (M, 3) float64
        Height over the origin, slope along rows and along columns of each face on top.
    rise : float
        Height of the highest point, about.
    round_px : float
        By how much an edge between two faces is lowered.
    ragged_px : float
        By how far the outline leaves its straight edges, standard deviation.
    reach : float
        Farthest point of the outline.
    """

    normals: Float64
    support: Float64
    slopes: Float64
    tops: Float64
    rise: float
    round_px: float
    ragged_px: float
    reach: float


def draw_crumb(
    half: float, rise: float, shape: CrumbShape, angle: float, rng: np.random.Generator
) -> Crumb:
    """Draw a crumb of length ``2 half`` along `angle` (radians, 0 = along columns).

    Its outline is a convex polygon: edges around an ellipse, each a little nearer or farther.
    """
    count = max(int(shape.faces), 3)
    spread = shape.irregularity
    turns = (np.arange(count) + spread * rng.uniform(-0.6, 0.6, count)) * (2 * math.pi / count)
    turns = turns + 2 * math.pi * float(rng.random())
    along, across = np.cos(turns), np.sin(turns)
    support = np.hypot(along, across / shape.aspect) * (
        1 + 0.5 * spread * rng.uniform(-1, 1, count)
    )
    low, high = (math.log(end) for end in STEEPNESS)
    slopes = np.exp(rng.uniform(low, high, count))
    scale, reach = _scaled(along, across, support)
    cos, sin = math.cos(angle), math.sin(angle)
    normals = np.column_stack([sin * along + cos * across, cos * along - sin * across])
    ways = 2 * math.pi * rng.random(TOPS)
    steep = shape.tilt * rng.random(TOPS)
    heights = rise * (1 + LOWER * np.array([0.0, rng.uniform(-1, 1)]))
    tops = np.column_stack([heights, steep * np.sin(ways), steep * np.cos(ways)])
    return Crumb(
        normals=normals,
        support=support * (half * scale),
        slopes=slopes,
        tops=tops,
        rise=rise,
        round_px=max(shape.rounding * rise, 1e-3),
        ragged_px=shape.ragged * 2 * half / shape.aspect,
        reach=half * scale * reach,
    )


def _scaled(along: Float64, across: Float64, support: Float64) -> tuple[float, float]:
    """Return what scales an outline to length 2, and its largest radius."""
    turn = 2 * np.pi * np.arange(ANGLES) / ANGLES
    facing = np.maximum(np.cos(turn)[:, None] * along + np.sin(turn)[:, None] * across, 1e-9)
    radius = (support / facing).min(axis=1)
    ends = radius * np.cos(turn)
    return 2 / float(ends.max() - ends.min()), float(radius.max())


def crumb_relief(
    crumb: Crumb, grid: Grid, offsets: tuple[Float32, Float32], rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Return a crumb's height and the distance beyond its outline, each of grid.shape, pixels.

    The height is the lower envelope of all faces, ``-k log sum exp(-z / k)`` with k the rounding;
    it is below zero beyond the outline.

    Parameters
    ----------
    crumb : Crumb
    grid : Grid
    offsets : (h, 1) and (1, w) float32
        Rows and columns from the crumb's middle.
    rng : Generator
    """
    down, right = offsets
    if crumb.ragged_px > 0:
        cell = max(RAGGED_CELL * 2 * crumb.support.min() / grid.step, 2.0)
        waves = (value_noise(grid.shape, cell, rng, octaves=2) for _ in range(2))
        shift_down, shift_right = (np.float32(crumb.ragged_px) * wave for wave in waves)
        down, right = down + shift_down, right + shift_right
    k = np.float32(crumb.round_px)
    total = np.zeros(grid.shape, dtype=np.float32)
    outside = np.full(grid.shape, -np.inf, dtype=np.float32)
    most = np.float32(3 * crumb.rise)
    edges = zip(crumb.normals.astype(np.float32), crumb.support, crumb.slopes, strict=True)
    for (to_row, to_col), support, slope in edges:
        beyond = to_row * down + to_col * right - np.float32(support)
        np.maximum(outside, beyond, out=outside)
        total += np.exp(np.clip(np.float32(slope) * beyond, -most, k * 20) / k)
    for height, row_slope, col_slope in crumb.tops.astype(np.float32):
        top = height + row_slope * down + col_slope * right
        total += np.exp(-np.clip(top, -k * 20, most) / k)
    height = np.asarray(-k * np.log(total), dtype=np.float32)
    top = float(height.max())
    height *= np.float32(min(crumb.rise / max(top, 1e-3), MOST_RAISED))
    return height, outside
