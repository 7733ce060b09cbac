"""Where on a part a crack starts and which way it is pulled."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Grain, Surface
from anomsynth.generators.fracture._growth import Direction, Inside, Tip
from anomsynth.surface.rims import pick_rim_or_edge
from anomsynth.surface.sites import pick_site

GRAINS = 16  # side of the repeating table of local misfits
DRIVE = 0.3, 0.6  # least K^2 of a starting tip and how much more it may have [closure]
MIDDLE = 0.35, 0.3  # shorter wing of a crack that starts inside: least share and range [closure]
SLANT_DEG = 20  # largest angle between an edge crack and the normal of the edge [closure]


@dataclass(frozen=True, slots=True)
class Tension:
    """How the direction that a crack wants to take varies.

    Attributes
    ----------
    bend : float
        Angle through which the tension turns over the crack's length, radians.
    misfit : float
        Standard deviation of the misfit between neighbouring grains, radians.
    cell : float
        Size of a grain, pixels, > 0.
    follow : float in [0, 1]
        How strongly the surface's own grain (rolled, ground, woven) draws the crack along it.
    """

    bend: float
    misfit: float
    cell: float
    follow: float


def inside_allowed(surface: Surface) -> Inside:
    """Return the test whether a place (row, col) lies where defects may go."""
    allowed = surface.allowed
    height, width = surface.shape

    def inside(row: float, col: float) -> bool:
        r, c = round(row), round(col)
        return 0 <= r < height and 0 <= c < width and bool(allowed[r, c])

    return inside


@dataclass(frozen=True, slots=True)
class Start:
    """Where cracks begin.

    Attributes
    ----------
    edge_probability : float in [0, 1]
        Probability of an edge crack; it starts along the inward normal, within 20 degrees.
    rim_probability : float in [0, 1]
        Probability that the edge is one inside the part: a rim, a step, a seam.
    """

    edge_probability: float
    rim_probability: float = 0.0


def place_tips(
    surface: Surface, length: float, start: Start, rng: np.random.Generator
) -> list[Tip]:
    """Return one tip at an edge, or two that start back to back inside.

    Parameters
    ----------
    surface : Surface
    length : float
        Length of the whole crack, pixels.
    start : Start
    rng : numpy.random.Generator

    Raises
    ------
    PlacementError
        If no pixel is allowed.
    """
    coin, turn, slant, share, drive = rng.random(5)
    drive = DRIVE[0] + DRIVE[1] * drive
    if coin < start.edge_probability and len(surface.edge_sites):
        (row, col), (down, across), _ = pick_rim_or_edge(surface, start.rim_probability, rng)
        heading = math.atan2(down, across) + math.radians(SLANT_DEG) * (2 * slant - 1)
        return [Tip(row, col, heading, length, drive)]
    row, col = pick_site(surface, rng)
    heading = 2 * math.pi * turn
    share = MIDDLE[0] + MIDDLE[1] * share
    return [
        Tip(row, col, heading, length * share, drive),
        Tip(row, col, heading + math.pi, length * (1 - share), drive),
    ]


def across_tension(
    tip: Tip, length: float, tension: Tension, grain: Grain, rng: np.random.Generator
) -> Direction:
    """Return the direction across the local tension at every place, seen from a first tip."""
    turn = tension.bend * (1 if rng.random() < 0.5 else -1) / length
    misfit = (tension.misfit * rng.standard_normal((GRAINS, GRAINS))).tolist()
    cell = tension.cell
    sin, cos = math.sin(tip.heading), math.cos(tip.heading)
    follow = tension.follow if grain.coherence.any() else 0.0

    def direction(row: float, col: float) -> float:
        ahead = (row - tip.row) * sin + (col - tip.col) * cos
        wanted = tip.heading + turn * ahead
        if follow:
            angle, coherence = grain.at(row, col)
            wanted += follow * coherence * math.remainder(angle - wanted, math.pi)
        return float(wanted + misfit[int(row // cell) % GRAINS][int(col // cell) % GRAINS])

    return direction
