"""Unevenness: a grinding pass that begins or ends on the surface, foreign marks, slow shading."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.color import luminance
from anomsynth.core.component import (
    ModeWeights,
    NonNegativeRange,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.fields.noise import fbm
from anomsynth.generators.wear._streaks import Marks, own_profile, streaks
from anomsynth.surface.patches import Patch, draw_patch, main_direction

MODES = ("pass", "cross", "shading")
SHADING_HURST = 0.5  # power spectrum k^-3
SHADING_PX = 12.0  # changes across that are slower belong to shading, at 256 px of part
FAINT = 0.35  # of the marks' strength, under slow shading
SHADING_SOFT = 1.2  # of the region's half width: slow shading has no outline


class Unevenness(Generator):
    """Uneven machining: what a grinding wheel leaves that sets on, lifts off or goes astray.

    Mode ``pass``: within a region whose ledges are sharp lines across the marks, the surface's
    own marks are ground away and replaced by others, stronger, sparser and brighter on one side;
    the wheel's deepest grains reach beyond the ledge. Mode ``cross``: a patch with marks at
    another angle. Mode ``shading``: slow gain with power spectrum k^-3 and faint marks.

    Measured on ground ferrite tiles, inside over beside the region: mean light 1.02-1.35, spread
    of the marks 0.96-1.94, their skewness 0.7-2.1 against -0.2-1.2, and the marks on both sides of
    a ledge correlate 0.04-0.5 where those of adjoining bands of flawless tiles do 0.2-0.77. Mean
    light alone tells nothing: bands of one flawless tile differ by 0.9-1.26.
    """

    law: ClassVar[str] = "L' = L exp(a(s) - b(s) + w), a: new marks, b: old ones, w ~ k^-3"
    source: ClassVar[str] = "Huang, Qiu & Yuan 2018 (ground tiles), measured; self-affine shading"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("area", "area_share", measured="area_share"),
    )

    kind: Literal["unevenness"] = "unevenness"
    mode: Literal["pass", "cross", "shading", "mixed"] = parameter(
        "mixed", "choice", "grinding pass with ledges, marks at an angle, slow shading, or any"
    )
    weights: ModeWeights = parameter(
        (0.65, 0.25, 0.1), "weights", "mixed: how often pass, cross, shading"
    )
    area_share: ShareRange = parameter((0.004, 0.35), "of part area", "area of the region")
    mark_strength: SizeRange = parameter((0.12, 0.4), "log light", "spread of the new marks")
    mark_width_mm: SizeRange = parameter(
        (0.05, 0.2), "mm", "width of the finest marks", was="mark_mm"
    )
    mark_length: ShareRange = parameter((0.15, 1.0), "of part size", "length of passing marks")
    persistence: UnitRange = parameter((0.5, 0.95), "share", "marks that run through the region")
    skew: UnitRange = parameter((0.15, 0.75), "ratio", "0: dark as bright; 0.7: few bright marks")
    erased: UnitRange = parameter((0.3, 0.95), "share", "of the surface's own marks")
    step: SignedRange = parameter((-0.1, 0.4), "log light", "how much brighter the region is")
    shading: UnitRange = parameter((0.03, 0.15), "log light", "spread of the slow shading")
    slant_deg: NonNegativeRange = parameter((0, 3), "degrees", "pass: marks to the grain")
    cross_deg: NonNegativeRange = parameter((8, 90), "degrees", "cross: marks to the grain")
    ragged_mm: NonNegativeRange = parameter((0, 0.3), "mm", "how far marks overrun the outline")
    softness: UnitRange = parameter((0, 0.2), "of radius", "widest place of the outline")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick, turn, side = rng.random(3)
        mode: str = self.mode
        if mode == "mixed":
            steps = np.cumsum(self.weights) / sum(self.weights)
            mode = MODES[min(int(np.searchsorted(steps, pick, side="right")), len(MODES) - 1)]
        grain = main_direction(surface, math.pi * float(turn))
        slant = math.radians(drawn.cross_deg if mode == "cross" else drawn.slant_deg)
        angle = grain + (slant if side < 0.5 else -slant)
        shape = {"pass": "pass", "cross": "mixed", "shading": "blob"}[mode]
        patch = draw_patch(surface, drawn.area_share, shape, angle, rng)
        return _machined(_GroundRegion(surface, patch, drawn, grain, angle), mode, rng)


@dataclass(frozen=True, slots=True, eq=False)
class _GroundRegion:
    """One region on one surface; directions of grain and marks in radians."""

    surface: Surface
    patch: Patch
    drawn: Unevenness
    grain: float
    angle: float


def _machined(region: _GroundRegion, mode: str, rng: np.random.Generator) -> DefectLayer:
    surface, patch, drawn = region.surface, region.patch, region.drawn
    scale = surface.mm_per_px
    box = patch.box
    marks = Marks(
        angle=region.angle,
        width_px=drawn.mark_width_mm / scale,
        length_px=drawn.mark_length * surface.part_size_px,
        persistence=drawn.persistence,
        skew=drawn.skew,
    )
    strength = drawn.mark_strength * (FAINT if mode == "shading" else 1.0)
    old = None
    if mode == "pass":
        slow = max(SHADING_PX * surface.part_size_px / 256, 4.0)
        light = luminance(surface.linear(box))
        # Along the new marks only what runs along them is wiped out.
        old = own_profile(light, box, region.angle, slow) * (-drawn.erased / strength)
    new = streaks(box, marks, rng, own=old)
    slow_gain = np.float32(drawn.shading) * fbm(patch.grid.shape, SHADING_HURST, rng)
    depth = patch.grid.refine(patch.depth)
    ragged = 0.0 if mode == "shading" else drawn.ragged_mm / scale
    if ragged > 0:
        depth = depth + np.float32(ragged) * np.clip(new, -1, 2)
    soft = (SHADING_SOFT if mode == "shading" else drawn.softness) * patch.size
    inside = patch.rim(soft, rng).cover(depth)
    sign = 1.0 if mode != "shading" or rng.random() < 0.5 else -1.0
    # Absorbance tau acts as exp(-2 tau).
    film = _film(new, strength, patch, slow_gain + np.float32(sign * drawn.step))
    film *= inside
    support = inside > 0
    return DefectLayer(
        kind="unevenness",
        origin=(box.top, box.left),
        support=support,
        absorbance=film,
        parameters=drawn.numbers,
        measured={
            "area_share": float(inside[surface.foreground[box.slices]].sum(dtype=np.float64))
            / max(surface.part_area_px, 1),
            "angle_deg": math.degrees(region.angle),
            "mode": float(MODES.index(mode)),
            "mean_gain": _mean_gain(film, inside),
        },
    )


def _film(new: Float32, strength: float, patch: Patch, slow: Float32) -> Float32:
    """Return -1/2 of the change of log light, the marks' array used up."""
    new *= np.float32(-0.5 * strength)
    new -= patch.grid.refine(slow * np.float32(0.5))
    return new


def _mean_gain(film: Float32, inside: Float32) -> float:
    weight = float(inside.sum(dtype=np.float64))
    return float(np.exp(-2 * float(film.sum(dtype=np.float64)) / max(weight, 1e-6)))
