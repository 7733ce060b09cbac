"""Blisters: a coat or film that came off its base and bulges."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator
from scipy.special import j0

from anomsynth.core.component import (
    NonNegative,
    PositiveBounds,
    PositiveCount,
    Probability,
    Range,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field
from anomsynth.fields.paths import Float64, smooth_noise, turned, worm_like_chain
from anomsynth.fields.regions import box_around
from anomsynth.surface.sites import pick_site

MOST_CELLS = 160
MOST_RADIUS = 0.15  # of the part's size
SMALLEST_PX = 1.5
CLAMPED_ROOT = 3.8317059702  # first zero of J1: a clamped disc buckles as J0 of it
CORD_WAVE = 4.0  # wavelength of a telephone cord over its half width
CORD_SWING = 0.6  # its amplitude over its half width
RIM_HURST = 1.5
STEPS = 5  # vertices of a strip per half width
STRAIGHT = 4.0  # persistence length of a strip over its length
GOLDEN = 2.4  # radians, the golden angle: discs of a group lie as seeds do in a flower head
ASTRAY = 0.5  # radians, standard deviation about it
ALIGNED = 0.4  # radians, scatter of the long axes of a group


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
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure(
            "width",
            "radius_mm",
            2,
            measured="radius_px",
            measured_times=2,
            alone={"count": 1, "mode": "round"},
        ),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["blister"] = "blister"
    mode: Literal["round", "straight", "cord", "mixed"] = parameter(
        "mixed", "choice", "round ones, a straight strip, a wavy strip, or any"
    )
    strip_probability: UnitRange = parameter(
        0.3, "probability", "mixed: that it is a strip", was="strip_share"
    )
    cord_probability: Probability = parameter(
        0.5, "probability", "mixed: that a strip is wavy like a telephone cord"
    )
    radius_mm: SizeRange = parameter((0.4, 4.0), "mm", "radius, or half width of a strip")
    count: PositiveCount = parameter((1, 6), "count", "round blisters in the group")
    spacing: SizeRange = parameter((2.2, 6.0), "of radius", "how far apart they lie", was="spread")
    spacing_scatter: PositiveBounds = parameter((0.7, 1.1), "relative", "factor of each distance")
    radius_scatter: NonNegative = parameter(
        0.5, "relative", "standard deviation of the log radius; none exceeds the largest"
    )
    length: SizeRange = parameter((4, 16), "of radius", "strip: length over its half width")
    unevenness: NonNegative = parameter(
        0.12, "relative", "strip: standard deviation of the log width along it"
    )
    film_thickness: SizeRange = parameter(
        (0.03, 0.07), "of radius", "thickness of the film", was="film"
    )
    stress: SizeRange = parameter((2.0, 24.0), "ratio", "stress over that at which it buckles")
    blown_probability: UnitRange = parameter(
        0.4, "probability", "that gas or water lies beneath", was="blown_share"
    )
    aspect: SizeRange = parameter((1.0, 1.7), "ratio", "largest length over width of round ones")
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
            long = "cord" if wavy < drawn.cord_probability else "straight"
            mode = long if strip < drawn.strip_probability else "round"
        largest = MOST_RADIUS * max(surface.part_size_px, 4.0)
        radius = max(min(drawn.radius_mm / surface.mm_per_px, largest), SMALLEST_PX)
        place = _BlisterSite(surface, site, radius, drawn)
        if mode == "round":
            rise = disc_deflection(drawn.stress)
            grid, shape = _discs(place, bool(blown < drawn.blown_probability), rng)
        else:
            rise = strip_deflection(drawn.stress)
            grid, shape = _strip(place, mode == "cord", rng)
        height = shape * np.float32(rise * drawn.film_thickness * radius)
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


def disc_deflection(stress_ratio: float, poisson: float = 0.3) -> float:
    """Return the centre deflection of a round blister over the film's thickness [1]_.

    ``sqrt(c1 (s/s_c - 1))`` with ``c1 = 1 / (0.2473 (1 + v) + 0.2231 (1 - v^2))``.

    Parameters
    ----------
    stress_ratio : float >= 1
        Compressive stress over that at which a disc of this radius buckles.
    poisson : float

    References
    ----------
    .. [1] J. W. Hutchinson, M. D. Thouless, E. G. Liniger, "Growth and configurational stability
       of circular, buckling-driven film delaminations", Acta Metallurgica et Materialia 40, 1992.
    """
    constant = 1 / (0.2473 * (1 + poisson) + 0.2231 * (1 - poisson**2))
    return math.sqrt(constant * max(stress_ratio - 1, 0.0))


def strip_deflection(stress_ratio: float) -> float:
    """Return the height of a straight blister over the film's thickness.

    ``sqrt((4/3) (s/s_c - 1))``, exact for a clamped wide plate.
    """
    return math.sqrt(4 / 3 * max(stress_ratio - 1, 0.0))


def disc_profile(share: Float32, *, blown: bool = False) -> Float32:
    """Return the height of a round blister over its centre's, 0 with zero slope on the rim.

    Parameters
    ----------
    share : (h, w) float32 >= 0
        Distance from the centre, 1 on the rim.
    blown : bool
        True: gas or water under it, ``(1 - q^2)^2``. False: buckled, ``J0(3.83 q)`` shifted to
        the rim.
    """
    q = np.minimum(share, np.float32(1))
    if blown:
        return np.asarray((1 - q * q) ** 2, dtype=np.float32)
    rim = float(j0(CLAMPED_ROOT))
    return np.asarray((j0(CLAMPED_ROOT * q) - rim) / (1 - rim), dtype=np.float32)


def strip_profile(share: Float32) -> Float32:
    """Return the height across a straight blister over its crest's: ``(1 + cos(pi x/b)) / 2``.

    `share` is the distance from the axis over the half width b.
    """
    inside = np.minimum(np.abs(share), np.float32(1))
    return np.asarray((1 + np.cos(np.float32(np.pi) * inside)) / 2, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _BlisterSite:
    """One group of blisters on one surface; `radius` in pixels."""

    surface: Surface
    site: tuple[int, int]
    radius: float
    drawn: Blister


def _discs(place: _BlisterSite, blown: bool, rng: np.random.Generator) -> tuple[Grid, Float32]:
    """Return the grid and the height over that of the largest blister; sizes differ."""
    drawn, radius = place.drawn, place.radius
    count = int(drawn.count)
    sizes = radius * np.exp(-np.abs(rng.normal(0, drawn.radius_scatter, count)))
    sizes[0] = radius
    away = drawn.spacing * radius * np.sqrt(np.arange(count))
    away *= drawn.spacing_scatter.uniform(rng, count)
    turn = GOLDEN * np.arange(count) + rng.normal(0, ASTRAY, count) + 2 * np.pi * rng.random()
    centres = np.array(place.site) + np.stack([away * np.sin(turn), away * np.cos(turn)], axis=1)
    mouths = Mouths(
        radius=np.maximum(sizes, SMALLEST_PX),
        aspect=drawn.aspect ** rng.uniform(0, 1, count),  # from round to the longest
        angle=np.pi * rng.random() + rng.normal(0, ALIGNED, count),
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


def _strip(place: _BlisterSite, wavy: bool, rng: np.random.Generator) -> tuple[Grid, Float32]:
    """Return the grid and the relative height of a strip with rounded ends."""
    drawn, radius = place.drawn, place.radius
    length = drawn.length * radius
    count = max(math.ceil(STEPS * drawn.length), 8)
    line = worm_like_chain(length, STRAIGHT * length, count, rng)
    along = np.linspace(0, length, count)
    swing = 0.0
    if wavy:
        phase = 2 * np.pi * (along / (CORD_WAVE * radius) + rng.random())
        swing = CORD_SWING * radius
        line[:, 0] += swing * np.sin(phase + 0.3 * smooth_noise(count, 8.0, rng))
    line = turned(line - line[count // 2], 2 * np.pi * rng.random()) + np.array(place.site)
    width = radius * np.exp(drawn.unevenness * smooth_noise(count, 6.0, rng))
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
