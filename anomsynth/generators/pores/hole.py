"""Holes: bored or eaten through, or punched with torn lips."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator

from anomsynth.core.component import (
    Count,
    CountRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import (
    ANGLES,
    Mouths,
    harmonic_rims,
    mouth_coverage,
    mouth_field,
)
from anomsynth.fields.paths import smooth_noise
from anomsynth.fields.relief import fade
from anomsynth.surface.sites import pick_site

MOST_RADIUS = 0.12  # of the part's size
SMALLEST_PX = 1.0
SHADED = 0.4  # how unevenly the bottom is lit, in log light
LIP_REACH = 1.5  # widths of the lip at which the surface is flat again
WALL_PX = 1.2  # pixels of wall that are seen at least on the side away from the light
DARKEST = 0.04  # of the sky: light that strays into the deepest hole
SLIM = 0.3  # width of a tear over that of a flap
RAGGED = 0.09  # torn rims are uneven everywhere
NARROWEST = 0.3  # of the mean radius, where a flap hangs into the hole
ASTRAY = 0.7  # of the angle between tears, over which full scatter spreads each
UNEVEN = 0.8  # share of its length that full scatter may take from a tear
TORN_WALL = 0.25  # how much of a bore's wall a torn sheet shows: it is thin
BURR = 0.3  # height of a bore's burr over that of flaps


class Hole(Generator):
    """A bore with a thin, partly lit wall, or a puncture with torn, folded lips.

    Deep holes send little light back: of a mouth of radius r and depth d the bottom sees
    ``r**2 / (r**2 + d**2)`` of the sky. A puncture reaches far along its tears and little between
    them, where flaps stand up around it. Rays along its axis miss its depth of material.
    """

    law: ClassVar[str] = "V = r^2 / (r^2 + d^2); puncture: n tears, n flaps between them"
    source: ClassVar[str] = (
        "view factor of a disc; Vermorel, Vandenberghe & Villermaux 2010 (tears)"
    )
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("width", "radius_mm", 2, measured="radius_mm", measured_times=2),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["hole"] = "hole"
    mode: Literal["bore", "puncture", "mixed"] = parameter(
        "mixed", "choice", "smooth and round, torn open, or either"
    )
    puncture_probability: UnitRange = parameter(
        0.5, "probability", "mixed: that it is a puncture", was="puncture_share"
    )
    radius_mm: SizeRange = parameter((0.3, 10), "mm", "radius of the circle of equal area")
    aspect: SizeRange = parameter((1.0, 1.6), "ratio", "length over width (slanted bores)")
    irregularity: UnitRange = parameter((0.02, 0.12), "of radius", "bore: first harmonic")
    depth_ratio: SizeRange = parameter((1.0, 5.0), "of radius", "depth: deep holes are dark")
    wall_width: UnitRange = parameter(
        (0.0, 0.3), "of radius", "bore: how much lit wall is seen", was="wall"
    )
    wall_albedo: SizeRange = parameter((0.5, 1.1), "relative", "reflectance of that wall")
    tears: Count = parameter((3, 6), "count", "puncture: tears")
    tear_depth: UnitRange = parameter((0.06, 0.3), "relative", "puncture: how far they reach")
    scatter: UnitRange = parameter((0.5, 1.0), "relative", "puncture: irregularity of the tears")
    lip_height: SizeRange = parameter(
        (0.05, 0.35), "of radius", "height of burr or flaps", was="lip"
    )
    lip_width: SizeRange = parameter((0.2, 0.6), "of radius", "width of burr or flaps")
    halo: UnitRange = parameter((0.0, 0.1), "optical depth", "dirt or crushed rim around it")

    @field_validator("tears")
    @classmethod
    def _some(cls, value: CountRange) -> CountRange:
        if value.low < 2:
            msg = f"must be at least 2, got {value.low:g}"
            raise ValueError(msg)
        return value

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one hole; raise PlacementError if nothing is allowed."""
        drawn, hole, measured = self._place(surface, rng)
        fields = _open(hole, drawn, surface, rng)
        return DefectLayer(
            kind="hole",
            origin=(fields.box.top, fields.box.left),
            support=(fields.coverage > 0) | (fields.height != 0) | (fields.absorbance > 0),
            coverage=fields.coverage,
            albedo=fields.albedo,
            openness=fields.openness,
            height=fields.height * np.float32(surface.mm_per_px),
            absorbance=fields.absorbance,
            thin=True,
            void=True,
            parameters=drawn.numbers,
            measured={**measured, "area_px": float(fields.coverage.sum(dtype=np.float64))},
        )

    def transmit(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one hole as rays along its axis meet it; raise PlacementError as `generate`."""
        drawn, hole, measured = self._place(surface, rng)
        fields = _open(hole, drawn, surface, rng)
        deep = np.float32(drawn.depth_ratio * hole.radius)
        chord = (deep * fields.coverage - fields.height) * np.float32(surface.mm_per_px)
        return DefectLayer(
            kind="hole",
            origin=(fields.box.top, fields.box.left),
            support=chord != 0,
            chord=chord,
            thin=True,
            parameters=drawn.numbers,
            measured={**measured, "area_px": float(fields.coverage.sum(dtype=np.float64))},
        )

    def _place(
        self, surface: Surface, rng: np.random.Generator
    ) -> tuple["Hole", "_Hole", dict[str, float]]:
        """Return what was drawn, the hole in its place, and what is measured of it."""
        drawn = self.draw_ranges(rng)
        pick, turn = rng.random(2)
        row, col = pick_site(surface, rng)
        torn = self.mode == "puncture" or (
            self.mode == "mixed" and pick < drawn.puncture_probability
        )
        largest = MOST_RADIUS * max(surface.part_size_px, 4.0)
        radius = max(min(drawn.radius_mm / surface.mm_per_px, largest), SMALLEST_PX)
        if torn:
            rim, _ = torn_rim(int(drawn.tears), drawn.tear_depth, drawn.scatter, rng)
        else:
            rim = harmonic_rims(1, drawn.irregularity, 1.2, rng, np.array([radius]))
        mouths = Mouths(
            radius=np.array([radius]),
            aspect=np.array([drawn.aspect]),
            angle=np.array([np.pi * turn]),
            relative=rim,
        )
        centre = np.array([row, col]) + rng.uniform(-0.5, 0.5, 2)  # anywhere in its pixel
        measured = {
            "radius_mm": radius * surface.mm_per_px,
            "sky": sky_share(drawn.depth_ratio),
            "torn": float(torn),
        }
        return drawn, _Hole(mouths, radius, centre, torn), measured


@dataclass(frozen=True, slots=True, eq=False)
class _Hole:
    """One hole: its mouth, radius and centre in pixels, and whether it was torn."""

    mouths: Mouths
    radius: float
    centre: np.ndarray[tuple[int], np.dtype[np.float64]]
    torn: bool


@dataclass(frozen=True, slots=True, eq=False)
class _HoleFields:
    """Arrays of `box`, (h, w) float32; `height` in pixels."""

    box: Box
    coverage: Float32
    albedo: Float32
    openness: Float32
    height: Float32
    absorbance: Float32


def sky_share(depth_ratio: float) -> float:
    """Return the share of the sky that the bottom of a round hole sees, ``1 / (1 + (d/r)^2)``."""
    return 1 / (1 + depth_ratio**2)


def torn_rim(
    tears: int, depth: float, scatter: float, rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Draw the rim of a puncture, its tips where the sheet tore.

    A membrane pierced by a point tears along `tears` radial lines; between them flaps fold back,
    so that the hole reaches far along the tears and little between them.

    Parameters
    ----------
    tears : int, >= 2
    depth : float in [0, 1)
        How much deeper the hole reaches along the tears than between them; 0 is round.
    scatter : float in [0, 1]
        Unevenness of the tears' directions and lengths.
    rng : Generator

    Returns
    -------
    rim : (1, ANGLES) float32
        Distance of the rim over the radius of the circle of equal area: mean square 1.
    tips : (tears,) float32, radians
        Directions of the tears.
    """
    even = np.arange(tears) + ASTRAY * scatter * rng.uniform(-0.5, 0.5, tears)
    tips = (2 * np.pi * (even / tears + rng.random())) % (2 * np.pi)
    lengths = 1 - UNEVEN * scatter * rng.random(tears)
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    apart = np.abs((angle[:, None] - tips[None] + np.pi) % (2 * np.pi) - np.pi)
    half = np.pi / tears
    star = (np.exp(-((apart / (SLIM * half)) ** 1.2)) * lengths).max(axis=1)
    wave = smooth_noise(ANGLES, ANGLES / 22, rng)
    closes = np.linspace(0, 1, ANGLES)
    wave = wave + (wave[0] - wave[-1]) * closes  # the rim closes on itself
    rim = (1 - depth) + 3 * depth * star
    rim = np.maximum(rim * (1 + RAGGED * wave), NARROWEST)
    rim /= np.sqrt(np.mean(rim**2))
    return rim.astype(np.float32)[None], tips.astype(np.float32)


def _open(hole: _Hole, drawn: Hole, surface: Surface, rng: np.random.Generator) -> _HoleFields:
    lip_px = max(drawn.lip_width * hole.radius, 1.0)
    reach = hole.mouths.reach(0) + LIP_REACH * lip_px + 2
    low = np.maximum(np.floor(hole.centre - reach).astype(int), 0)
    high = np.minimum(np.ceil(hole.centre + reach).astype(int) + 1, surface.shape)
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    down = (np.arange(box.top, box.bottom) - hole.centre[0]).astype(np.float32)[:, None]
    right = (np.arange(box.left, box.right) - hole.centre[1]).astype(np.float32)[None, :]
    share, outside = mouth_field(hole.mouths, 0, (down, right))
    coverage = mouth_coverage(hole.mouths, 0, outside, 1.0)
    dark = max(sky_share(drawn.depth_ratio), DARKEST)
    inner = np.minimum(share, np.float32(1))
    level = np.float32(0.5 * np.log(dark))
    sky = np.exp(level * (np.float32(0.6) + np.float32(0.4) * (1 - inner * inner)))
    openness = (1 - (1 - sky) * coverage).astype(np.float32)
    to_row, to_col, _ = surface.light.vector
    flat = max(float(np.hypot(to_row, to_col)), 1e-6)
    # The rim next to the light shades the bottom.
    towards = (down * np.float32(to_row / flat) + right * np.float32(to_col / flat)) / np.float32(
        hole.radius
    )
    slow = value_noise(share.shape, max(hole.radius, 3.0), rng)
    shade = 1 + np.float32(SHADED) * np.clip(towards, -1.5, 1.5)
    albedo = np.exp(level * shade * (1 + np.float32(0.1) * slow)).astype(np.float32)
    # The wall away from the light is lit; a torn sheet is too thin to show one.
    radial = np.maximum(np.sqrt(down * down + right * right), np.float32(1e-6))
    facing = -(down * np.float32(to_row / flat) + right * np.float32(to_col / flat)) / radial
    wall = drawn.wall_width * hole.radius * (TORN_WALL if hole.torn else 1.0)
    if wall > 0:
        thick = (wall + WALL_PX) * np.clip(0.3 + facing, 0, 1)
        lit = np.clip(1 + outside / np.maximum(thick, np.float32(0.3)), 0, 1) * np.clip(
            0.2 + facing, 0, 1
        )
        albedo += (np.float32(drawn.wall_albedo) - albedo) * lit
    # Sharp at the mouth, flat further out: a burr, or flaps that stand highest between tears.
    far = np.maximum(outside, 0) / np.float32(lip_px)
    stands = value_noise(share.shape, max(1.2 * hole.radius, 3.0), rng)
    rise = np.exp(-2.5 * far) * (1 - fade(far / LIP_REACH))
    rise = rise * np.clip(1 + (0.6 if hole.torn else 0.35) * stands, 0, 2) * (1 - coverage)
    height = np.float32(drawn.lip_height * hole.radius * (1.0 if hole.torn else BURR)) * rise
    height[np.abs(height) < 1e-3] = 0
    stain = np.float32(drawn.halo) * (1 - fade(far / LIP_REACH)) * (1 - coverage)
    stain = stain * np.clip(1 + 0.5 * stands, 0, 2)
    stain[stain < 1e-3] = 0
    stain = stain.astype(np.float32, copy=False)
    return _HoleFields(box, coverage, albedo, openness, height.astype(np.float32), stain)
