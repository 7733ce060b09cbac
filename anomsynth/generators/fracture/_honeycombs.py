"""Cracks that many cycles of healing have turned into a honeycomb."""

import math
from functools import lru_cache

import cv2
import numpy as np
from scipy.spatial import Voronoi

from anomsynth.core.types import Float32
from anomsynth.fields.paths import Float64
from anomsynth.generators.fracture._mosaics import MOST_ACROSS, Seam

PER_SEED = 160  # cells of a plate in Lloyd's relaxation


def healed_mosaic(
    across: float, steps: int, rng: np.random.Generator, wobble: float = 0.0
) -> list[Seam]:
    """Return the honeycomb that many cycles of healing lead to: Y junctions throughout.

    Borders of the plates around seeds that `steps` of Lloyd's relaxation have spread evenly; the
    angles at a junction have mean 120 degrees and, after 10 steps, a standard deviation of 14.

    Parameters
    ----------
    across : float
        Mean number of plates along the side.
    steps : int
        0 keeps independent seeds (standard deviation 29 degrees).
    rng : Generator
    wobble : float
        How far the borders wander, in sides of a plate.
    """
    across = min(max(across, 1.0), 2 * MOST_ACROSS)
    margin = 1.5 / across  # plates outside keep those at the border in shape
    size = 1 + 2 * margin
    count = max(round((across * size) ** 2), 8)
    seeds = rng.random((count, 2))
    for _ in range(steps):
        seeds = _towards_centres(seeds)
    mosaic = Voronoi(seeds * size - margin)
    ridges = np.array([ridge for ridge in mosaic.ridge_vertices if -1 not in ridge])
    if len(ridges) == 0:
        return []
    ends = mosaic.vertices[ridges]
    shown = ((ends > -0.5 * margin) & (ends < 1 + 0.5 * margin)).all(axis=2).all(axis=1)
    share = np.linspace(0, 1, 9)[None, :, None]
    lines = ends[shown][:, :1] * (1 - share) + ends[shown][:, 1:] * share
    if wobble > 0:
        lines = lines + wobble / across * _drift(lines, across, rng)
    return [Seam(line, 0) for line in lines]


def _towards_centres(seeds: Float64) -> Float64:
    """Move each seed of the unit square to the centre of the cells that are nearest to it."""
    count = len(seeds)
    side = math.ceil(math.sqrt(PER_SEED * count))
    cells = np.minimum((seeds * side).astype(np.int64), side - 1)
    free = np.ones((side, side), dtype=np.uint8)
    free[cells[:, 0], cells[:, 1]] = 0
    _, labels = cv2.distanceTransformWithLabels(
        free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    own = labels[cells[:, 0], cells[:, 1]]
    labels = labels.ravel().astype(np.intp)
    weight = np.bincount(labels)
    places = _centres(side)
    sums = np.stack([np.bincount(labels, axis) for axis in places], axis=1)
    moved = sums[own] / (side * weight[own][:, None])
    last = np.zeros(len(weight), dtype=np.intp)
    last[own] = np.arange(count)
    moves = last[own] == np.arange(count)
    return np.where(moves[:, None], moved, seeds)  # two seeds in one cell: one keeps its place


@lru_cache(maxsize=1)
def _centres(side: int) -> Float64:
    """Return rows and columns of the cells' centres, (2, side * side)."""
    return np.asarray(np.indices((side, side)).reshape(2, -1) + 0.5, np.float64)


def _drift(lines: Float64, across: float, rng: np.random.Generator) -> Float64:
    """Return a smooth random displacement at each point: the same where lines meet."""
    cells = int(np.ceil(4 * across)) + 12
    knots: Float32 = rng.standard_normal((cells, cells, 2), dtype=np.float32)
    place = (lines.reshape(-1, 2) * (4 * across) + 5).astype(np.float32)
    drift = np.empty((len(place), 2))
    for axis in (0, 1):
        for first in range(0, len(place), 16384):
            part = place[first : first + 16384]
            drift[first : first + 16384, axis] = cv2.remap(
                knots[..., axis], part[None, :, 1], part[None, :, 0], cv2.INTER_CUBIC
            )[0]
    return drift.reshape(lines.shape)
