"""Bristles, fibres and fringes of the part itself: tufts that splay, tufts that are gone."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    NonNegativeRange,
    PositiveCount,
    Probability,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field
from anomsynth.fields.paths import Float64, smooth_noise, turned, worm_like_chain
from anomsynth.fields.regions import box_around
from anomsynth.fields.strokes import Band, Stroke
from anomsynth.fields.tracing import trace
from anomsynth.surface.appearance import tones
from anomsynth.surface.fibrous import fibrous_sites
from anomsynth.surface.sites import pick_edge_site

STEP_PX = 2.5  # between vertices
MOST_VERTICES = 80
THINNEST_PX = 0.7
LENGTHS = 0.55, 1.15  # of a fibre over the tuft's length
ROUND = 0.45  # light that is lost at a fibre's sides
DEEP = 0.45  # and at its root, between its neighbours
DARKEST = 0.3  # share of the surroundings that is ground between tufts
SPREAD = 2.5  # root radii within which the fibres' colours are found
RIM_HURST = 0.8
FAINT = 0.01
BORE_PX = 2.0  # width of the edge of the bore that a tuft leaves
WALL = 0.8  # of its darkness that the bore has at its wall


class Bristles(Generator):
    """A tuft of the part's own fibres that splays, or the bare place where a tuft was.

    Fibres root in a disc and lean out by how far from its middle they stand, ``angle = fan x / R``,
    as a bundle that is bent over does; each is a worm-like chain [1]_ in one of the colours found
    around the root, round and darker between its neighbours. They may stand out of the part. A
    tuft that is gone leaves its dark bore in the ground between the others. It acts only where the
    photo shows fibres (`fibrous_sites`), and is passed over elsewhere. Strength is no matter of
    degree.

    References
    ----------
    .. [1] O. Kratky, G. Porod, "Rontgenuntersuchung geloster Fadenmolekule", Recueil 68, 1949.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_fibrous_surface
    >>> tuft = Bristles(mode="splayed", fibers=12, length=0.2)
    >>> tuft.generate(make_fibrous_surface(), stream(0)).measured["fibers"]
    12.0
    """

    law: ClassVar[str] = "angle = fan x / R; <cos t(s)> = exp(-s / P)"
    source: ClassVar[str] = "Kratky & Porod 1949; geometry of a bent bundle"

    needs_fibers: ClassVar[bool] = True

    kind: Literal["bristles"] = "bristles"
    mode: Literal["splayed", "missing", "mixed"] = parameter(
        "mixed", "choice", "fibres that stand off, a place without them, or either"
    )
    missing_probability: Probability = parameter(0.25, "probability", "mixed: that they are gone")
    root_radius: ShareRange = parameter((0.015, 0.12), "of part size", "radius of the tuft's foot")
    fibers: PositiveCount = parameter((6, 80), "count", "fibres that stand off")
    length: ShareRange = parameter((0.06, 0.28), "of part size", "typical length of a fibre")
    width: ShareRange = parameter((0.006, 0.016), "of part size", "diameter of a fibre")
    fan_deg: NonNegativeRange = parameter((10, 80), "degrees", "lean of the outermost fibres")
    stiffness: SizeRange = parameter((2.5, 20), "of length", "persistence length of a fibre")
    disorder_deg: NonNegativeRange = parameter((2, 18), "degrees", "scatter of their directions")
    edge_probability: Probability = parameter(
        0.6, "probability", "that the tuft stands at the outline and leans out"
    )
    opacity: UnitRange = parameter((0.75, 1), "share", "light that a fibre does not let through")
    depth: UnitRange = parameter((0.35, 0.8), "share", "missing: light that its bore lacks")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Splay or remove one tuft; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(4)
        radius = max(drawn.root_radius * surface.part_size_px, 2.0)
        gone = self.mode == "missing" or (
            self.mode == "mixed" and coins[0] < self.missing_probability
        )
        heading = 2 * math.pi * float(coins[1])
        sites = fibrous_sites(surface)
        if len(sites) == 0:
            raise PlacementError("the part shows no fibres")
        row, col = sites[int(coins[3] * len(sites))]
        if not gone and coins[2] < self.edge_probability and len(surface.edge_sites):
            (out_row, out_col), (down, right) = pick_edge_site(surface, rng)
            # The fibres nearest to that place stand off outwards.
            away = sites - np.array([out_row, out_col], np.int32)
            row, col = sites[int((away * away).sum(axis=1).argmin())]
            heading = math.atan2(-down, -right)
        root = (float(row), float(col))
        tuft = _Tuft(surface, drawn, root, radius, heading)
        return _bare(tuft, rng) if gone else _splayed(tuft, rng)


@dataclass(frozen=True, slots=True)
class _Tuft:
    """Where a tuft stands: its foot (row, column; radius in pixels) and where it leans, radians."""

    surface: Surface
    drawn: Bristles
    root: tuple[float, float]
    radius: float
    heading: float

    def colours(self) -> Float64:
        """Return the light of places around the foot, darkest first, (n, C)."""
        corner = np.array([self.root])
        box = box_around(corner, SPREAD * self.radius + 2, self.surface.shape)
        found = tones(self.surface, box)
        return found[np.argsort(found.sum(axis=1))]


def _fibers(tuft: _Tuft, rng: np.random.Generator) -> list[Stroke]:
    drawn, size = tuft.drawn, tuft.surface.part_size_px
    count = int(drawn.fibers)
    away = np.sqrt(rng.random(count))
    turn = rng.uniform(0, 2 * np.pi, count)
    # Coordinates on the foot: along where the tuft leans, and across.
    along, across = away * np.cos(turn), away * np.sin(turn)
    lean = math.radians(drawn.fan_deg) * across
    lean += math.radians(drawn.disorder_deg) * rng.standard_normal(count)
    lengths = drawn.length * size * rng.uniform(*LENGTHS, count)
    half = max(drawn.width * size, THINNEST_PX) / 2
    cos, sin = math.cos(tuft.heading), math.sin(tuft.heading)
    strokes = []
    for index in range(count):
        length = max(float(lengths[index]), 3.0)
        steps = int(np.clip(length / STEP_PX, 4, MOST_VERTICES)) + 1
        line = worm_like_chain(length, drawn.stiffness * length, steps, rng)
        line = turned(line, tuft.heading + float(lean[index]))
        foot = tuft.radius * np.array(
            [
                sin * along[index] + cos * across[index],
                cos * along[index] - sin * across[index],
            ]
        )
        line = line + np.array(tuft.root) + foot
        thick = half * np.clip(1 + 0.1 * smooth_noise(steps, 4.0, rng), 0.7, 1.3)
        strokes.append(Stroke(line, thick, thick))
    return strokes


def _splayed(tuft: _Tuft, rng: np.random.Generator) -> DefectLayer:
    drawn, surface = tuft.drawn, tuft.surface
    strokes = _fibers(tuft, rng)
    band = trace(strokes, surface.room(overhang=True))
    if band is None:
        raise PlacementError("the fibres lie outside the allowed area")
    colours = tuft.colours()
    bright = colours[len(colours) // 3 :]  # the darkest places are ground
    picks = bright[(rng.random(len(strokes)) * len(bright)).astype(int)]
    of_fibre = np.repeat(np.arange(len(strokes)), [len(stroke.points) for stroke in strokes])
    shade = _roundness(band) * _between(band, strokes)
    cover = band.coverage() * drawn.opacity
    box = band.box
    light = picks[of_fibre[band.vertex]] * shade[:, None]
    shown = np.stack([band.spread(plane, box) for plane in light.T], axis=2)
    coverage = band.spread(cover, box)
    support = coverage > FAINT
    if not support.any():
        raise PlacementError("the fibres lie outside the allowed area")
    return DefectLayer(
        kind="bristles",
        origin=(box.top, box.left),
        support=support,
        coverage=coverage * support,
        exposed=np.clip(shown, 0, 1).astype(np.float32),
        thin=True,
        rigid=True,
        overhang=True,
        parameters=drawn.numbers,
        measured={
            "fibers": float(len(strokes)),
            "radius_px": tuft.radius,
            "area_share": float(coverage.sum()) / max(surface.part_area_px, 1),
        },
    )


def _roundness(band: Band) -> Float64:
    """Return the light across a cylinder under a broad lamp, 1 on its crest."""
    half = np.maximum((band.left + band.right) / 2, THINNEST_PX)
    return 1 - ROUND * np.clip(np.abs(band.offset) / half, 0, 1) ** 2


def _between(band: Band, strokes: list[Stroke]) -> Float64:
    """Return the light along the fibres: they shade each other at the root."""
    run = np.concatenate([np.linspace(0, 1, len(stroke.points)) for stroke in strokes])
    return 1 - DEEP * np.clip(1 - 2.5 * band.at(run), 0, 1)


def _bare(tuft: _Tuft, rng: np.random.Generator) -> DefectLayer:
    drawn, surface = tuft.drawn, tuft.surface
    mouths = Mouths(
        radius=np.array([tuft.radius]),
        aspect=np.array([1.0 + 0.5 * float(rng.random())]),
        angle=np.array([tuft.heading]),
        relative=harmonic_rims(1, 0.1, RIM_HURST, rng),
    )
    box = box_around(np.array([tuft.root]), mouths.reach(0) + 3, surface.shape)
    grid = Grid(box)
    _, outside = mouth_field(mouths, 0, grid.offsets(*tuft.root))
    outside = outside + np.float32(0.03 * tuft.radius) * fbm(grid.shape, RIM_HURST, rng)
    coverage = np.clip(np.float32(0.5) - outside / np.float32(BORE_PX), 0, 1).astype(np.float32)
    colours = tuft.colours()
    ground = colours[: max(int(DARKEST * len(colours)), 1)].mean(axis=0)
    slow = value_noise(box.shape, max(0.5 * tuft.radius, 2.0), rng, octaves=2)
    uneven = np.exp(np.float32(0.08) * slow)
    # The bore that held it: dark from its wall on, a little more so in its middle.
    inside = np.clip(-outside / np.float32(tuft.radius), 0, 1)
    deep = 1 - np.float32(drawn.depth) * (np.float32(WALL) + np.float32(1 - WALL) * inside)
    shown = (uneven * deep)[..., None] * ground.astype(np.float32)
    support = coverage > FAINT
    return DefectLayer(
        kind="bristles",
        origin=(box.top, box.left),
        support=support,
        coverage=coverage * support,
        exposed=np.clip(shown, 0, 1).astype(np.float32),
        rigid=True,
        parameters=drawn.numbers,
        measured={
            "fibers": 0.0,
            "radius_px": tuft.radius,
            "area_share": float(coverage.sum()) / max(surface.part_area_px, 1),
        },
    )
