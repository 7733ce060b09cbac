"""Lines that follow what a photo shows: seams, pores and grain make a part weaker."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.color import luminance
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.paths import Float64
from anomsynth.generators.fracture._growth import Direction, Strand, Tip
from anomsynth.generators.fracture._tension import inside_allowed
from anomsynth.generators.fracture._toughness import cheapest_path, grain_noise, smoothed, toughness

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
