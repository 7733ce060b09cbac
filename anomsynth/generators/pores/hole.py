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
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_coverage, mouth_field
from anomsynth.fields.relief import fade
from anomsynth.generators.pores._mouths import torn_rim
from anomsynth.surface.sites import pick_site

MOST_RADIUS = 0.12  # of the part's size
SMALLEST_PX = 1.0
SHADED = 0.4  # how unevenly the bottom is lit, in log light
LIP_REACH = 1.5  # widths of the lip at which the surface is flat again
WALL_PX = 1.2  # pixels of wall that are seen at least on the side away from the light


class Hole(Generator):
    """A bore with a thin, partly lit wall, or a puncture with torn, folded lips.

    Deep holes send little light back: of a mouth of radius r and depth d the bottom sees
    ``r**2 / (r**2 + d**2)`` of the sky. A puncture reaches far along its tears and little between
    them, where flaps stand up around it.
    """

    law: ClassVar[str] = "V = r^2 / (r^2 + d^2); puncture: n tears, n flaps between them"
    source: ClassVar[str] = (
        "view factor of a disc; Vermorel, Vandenberghe & Villermaux 2010 (tears)"
    )

    kind: Literal["hole"] = "hole"
    mode: Literal["bore", "puncture", "mixed"] = parameter(
        "mixed", "", "smooth and round, torn open, or either"
    )
    puncture_share: UnitRange = parameter(0.5, "", "mixed: probability of a puncture")
    radius_mm: SizeRange = parameter((0.2, 3.0), "mm", "radius of the circle of equal area")
    aspect: SizeRange = parameter((1.0, 1.6), "", "length over width (slanted bores)")
    irregularity: UnitRange = parameter((0.02, 0.12), "of radius", "bore: first harmonic")
    depth_ratio: SizeRange = parameter((1.0, 5.0), "", "depth over radius: deep holes are dark")
    wall: UnitRange = parameter((0.0, 0.3), "of radius", "bore: how much lit wall is seen")
    wall_albedo: SizeRange = parameter((0.5, 1.1), "", "reflectance of that wall")
    tears: Count = parameter((3, 6), "", "puncture: tears")
    tear_depth: UnitRange = parameter((0.06, 0.3), "", "puncture: how far they reach")
    scatter: UnitRange = parameter((0.5, 1.0), "", "puncture: irregularity of the tears")
    lip: SizeRange = parameter((0.05, 0.35), "of radius", "height of burr or flaps")
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
        drawn = self.draw_ranges(rng)
        pick, turn = rng.random(2)
        row, col = pick_site(surface, rng)
        torn = self.mode == "puncture" or (self.mode == "mixed" and pick < drawn.puncture_share)
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
        centre = np.array([row, col]) + rng.uniform(-0.5, 0.5, 2)
        hole = _Hole(mouths, radius, centre, torn)
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
            parameters=drawn.numbers,
            measured={
                "radius_mm": radius * surface.mm_per_px,
                "area_px": float(fields.coverage.sum(dtype=np.float64)),
                "sky": sky_share(drawn.depth_ratio),
                "torn": float(torn),
            },
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Hole:
    """One hole: its mouth, radius and centre in pixels, and whether it was torn."""

    mouths: Mouths
    radius: float
    centre: np.ndarray[tuple[int], np.dtype[np.float64]]
    torn: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Fields:
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


def _open(hole: _Hole, drawn: Hole, surface: Surface, rng: np.random.Generator) -> _Fields:
    lip_px = max(drawn.lip_width * hole.radius, 1.0)
    reach = hole.mouths.reach(0) + LIP_REACH * lip_px + 2
    low = np.maximum(np.floor(hole.centre - reach).astype(int), 0)
    high = np.minimum(np.ceil(hole.centre + reach).astype(int) + 1, surface.shape)
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    down = (np.arange(box.top, box.bottom) - hole.centre[0]).astype(np.float32)[:, None]
    right = (np.arange(box.left, box.right) - hole.centre[1]).astype(np.float32)[None, :]
    share, outside = mouth_field(hole.mouths, 0, (down, right))
    coverage = mouth_coverage(hole.mouths, 0, outside, 1.0)
    dark = max(sky_share(drawn.depth_ratio), 0.04)
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
    wall = drawn.wall * hole.radius * (0.25 if hole.torn else 1.0)
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
    height = np.float32(drawn.lip * hole.radius * (1.0 if hole.torn else 0.3)) * rise
    height[np.abs(height) < 1e-3] = 0
    stain = np.float32(drawn.halo) * (1 - fade(far / LIP_REACH)) * (1 - coverage)
    stain = stain * np.clip(1 + 0.5 * stands, 0, 2)
    stain[stain < 1e-3] = 0
    stain = stain.astype(np.float32, copy=False)
    return _Fields(box, coverage, albedo, openness, height.astype(np.float32), stain)
