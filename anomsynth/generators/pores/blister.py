"""Blisters: a coat or film that came off its base and bulges."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator

from anomsynth.core.component import (
    PositiveCount,
    Range,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.boxes import box_around
from anomsynth.fields.grid import Grid
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field
from anomsynth.fields.paths import Float64, smooth_noise, turned, worm_like_chain
from anomsynth.generators.pores._films import (
    disc_deflection,
    disc_profile,
    strip_deflection,
    strip_profile,
)
from anomsynth.surface.sites import pick_site

MOST_CELLS = 160
MOST_RADIUS = 0.15  # of the part's size
SMALLEST_PX = 1.5
CORD_WAVE = 4.0  # wavelength of a telephone cord over its half width
CORD_SWING = 0.6  # its amplitude over its half width
RIM_HURST = 1.5
STEPS = 5  # vertices of a strip per half width


class Blister(Generator):
    """Round blisters in groups, or one long one, straight or wavy like a telephone cord.

    Under compressive stress a film that has lost its hold buckles once the stress exceeds
    ``s_c = 1.2235 E' (h/R)^2`` (round) or ``(pi^2/12) E' (h/b)^2`` (straight), and rises with the
    root of the excess [1]_. Gas or water beneath blows it up to the shape of a clamped plate.

    References
    ----------
    .. [1] J. W. Hutchinson, M. D. Thouless, E. G. Liniger, Acta Metallurgica et Materialia 40,
       1992.
    """

    law: ClassVar[str] = "w0 = h sqrt(c1 (s/s_c - 1)); strip: xi = h sqrt((4/3)(s/s_c - 1))"
    source: ClassVar[str] = "Hutchinson, Thouless & Liniger 1992; Timoshenko 1959 (plate)"

    kind: Literal["blister"] = "blister"
    mode: Literal["round", "straight", "cord", "mixed"] = parameter(
        "mixed", "", "round ones, a straight strip, a wavy strip, or any"
    )
    strip_share: UnitRange = parameter(0.3, "", "mixed: probability of a strip")
    radius_mm: SizeRange = parameter((0.4, 4.0), "mm", "radius, or half width of a strip")
    count: PositiveCount = parameter((1, 6), "", "round blisters in the group")
    spread: SizeRange = parameter((2.2, 6.0), "radii", "how far apart they lie")
    length: SizeRange = parameter((4, 16), "half widths", "strip: length")
    film: SizeRange = parameter((0.03, 0.07), "of radius", "thickness of the film")
    stress: SizeRange = parameter((2.0, 24.0), "", "stress over that at which it buckles")
    blown_share: UnitRange = parameter(0.4, "", "probability of gas or water beneath")
    aspect: SizeRange = parameter((1.0, 1.7), "", "length over width of round ones")
    irregularity: UnitRange = parameter((0.03, 0.15), "of radius", "first harmonic of the outline")
    lightening: UnitRange = parameter((0.0, 0.04), "optical depth", "air gap beneath: lighter")

    @field_validator("stress")
    @classmethod
    def _buckled(cls, value: Range) -> Range:
        if value.low <= 1:
            msg = f"must be above 1, or nothing buckles; got {value.low:g}"
            raise ValueError(msg)
        return value

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one group or strip; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        strip, wavy, blown = rng.random(3)
        site = pick_site(surface, rng)
        mode: str = self.mode
        if mode == "mixed":
            long = "cord" if wavy < 0.5 else "straight"
            mode = long if strip < drawn.strip_share else "round"
        largest = MOST_RADIUS * max(surface.part_size_px, 4.0)
        radius = max(min(drawn.radius_mm / surface.mm_per_px, largest), SMALLEST_PX)
        place = _Place(surface, site, radius, drawn)
        if mode == "round":
            rise = disc_deflection(drawn.stress)
            grid, shape = _discs(place, bool(blown < drawn.blown_share), rng)
        else:
            rise = strip_deflection(drawn.stress)
            grid, shape = _strip(place, mode == "cord", rng)
        height = shape * np.float32(rise * drawn.film * radius)
        support = grid.refine(shape) > 0
        fine = grid.refine(height, smooth=True) * np.float32(surface.mm_per_px)
        fine[~support] = 0
        film = None
        if drawn.lightening > 0:
            film = grid.refine(shape) * np.float32(-drawn.lightening)
            film[~support] = 0
        return DefectLayer(
            kind="blister",
            origin=(grid.box.top, grid.box.left),
            support=support,
            height=fine,
            absorbance=film,
            parameters=drawn.numbers,
            measured={
                "radius_px": radius,
                "rise_over_film": rise,
                "height_mm": float(fine.max(initial=0)),
                "strip": float(mode != "round"),
            },
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One group of blisters on one surface; `radius` in pixels."""

    surface: Surface
    site: tuple[int, int]
    radius: float
    drawn: Blister


def _discs(place: _Place, blown: bool, rng: np.random.Generator) -> tuple[Grid, Float32]:
    """Return the grid and the height over that of the largest blister; sizes differ."""
    drawn, radius = place.drawn, place.radius
    count = int(drawn.count)
    sizes = radius * np.exp(-np.abs(rng.normal(0, 0.5, count)))
    sizes[0] = radius
    away = drawn.spread * radius * np.sqrt(np.arange(count)) * rng.uniform(0.7, 1.1, count)
    turn = 2.4 * np.arange(count) + rng.normal(0, 0.5, count) + 2 * np.pi * rng.random()
    centres = np.array(place.site) + np.stack([away * np.sin(turn), away * np.cos(turn)], axis=1)
    mouths = Mouths(
        radius=np.maximum(sizes, SMALLEST_PX),
        aspect=drawn.aspect ** rng.uniform(0, 1, count),
        angle=np.pi * rng.random() + rng.normal(0, 0.4, count),
        relative=harmonic_rims(count, drawn.irregularity, RIM_HURST, rng, sizes),
    )
    reach = max(mouths.reach(index) for index in range(count))
    grid = Grid.over(_box(centres, reach, place.surface), MOST_CELLS)
    shape = np.zeros(grid.shape, dtype=np.float32)
    for index, centre in enumerate(centres):
        share, _ = mouth_field(mouths, index, grid.offsets(*centre), rounded=True)
        # Deflection goes with the thickness of the film: small ones are as steep, but lower.
        own = disc_profile(share, blown=blown) * np.float32(sizes[index] / radius)
        np.maximum(shape, own, out=shape)
    return grid, shape


def _strip(place: _Place, wavy: bool, rng: np.random.Generator) -> tuple[Grid, Float32]:
    """Return the grid and the relative height of a strip with rounded ends."""
    drawn, radius = place.drawn, place.radius
    length = drawn.length * radius
    count = max(math.ceil(STEPS * drawn.length), 8)
    line = worm_like_chain(length, 4 * length, count, rng)
    along = np.linspace(0, length, count)
    swing = 0.0
    if wavy:
        phase = 2 * np.pi * (along / (CORD_WAVE * radius) + rng.random())
        swing = CORD_SWING * radius
        line[:, 0] += swing * np.sin(phase + 0.3 * smooth_noise(count, 8.0, rng))
    line = turned(line - line[count // 2], 2 * np.pi * rng.random()) + np.array(place.site)
    width = radius * np.exp(0.12 * smooth_noise(count, 6.0, rng))
    ends = np.minimum(along, length - along) / (1.5 * radius)
    width = width * np.sqrt(np.clip(ends, 0.05, 1))
    grid = Grid.over(_box(line, 1.4 * radius, place.surface), MOST_CELLS)
    share, own = nearest_share(line, width, grid)
    return grid, strip_profile(share) * own


def nearest_share(line: Float64, width: Float64, grid: Grid) -> tuple[Float32, Float32]:
    """Return the distance to a line over its half width there, and that width over the widest.

    Parameters
    ----------
    line : (N, 2) float64, rows and columns, pixels
    width : (N,) float64, half widths, pixels, > 0
    grid : Grid

    Returns
    -------
    two float32 arrays of grid.shape
    """
    down, right = grid.offsets(0.0, 0.0)
    best = np.full(grid.shape, np.inf, dtype=np.float32)
    wide = np.zeros(grid.shape, dtype=np.float32)
    for start, end, first, last in zip(line[:-1], line[1:], width[:-1], width[1:], strict=True):
        to_row, to_col = (np.float32(part) for part in end - start)
        row, col = down - np.float32(start[0]), right - np.float32(start[1])
        squared = np.float32(max(float(to_row**2 + to_col**2), 1e-9))
        t = np.clip((row * to_row + col * to_col) / squared, 0, 1)
        own = np.float32(first) + t * np.float32(last - first)
        gap = np.hypot(row - t * to_row, col - t * to_col) / own
        nearer = gap < best
        np.copyto(best, gap, where=nearer)
        np.copyto(wide, own, where=nearer)
    return best, wide / np.float32(width.max())


def _box(points: Float64, reach: float, surface: Surface) -> Box:
    return box_around(points, reach + 2, surface.shape)
