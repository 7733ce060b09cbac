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
from anomsynth.surface.bearing import odds_of, read_bearing
from anomsynth.surface.patches import Patch, draw_patch, main_direction

MODES = ("pass", "cross", "shading")
SHADING_HURST = 0.5  # power spectrum k^-3
SHADING_PX = 12.0  # changes across that are slower belong to shading, at 256 px of part
FAINT = 0.35  # of the marks' strength, under slow shading
PASSES = 0.6  # of the regions with marks at an angle
RELIEF = 0.03  # of the part's size: relief is finer than that
RUN_IN = 0.12, 0.8  # of the region's half width: length over which the wheel comes to its depth
REMOVED = 0.97  # of the bearing area, where the wheel has come to its depth
DEEPER = 0.4  # how much the removal wanders
CLEAR = 1.5  # times its coherence: how far a surface counts as one of marks
UNMARKED = 0.3  # of the marks' strength, where the surface has none of its own
SHADING_SOFT = 1.2  # of the region's half width: slow shading has no outline


class Unevenness(Generator):
    """Uneven machining: what a grinding wheel leaves that sets on, lifts off or goes astray.

    Mode ``pass``: within a region whose ledges are sharp lines across the marks, the surface's
    own marks are ground away and replaced by others, stronger, sparser and brighter on one side;
    the wheel's deepest grains reach beyond the ledge. Mode ``cross``: a pass or a patch with marks
    at another angle. Mode ``shading``: slow gain with power spectrum k^-3 and faint marks.

    How much is removed follows Preston, pressure times way [1]_: it grows from the ledge over the
    length of contact and wanders slowly. What has been removed is the relief's bearing area [2]_,
    so where little is, high places are ground and low ones stay as they were; a ground surface is
    flat and reached at once. One that has no marks of its own loses its texture and takes fainter
    ones.

    Measured on ground ferrite tiles, inside over beside the region: mean light 1.02-1.35, spread
    of the marks 0.96-1.94, their skewness 0.7-2.1 against -0.2-1.2, and the marks on both sides of
    a ledge correlate 0.04-0.5 where those of adjoining bands of flawless tiles do 0.2-0.77. Mean
    light alone tells nothing: bands of one flawless tile differ by 0.9-1.26.

    References
    ----------
    .. [1] F. W. Preston, "The theory and design of plate glass polishing machines", Journal of the
       Society of Glass Technology 11, 1927.
    .. [2] E. J. Abbott, F. A. Firestone, "Specifying surface quality", Mechanical Engineering 55,
       1933.
    """

    law: ClassVar[str] = (
        "L' = L exp(c (a(s) - b(s) + w)), a: new marks, b: old ones, w ~ k^-3; removal ~ pressure "
        "way, c where height > -Phi^-1(removal)"
    )
    source: ClassVar[str] = (
        "Huang, Qiu & Yuan 2018 (ground tiles), measured; Preston 1927; Abbott & Firestone 1933"
    )
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
        pick, turn, side, form = rng.random(4)
        mode: str = self.mode
        if mode == "mixed":
            steps = np.cumsum(self.weights) / sum(self.weights)
            mode = MODES[min(int(np.searchsorted(steps, pick, side="right")), len(MODES) - 1)]
        grain = main_direction(surface, math.pi * float(turn))
        slant = math.radians(drawn.cross_deg if mode == "cross" else drawn.slant_deg)
        angle = grain + (slant if side < 0.5 else -slant)
        shape = "pass" if mode == "pass" or (mode == "cross" and form < PASSES) else "blob"
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
    clear = min(CLEAR * float(surface.grain.coherence.mean()), 1.0)
    strength = drawn.mark_strength * (FAINT if mode == "shading" else 1.0)
    strength *= UNMARKED + (1 - UNMARKED) * clear
    old = None
    if mode == "pass":
        slowest = max(SHADING_PX * surface.part_size_px / 256, 4.0)
        light = luminance(surface.linear(box))
        # Along the new marks only what runs along them is wiped out.
        old = own_profile(light, box, region.angle, slowest) * (-drawn.erased / strength)
    new = streaks(box, marks, rng, own=old)
    slow = fbm(patch.grid.shape, SHADING_HURST, rng)
    removal = _removal(patch, slow, clear, float(rng.random()))
    depth = patch.grid.refine(patch.depth)
    ragged = 0.0 if mode == "shading" else drawn.ragged_mm / scale
    if ragged > 0:
        depth = depth + np.float32(ragged) * np.clip(new, -1, 2)
    soft = (SHADING_SOFT if mode == "shading" else drawn.softness) * patch.size
    inside = patch.rim(soft, rng).cover(depth)
    sign = 1.0 if mode != "shading" or rng.random() < 0.5 else -1.0
    # Absorbance tau acts as exp(-2 tau).
    film = _film(
        new, strength, patch, np.float32(drawn.shading) * slow + np.float32(sign * drawn.step)
    )
    area = float(inside[surface.foreground[box.slices]].sum(dtype=np.float64))
    if mode != "shading" and clear < 1:
        bearing = read_bearing(surface, box, RELIEF * surface.part_size_px)
        inside *= bearing.contact(patch.grid.refine(odds_of(removal)))
    film *= inside
    support = inside > 0
    smoothed = None if clear == 1 else np.float32(drawn.erased * (1 - clear)) * inside
    return DefectLayer(
        kind="unevenness",
        origin=(box.top, box.left),
        support=support,
        absorbance=film,
        roughness=smoothed,
        parameters=drawn.numbers,
        measured={
            "area_share": area / max(surface.part_area_px, 1),
            "angle_deg": math.degrees(region.angle),
            "mode": float(MODES.index(mode)),
            "mean_gain": _mean_gain(film, inside),
        },
    )


def _removal(patch: Patch, slow: Float32, clear: float, pick: float) -> Float32:
    """Return the share of the bearing area that is ground away, on the cells of the patch."""
    low, high = RUN_IN
    length = patch.size * low * (high / low) ** pick
    run = np.clip(patch.depth / np.float32(max(length, 1.0)), 0, 1)
    # A wheel that sets on comes down on a circle: fast at first, then ever more slowly.
    removal = REMOVED * np.clip(np.sqrt(run) * (1 + np.float32(DEEPER) * slow), 0, 1)
    # A surface that was ground before is flat: a pass reaches all of it at once.
    return np.asarray(clear + (1 - clear) * removal, dtype=np.float32)


def _film(new: Float32, strength: float, patch: Patch, slow: Float32) -> Float32:
    """Return -1/2 of the change of log light, the marks' array used up."""
    new *= np.float32(-0.5 * strength)
    new -= patch.grid.refine(slow * np.float32(0.5))
    return new


def _mean_gain(film: Float32, inside: Float32) -> float:
    weight = float(inside.sum(dtype=np.float64))
    return float(np.exp(-2 * float(film.sum(dtype=np.float64)) / max(weight, 1e-6)))
