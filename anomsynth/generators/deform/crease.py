"""Creases: a sheet, hide or label that was folded and did not forget it."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    NonNegative,
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
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.paths import (
    Float64,
    arc_length,
    densify,
    displace,
    fbm_trace,
    smooth_noise,
    turned,
    worm_like_chain,
)
from anomsynth.fields.relief import fade
from anomsynth.generators.deform._coarse_band import trace_on_cells
from anomsynth.surface.sites import pick_site

SPACING = 3.0  # pixels between vertices, at least
WIDEST = 0.05  # half width of the bent zone, share of the part's size
SHARPEST_PX = 1.0  # half width of the sharpest crest that pixels can carry without beading
HURST = 0.75
TAPER = 0.4  # share of the length over which a fold comes to life
ENDS = 0.2  # of the line: the site lies no nearer to its ends
CROSS_REACH, REACH_SPREAD = 0.45, 0.3  # half widths over which cross wrinkles die out
OTHER_SIDE = 0.35  # height of cross wrinkles on the side that is stretched, over the other's


class Crease(Generator):
    """A bend line: a ridge or valley with a rounded tent profile, worn along its crest.

    The surface bends by `angle` over the radius R: ``h(y) = -m (sqrt(y**2 + c**2) - c)`` with
    ``m = tan(angle / 2)`` and ``c = m R``, so that the curvature of the crest is 1/R, and comes
    back to rest over the width of the bent zone. The crest's strain ``t / 2R`` wears, whitens or
    darkens it. Secondary wrinkles run across the line, on the inner side where skin is compressed.
    """

    law: ClassVar[str] = "h = -m (sqrt(y^2 + (m R)^2) - m R), m = tan(angle / 2); strain = t / 2R"
    source: ClassVar[str] = "bending of sheets (Timoshenko 1959); self-affine fold lines"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", measured="length_px"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["crease"] = "crease"
    length: ShareRange = parameter(
        (0.08, 1.0), "of part size", "length of the line", was="length_share"
    )
    half_width_mm: SizeRange = parameter(
        (0.6, 9), "mm", "half width of the bent zone", was="width_mm"
    )
    width_scatter: NonNegative = parameter(
        0.25, "relative", "how much the bent zone's width varies along the line"
    )
    angle_deg: SizeRange = parameter((12, 70), "degrees", "angle of the bend")
    height_scatter: NonNegative = parameter(
        0.3, "relative", "how much the height varies along the line"
    )
    bend_radius_mm: SizeRange = parameter(
        (0.1, 0.8), "mm", "bend radius of the crest", was="radius_mm"
    )
    sheet_thickness_mm: SizeRange = parameter(
        (0.1, 1.5), "mm", "thickness that is bent", was="sheet_mm"
    )
    valley_probability: UnitRange = parameter(
        0.5, "probability", "that it is a valley instead of a ridge", was="valley_share"
    )
    stiffness: SizeRange = parameter((2, 40), "of length", "persistence length of the line")
    waver: UnitRange = parameter((0.0, 0.02), "of length", "roughness of the line")
    wear: SignedRange = parameter((-0.8, 0.8), "log light", "brightness of the crest at strain one")
    speckle: NonNegative = parameter(0.5, "relative", "how patchy the crest's wear is")
    cross_height: UnitRange = parameter(
        (0, 0.6), "relative", "height of cross wrinkles over the crease's", was="secondary"
    )
    cross_spacing_mm: SizeRange = parameter(
        (0.8, 4), "mm", "distance of the cross wrinkles", was="secondary_mm"
    )
    cross_scatter: NonNegative = parameter(0.35, "relative", "how much that distance varies")
    cross_lean: NonNegative = parameter(
        0.5, "ratio", "cross wrinkles: typical tangent of their lean"
    )
    roughening: NonNegativeRange = parameter((0.1, 0.6), "relative", "orange peel along the crest")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one crease; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        site = pick_site(surface, rng)
        coins = rng.random(3)
        scale, size = surface.mm_per_px, max(surface.part_size_px, 2.0)
        length = max(drawn.length * size, 4.0)
        width = min(max(drawn.half_width_mm / scale, 2.0), max(WIDEST * size, 2.0), 0.12 * length)
        line = _line(length, width, drawn, rng)
        line = turned(line, math.pi * float(coins[0]))
        anchor = line[int(len(line) * (ENDS + (1 - 2 * ENDS) * float(coins[1])))]
        line += np.array(site) - anchor
        # Alive in the middle, at rest at both ends; uneven along the way.
        run = arc_length(line) / max(float(arc_length(line)[-1]), 1e-9)
        strength = np.asarray(fade(np.minimum(run, 1 - run) / TAPER), dtype=np.float64)
        varied = 1 + drawn.height_scatter * smooth_noise(len(line), len(line) / 5, rng)
        strength *= np.clip(varied, 0.2, 1.8)
        varied = 1 + drawn.width_scatter * smooth_noise(len(line), len(line) / 4, rng)
        half = width * np.clip(varied, 0.5, 1.5)
        half *= np.maximum(strength, 0.05) ** 0.8  # it runs out to a point
        sign = -1.0 if coins[2] < drawn.valley_probability else 1.0
        fold = _Fold(surface, drawn, width, sign)
        return _folded(fold, _near(line, half, surface), _CreaseLine(line, strength, half), rng)


@dataclass(frozen=True, slots=True, eq=False)
class _CreaseLine:
    """The crest: (N, 2) points, how alive the fold is at each, and its half width, pixels."""

    points: Float64
    strength: Float64
    half: Float64


@dataclass(frozen=True, slots=True, eq=False)
class _Zone:
    """The P pixels of a bent zone in a box: offset from the crest, place along the line."""

    box: Box
    index: NDArray[np.intp]
    offset: Float64
    vertex: Float64

    def at(self, values: Float64) -> Float64:
        """Interpolate a quantity given at the line's vertices to the pixels."""
        low = np.minimum(self.vertex.astype(np.intp), len(values) - 2)
        return values[low] + (self.vertex - low) * (values[low + 1] - values[low])

    def spread(self, values: Float64) -> Float32:
        """Put a value per pixel on a float32 patch that covers the box."""
        patch = np.zeros(self.box.shape, dtype=np.float32)
        patch.ravel()[self.index] = values
        return patch


def _near(line: Float64, half: Float64, surface: Surface) -> _Zone:
    """Find the pixels within the bent zone.

    The signed distance to a line is smooth across it: where the zone is wide it is computed on
    cells and interpolated, which keeps the crest as sharp as the pixels.
    """
    picture = Box(0, 0, *surface.shape)
    traced = trace_on_cells(line, half, picture, margin=1.5, tight=True)
    if traced is None:
        raise PlacementError("the crease lies outside the picture")
    box, band = traced.grid.box, traced.band
    index = np.flatnonzero(traced.known() & surface.allowed[box.slices])
    if index.size == 0:
        raise PlacementError("the crease lies outside the allowed area")
    offset, vertex = (
        traced.refine(values).ravel()[index].astype(np.float64)
        for values in (traced.offset, band.vertex + band.share)
    )
    return _Zone(box, index, offset, vertex)


class _Fold:
    """One crease on one surface: half width, radius and slope in pixels, which way it bends."""

    def __init__(self, surface: Surface, drawn: Crease, width: float, sign: float) -> None:
        self.scale = surface.mm_per_px
        self.drawn = drawn
        self.width = width
        self.sign = sign
        self.slope = math.tan(math.radians(drawn.angle_deg) / 2)
        self.radius = max(drawn.bend_radius_mm / self.scale, SHARPEST_PX / self.slope)


def tent(offset: Float64, slope: float, radius: float) -> Float64:
    """Return the rounded tent ``-m (sqrt(y**2 + c**2) - c)``, curvature 1/radius at its crest.

    Parameters
    ----------
    offset : float64
        Distance from the crest, any unit of length.
    slope : float
        Slope m far from the crest, > 0.
    radius : float
        Bend radius, same unit.
    """
    crest = slope * radius
    tented: Float64 = -slope * (np.sqrt(offset**2 + crest**2) - crest)
    return tented


def _line(length: float, width: float, drawn: Crease, rng: np.random.Generator) -> Float64:
    # Few nodes, smooth between them: a fold is stiff over its own width.
    count = max(math.ceil(length / max(2 * SPACING, width)), 6)
    line = worm_like_chain(length, drawn.stiffness * length, count, rng)
    line = displace(line, drawn.waver * length * fbm_trace(count, HURST, rng))
    return densify(line, max(math.ceil(length / count / SPACING), 1))


def _folded(fold: _Fold, zone: _Zone, line: _CreaseLine, rng: np.random.Generator) -> DefectLayer:
    drawn = fold.drawn
    strength = zone.at(line.strength)
    away = zone.offset / np.maximum(zone.at(line.half), 1e-6)
    rest = np.asarray(fade((1 - np.minimum(np.abs(away), 1)) / 0.65), dtype=np.float64)
    # The tent is lifted so that it comes back to rest at the border of the bent zone.
    foot = tent(zone.at(line.half), fold.slope, fold.radius)
    height = (tent(zone.offset, fold.slope, fold.radius) - foot) * rest * strength
    worn_px = max(1.2 * fold.slope * fold.radius, SHARPEST_PX)
    crest = np.exp(-0.5 * (zone.offset / worn_px) ** 2)
    height += _cross_wrinkles(fold, zone, line.points, away, rng) * strength * rest
    height *= fold.sign
    strain = min(drawn.sheet_thickness_mm / (2 * drawn.bend_radius_mm), 1.0)
    speckle = np.exp(drawn.speckle * smooth_noise(len(line.points), 2.0, rng))
    worn = strain * crest * strength * zone.at(speckle)
    changed = (np.abs(height) > 1e-4) | (worn > 1e-3)
    if not changed.any():
        raise PlacementError("the crease lies outside the allowed area")
    box = zone.box
    return DefectLayer(
        kind="crease",
        origin=(box.top, box.left),
        support=zone.spread(changed.astype(np.float64)) > 0,
        height=zone.spread(height * fold.scale * changed),
        absorbance=zone.spread(-0.5 * drawn.wear * worn * changed),
        roughness=zone.spread(np.clip(drawn.roughening * worn, 0, 1) * changed),
        parameters=drawn.numbers,
        measured={
            "slope": fold.slope,
            "radius_px": fold.radius,
            "strain": strain,
            "length_px": float(arc_length(line.points)[-1]),
            "half_width_px": fold.width,
        },
    )


def _cross_wrinkles(
    fold: _Fold, zone: _Zone, line: Float64, away: Float64, rng: np.random.Generator
) -> Float64:
    """Return ripples across the line, pixels: one-sided, each with its own length and lean."""
    drawn = fold.drawn
    if drawn.cross_height <= 0:
        return np.zeros(len(away))
    spacing = max(drawn.cross_spacing_mm / fold.scale, 3.0)
    run = arc_length(line)
    step = max(float(run[-1]) / max(len(line) - 1, 1), 1e-9)
    varied = np.exp(drawn.cross_scatter * smooth_noise(len(line), spacing / step, rng))
    phase = np.cumsum(varied) * step / spacing
    reach = CROSS_REACH + REACH_SPREAD * smooth_noise(len(line), spacing / step, rng)
    side = 1.0 if rng.random() < 0.5 else -1.0
    lean = float(rng.normal(0, drawn.cross_lean))
    shown = np.where(away * side > -0.1, 1.0, OTHER_SIDE) * np.exp(
        -((away / zone.at(np.clip(reach, 0.1, 1))) ** 2)
    )
    height = drawn.cross_height * 0.25 * fold.slope * spacing
    return np.asarray(
        height * shown * np.sin(2 * np.pi * (zone.at(phase) + lean * away * fold.width / spacing))
    )
