"""Cracks as the cheapest way through a material whose toughness varies from place to place.

Seams, pores and grain that the photo shows make a part weaker there.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.color import luminance
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.paths import Float64
from anomsynth.generators.fracture._growth import Direction, Strand, Tip
from anomsynth.generators.fracture._tension import inside_allowed

CONTRAST = 0.6  # spread of the logarithm of the toughness; with BEND: roughness 0.60-0.72
BEND = 0.3  # cost of a sideways step
GRAIN = 0.8  # size of a grain, cells
ASIDE = 0.2  # widest detour to either side, as a share of the length


@dataclass(frozen=True, slots=True)
class Search:
    """How the weakest line is looked for.

    Attributes
    ----------
    cell : float
        Size of a cell of the search grid, pixels.
    pull : float in [0, 1)
        Share of the fracture energy that the photo's seams save.
    """

    cell: float
    pull: float


def weakest_strand(
    surface: Surface, tip: Tip, direction: Direction, search: Search, rng: np.random.Generator
) -> Strand:
    """Return the cheapest way from a tip, cut where it leaves the allowed area."""
    wanted = direction(tip.row, tip.col)
    heading = tip.heading + math.remainder(wanted - tip.heading, math.pi)
    line = _weakest_line(surface, tip, heading, search, rng)
    inside = inside_allowed(surface)
    last = next((n for n in range(1, len(line)) if not inside(*line[n].tolist())), len(line))
    line = line[: last + 1]
    return Strand(line, np.ones(len(line)), free=last >= len(line), parent=-1)


def toughness(rough: Float32, edges: Float32, *, contrast: float, pull: float) -> Float32:
    """Return the relative fracture energy of every cell, > 0.

    Parameters
    ----------
    rough : (n, m) float32
        Grain-scale noise, zero mean, unit variance.
    edges : (n, m) float32 in [0, 1]
        Seams, pores and grain boundaries: 1 where the photo shows one.
    contrast : float, >= 0
        Standard deviation of the logarithm of the energy.
    pull : float in [0, 1)
        Share of the energy that a seam saves.

    Notes
    -----
    ``G = exp(contrast * rough) * (1 - pull * edges)``.
    """
    energy = np.exp(contrast * rough) * (1 - pull * edges)
    return np.asarray(energy, dtype=np.float32)


def grain_noise(shape: tuple[int, int], grain: float, rng: np.random.Generator) -> Float32:
    """Return noise with features of `grain` cells, (n, m) float32, mean 0, variance 1."""
    white = rng.standard_normal(shape, dtype=np.float32)
    if grain > 0.3:
        blurred = cv2.GaussianBlur(white, (0, 0), grain, borderType=cv2.BORDER_REFLECT)
        white = blurred.astype(np.float32, copy=False)
    spread = float(white.std())
    noise: Float32 = (white - white.mean()) / np.float32(spread if spread > 0 else 1)
    return noise


def cheapest_path(energy: Float32, bend: float, start: int | None = None) -> Float64:
    """Return the column of the cheapest way through each row, (n,) float64.

    Parameters
    ----------
    energy : (n, m) float32
        Cost of every cell; the way goes from the first row to the last and moves by at most one
        column a row.
    bend : float, >= 0
        Cost of a sideways move.
    start : int, optional
        Column in the first row; free if not given. The end is free.

    Notes
    -----
    Directed polymer in a random medium by dynamic programming. Its exact roughness exponent is
    2/3 (Huse & Henley 1985), a good proxy for quasi-two-dimensional cracks (0.6-0.7), which are
    not in the same class (Bouchbinder et al. 2006).
    """
    rows, cols = energy.shape
    total = energy[0].astype(np.float64)
    if start is not None:
        total = np.full(cols, np.inf)
        total[start] = energy[0, start]
    choice = np.empty((rows, cols), dtype=np.int8)
    padded = np.full(cols + 2, np.inf)
    for row in range(1, rows):
        padded[1:-1] = total
        from_left = padded[:-2] + bend
        from_right = padded[2:] + bend
        total = np.minimum(total, np.minimum(from_left, from_right))
        choice[row] = np.where(total == padded[1:-1], 0, np.where(total == from_left, -1, 1))
        total += energy[row]
    column = int(np.argmin(total))
    path = np.empty(rows)
    for row in range(rows - 1, -1, -1):
        path[row] = column
        if row:
            column += int(choice[row, column])
    return path


def smoothed(path: Float64, passes: int = 2) -> Float64:
    """Round off the one-cell steps of a path on a grid (binomial filter, ends kept)."""
    path = path.copy()
    for _ in range(passes):
        path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    return path


def _weakest_line(
    surface: Surface, tip: Tip, heading: float, search: Search, rng: np.random.Generator
) -> Float64:
    """Return the cheapest way across a strip of the photo, (n, 2) float64 rows and columns."""
    along = (math.sin(heading), math.cos(heading))
    rows = max(math.ceil(tip.length / search.cell), 3)
    reach = max(math.ceil(ASIDE * rows), 2)
    step = tip.length / (rows - 1)
    ahead = np.arange(rows)[:, None] * step
    aside = np.arange(-reach, reach + 1)[None, :] * step
    row = tip.row + ahead * along[0] - aside * along[1]
    col = tip.col + ahead * along[1] + aside * along[0]
    energy = toughness(
        grain_noise(row.shape, GRAIN, rng),
        _seams(surface, row, col),
        contrast=CONTRAST,
        pull=search.pull,
    )
    offset = (smoothed(cheapest_path(energy, BEND, start=reach)) - reach) * step
    distance = ahead[:, 0]
    return np.stack(
        [
            tip.row + distance * along[0] - offset * along[1],
            tip.col + distance * along[1] + offset * along[0],
        ],
        axis=1,
    )


def _seams(surface: Surface, row: Float64, col: Float64) -> Float32:
    """Return where the photo departs from its surroundings, in [0, 1], sampled at positions."""
    box = Box(int(row.min()) - 1, int(col.min()) - 1, int(row.max()) + 3, int(col.max()) + 3).grown(
        0, surface.shape
    )
    if box.bottom <= box.top or box.right <= box.left:
        return np.zeros(row.shape, dtype=np.float32)
    seen = cv2.remap(
        surface.pixels[box.slices],
        (col - box.left).astype(np.float32),
        (row - box.top).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    light = luminance(seen.reshape(*row.shape, -1).astype(np.float32))
    away = np.abs(light - cv2.GaussianBlur(light, (0, 0), 3.0))
    top = float(np.percentile(away, 95))
    return np.minimum(away / np.float32(top), 1) if top > 0 else np.zeros_like(away)
