"""Cracks: lines along which a brittle part has come apart."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeRange,
    PositiveBounds,
    PositiveRange,
    Probability,
    ShareRange,
    SizeRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.paths import Float64, smooth_noise
from anomsynth.fields.strokes import Band, Stroke
from anomsynth.fields.tracing import trace
from anomsynth.generators.fracture._chords import along_gaps
from anomsynth.generators.fracture._frontier import Walk, walk
from anomsynth.generators.fracture._growth import Loading, Strand, Tip, grow
from anomsynth.generators.fracture._openings import (
    Chips,
    Gap,
    Hairlines,
    Opening,
    measure_gaps,
    open_strands,
)
from anomsynth.generators.fracture._tension import (
    Start,
    Tension,
    across_tension,
    inside_allowed,
    place_tips,
)
from anomsynth.generators.fracture._toughness import Search, weakest_strand

UNITS_ACROSS = (
    256  # a part is so many units across; a crack's roughness is counted in units [closure]
)
PULL = 0.8  # share of the fracture energy a seam saves where the crack follows it fully
DARKEST = 1.8  # w0 of the frontier mode: above 1, so that the middle is black
FAINTEST = 0.1  # darkness of the frontier mode that no longer counts
STEP = 2.0  # increment of a tip, units
WIDEST = 0.025  # widest opening, share of the part's size: up to 7 px of 270 on real commutators
SLENDER = 14  # least length in widths: a wider gap looks like a stain, not a crack
MOUTH = 1.5  # pixels by which an edge crack begins outside, so that it cuts the edge through
WALL_ALBEDO = 0.5  # reflectance of the crack's walls, for the light that bounces out of it
FACET = 1.1  # relative brightness of a facet that mirrors the light
LIP_LIGHT = 0.75  # how much of the darkness (in log albedo) is lost at the lips
LIP_RAGGED = 0.5  # unevenness of each lip over that of the width
FLANK = 0.6  # slope of the visible part of the walls; deeper down it is dark


class Crack(Generator):
    """A crack that runs through the part, from its edge or from inside.

    ``mode = "lefm"`` (default) advances tips step by step: they kink by the maximum hoop stress,
    branch when the energy release allows and end in the material, at another crack or at the
    edge. ``"path"`` takes the cheapest way through a toughness made of noise and the photo's own
    seams. ``"frontier"`` is the paper's fracture line as we read its outline: walkers that branch
    with `branch_probability` per step, and a darkness ``w0 exp(-decay dist) + least_darkness``
    around their skeleton.

    In a radiograph rays run along the crack, whose section is a slim half ellipse: at x from its
    middle they miss ``depth sqrt(1 - (2 x / w)^2)`` (Sneddon 1946).

    Widths are kept between half a pixel and 2.5 % of the part (at least 2 px), and below a
    fourteenth of the length, whatever the scale says.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> crack = Crack(length=0.5, width_mm=0.3)
    >>> layer = crack.generate(make_surface(mm_per_px=0.1), stream(0))
    >>> layer.parameters["width_mm"], bool(layer.coverage.max() > 0.9)
    (0.3, True)
    """

    law: ClassVar[str] = (
        "K_I sin t + K_II (3 cos t - 1) = 0; w ~ sqrt(r); sum w_daughter^2 = w_parent^2"
    )
    source: ClassVar[str] = (
        "Erdogan & Sih 1963; Cotterell & Rice 1980; Irwin 1957; Huse & Henley 1985 (path)"
    )
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", measured="length_mm"),
        SizeMeasure("width", "width_mm", measured="widest_px"),
        SizeMeasure("depth", "depth_ratio", of="width_mm"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["crack"] = "crack"
    mode: Literal["lefm", "path", "frontier"] = parameter(
        "lefm",
        "choice",
        "line by fracture mechanics, least toughness, or the paper's frontier walk",
    )
    edge_probability: Probability = parameter(
        0.6, "probability", "that a crack starts at an edge of the part", was="edge_share"
    )
    rim_probability: Probability = parameter(
        0.3, "probability", "that this edge lies inside the part: a rim, a step, a seam"
    )
    length: ShareRange = parameter(
        (0.03, 0.9), "of part size", "length of the main crack", was="length_share"
    )
    width_mm: SizeRange = parameter((0.12, 1.6), "mm", "widest opening")
    bend_deg: NonNegativeRange = parameter(
        (0, 60), "degrees", "how far the local tension turns over the crack's length"
    )
    grain: UnitRange = parameter(
        (0.2, 0.9), "share", "how strongly the crack follows the grain or seams of the surface"
    )
    wander_deg: NonNegativeRange = parameter(
        (1.5, 4.5), "degrees", "heading noise over 1/256 of the part"
    )
    facet_deg: NonNegativeRange = parameter(
        (3, 22), "degrees", "misfit between neighbouring grains, which makes the crack kink"
    )
    facet_length: ShareRange = parameter(
        (0.02, 0.1), "of part size", "grain size", was="facet_share"
    )
    branch_spacing: SizeRange = parameter(
        (0.5, 6), "of length", "mean distance between branch points", was="branch_share"
    )
    half_angle_deg: NonNegativeRange = parameter(
        (15, 22), "degrees", "half the angle between branches"
    )
    hairlines: Count = parameter((0, 1), "count", "finer cracks beside the main one")
    hairline_length: UnitBounds = parameter((0.15, 0.5), "of length", "length of each")
    hairline_distance: PositiveBounds = parameter(
        (0.8, 1.6), "of width", "how far from the main crack each runs"
    )
    hairline_width: PositiveBounds = parameter((0.2, 0.45), "of width", "width of each")
    rejoin_probability: Probability = parameter(
        0.35, "probability", "that a hairline joins the main crack at both ends"
    )
    variation: UnitRange = parameter(
        (0.15, 0.4), "relative", "standard deviation of the log width along the crack"
    )
    chips: Count = parameter((0, 2), "count", "flakes broken off the lips")
    chip_radius: PositiveBounds = parameter(
        (0.8, 2.2), "of width", "half the length of each along the lip"
    )
    chip_depth: PositiveBounds = parameter(
        (0.2, 0.6), "of radius", "how far each reaches into the part"
    )
    chip_albedo: PositiveBounds = parameter(
        (0.55, 1.15), "relative", "reflectance of their fresh faces over the surface's"
    )
    depth_ratio: SizeRange = parameter(
        (2, 10), "of width", "depth; deep cracks return less light (cavity albedo)"
    )
    tone_variation: NonNegative = parameter(
        0.45, "relative", "standard deviation of the log reflectance along the crack"
    )
    lip_height: NonNegativeRange = parameter(
        (0, 0.06), "of width", "height of raised lips, for ductile materials", was="lip_ratio"
    )
    halo: NonNegativeRange = parameter(
        (0, 0.12), "optical depth", "darkening by damage and dirt beside the crack"
    )
    glint: UnitRange = parameter((0, 0.04), "of length", "where a facet of the wall is bright")
    branch_probability: UnitRange = parameter(
        (0.004, 0.02), "probability", "frontier mode: to branch in one step", was="p_branch"
    )
    decay: PositiveRange = parameter(
        (2, 5), "exponent", "frontier mode: darkness falls by exp(-decay) over a width", was="alpha"
    )
    least_darkness: UnitRange = parameter(
        (0, 0.03), "share", "frontier mode: what is added to it everywhere", was="eps"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one crack; raise PlacementError if no pixel is allowed."""
        gaps, case = self._gaps(surface, rng)
        return (_as_frontier if self.mode == "frontier" else _as_gap)(gaps, case, rng)

    def transmit(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one crack that rays run along; raise PlacementError if no pixel is allowed."""
        gaps, case = self._gaps(surface, rng)
        found = along_gaps(gaps, surface.allowed, case.drawn.depth_ratio)
        if found is None:
            raise PlacementError("the crack lies outside the allowed area")
        chord, box, area = found
        chord *= np.float32(surface.mm_per_px)
        volume = float(chord.sum(dtype=np.float64)) * surface.mm_per_px**2
        return DefectLayer(
            kind="crack",
            origin=(box.top, box.left),
            support=chord > 0,
            chord=chord,
            thin=True,
            parameters=case.drawn.numbers,
            measured={**measure_gaps(gaps, area, surface.mm_per_px), "volume_mm3": volume},
        )

    def _gaps(self, surface: Surface, rng: np.random.Generator) -> tuple[list[Gap], "_CrackCase"]:
        """Return the openings of one crack, and its case."""
        drawn = self.draw_ranges(rng)
        size = surface.part_size_px
        case = _CrackCase(surface, drawn, size, max(size / UNITS_ACROSS, 0.25))
        length = max(drawn.length * size, 2.0)
        widest = max(min(max(WIDEST * size, 2.0), length / SLENDER), 0.5)
        plain = self.mode == "frontier"
        opening = Opening(
            width=min(max(drawn.width_mm / surface.mm_per_px, 0.5), widest),
            variation=drawn.variation,
            ragged=0.0 if plain else LIP_RAGGED * drawn.variation,
            unit=case.unit,
            chips=None if plain else Chips(drawn.chips, drawn.chip_radius, drawn.chip_depth),
            hairlines=None if plain else _hairlines(drawn),
        )
        start = Start(self.edge_probability, self.rim_probability)
        tips = place_tips(surface, length, start, rng)
        strands = self._strands(tips, case, rng)
        if len(tips) == 1:
            strands[0] = strands[0].begun_earlier(MOUTH)
        return open_strands(strands, opening, rng), case

    def _strands(
        self, tips: list[Tip], case: "_CrackCase", rng: np.random.Generator
    ) -> list[Strand]:
        drawn, surface, unit = case.drawn, case.surface, case.unit
        inside = inside_allowed(surface)
        length = sum(tip.length for tip in tips)
        if self.mode == "frontier":
            return walk(
                tips,
                Walk(step=STEP * unit, branch_probability=drawn.branch_probability),
                inside,
                rng,
            )
        tension = Tension(
            bend=math.radians(drawn.bend_deg),
            misfit=math.radians(drawn.facet_deg),
            cell=max(drawn.facet_length * case.size, 1.0),
            follow=drawn.grain,
        )
        direction = across_tension(tips[0], length, tension, surface.grain, rng)
        if self.mode == "path":
            search = Search(cell=STEP * unit, pull=PULL * drawn.grain)
            return [weakest_strand(surface, tip, direction, search, rng) for tip in tips]
        loading = Loading(
            length=length,
            step=STEP * unit,
            zone=5 * unit,
            wander=math.radians(drawn.wander_deg) / math.sqrt(unit),
            rate=1 / (2 * drawn.branch_spacing * length),
            half_angle=math.radians(drawn.half_angle_deg),
        )
        return grow(tips, loading, direction, inside, rng)


def _hairlines(drawn: Crack) -> Hairlines:
    return Hairlines(
        drawn.hairlines,
        length=drawn.hairline_length,
        distance=drawn.hairline_distance,
        width=drawn.hairline_width,
        rejoin_probability=drawn.rejoin_probability,
    )


@dataclass(frozen=True, slots=True)
class _CrackCase:
    """One crack on one surface: what was drawn, the part's size and its unit, pixels."""

    surface: Surface
    drawn: Crack
    size: float
    unit: float


def _as_gap(gaps: list[Gap], case: _CrackCase, rng: np.random.Generator) -> DefectLayer:
    """Return the layer of a real gap: dark inside, flanks, lips and damage beside it."""
    drawn, surface = case.drawn, case.surface
    left = np.concatenate([gap.left for gap in gaps])
    right = np.concatenate([gap.right for gap in gaps])
    reach = 1.0 + 0.45 * (left + right)
    lip, halo = drawn.lip_height, drawn.halo
    strokes = [gap.stroke for gap in gaps]
    band = trace(strokes, surface.allowed, reach if lip > 0 or halo > 0 else 0.0)
    if band is None:
        raise PlacementError("the crack lies outside the allowed area")
    coverage = band.coverage()
    core = band.strip(band.at(left), band.at(right))
    tone, facet, dirt = _tone(len(left), drawn, rng)
    width = band.left + band.right
    outside = np.clip(band.distance_outside() / band.at(reach), 0, 1)
    flake = drawn.chip_albedo.draw(rng)  # a flake leaves a fresh, shallow face
    share = np.where(coverage > 1e-6, core / np.maximum(coverage, 1e-6), 1)
    # Rounded lips see more of the sky than the bottom: darkest in the middle.
    middle = 1 - LIP_LIGHT * np.clip(2 * np.abs(band.offset) / np.maximum(width, 1.0), 0, 1) ** 1.5
    albedo = np.exp(band.at(tone) * middle) * share + flake * (1 - share)
    shine = band.at(facet) * _towards_light(band, surface) * share
    albedo += (FACET - albedo) * shine
    # The flanks of a gap under two pixels are smaller than a pixel: no relief is seen.
    wide = np.clip((width - 1.5) / 1.5, 0, 1)
    inner = np.clip(-band.distance_outside(), 0, None)
    height = lip * width * 6.75 * outside * (1 - outside) ** 2 * (outside > 0) - FLANK * inner
    height *= wide * surface.mm_per_px * (band.past < 0)
    absorbance = halo * band.at(dirt) * (1 - outside) ** 2 * (band.past < 1)

    changed = (coverage > 1e-3) | (np.abs(height) > 0) | (absorbance > 1e-3)
    if not changed.any():
        raise PlacementError("the crack lies outside the allowed area")
    band = band.keep(changed)
    box = band.box
    return DefectLayer(
        kind="crack",
        origin=(box.top, box.left),
        support=band.spread(np.ones(len(band.rows)), box) > 0,
        coverage=band.spread(coverage[changed], box),
        albedo=band.spread(albedo[changed], box, fill=1.0),
        height=band.spread(height[changed], box) if wide.any() else None,
        absorbance=band.spread(absorbance[changed], box) if halo > 0 else None,
        thin=True,
        void=True,
        parameters=drawn.numbers,
        measured=measure_gaps(gaps, float(coverage.sum()), surface.mm_per_px),
    )


def _tone(count: int, drawn: Crack, rng: np.random.Generator) -> tuple[Float64, Float64, Float64]:
    """Return log albedo, strength of bright facets and dirt along the cracks, (count,) each.

    Notes
    -----
    Effective albedo of a cavity whose mouth is the share f of its wall area, relative to its own
    material: ``f / (1 - rho (1 - f))`` (Sparrow & Cess).
    """
    mouth = 1 / (1 + 2 * drawn.depth_ratio)
    dark = mouth / (1 - WALL_ALBEDO * (1 - mouth))
    tone = math.log(dark) + drawn.tone_variation * smooth_noise(count, 12.0, rng)
    spots = smooth_noise(count, 5.0, rng)
    facet = np.zeros(count)
    if drawn.glint > 0:
        threshold = NormalDist().inv_cdf(1 - min(drawn.glint, 0.999))
        facet = np.clip((spots - threshold) * 2, 0, 1)
    dirt = np.clip(1 + 0.6 * smooth_noise(count, 9.0, rng), 0, 2)
    return tone, facet, dirt


def _towards_light(band: Band, surface: Surface) -> Float64:
    """Return how squarely the wall at each pixel faces the light, in [0, 1]."""
    down, across, _ = surface.light.vector
    facing = -np.sign(band.offset) * (band.normal[:, 0] * down + band.normal[:, 1] * across)
    return np.clip(facing / max(math.hypot(down, across), 1e-6), 0, 1)


def _as_frontier(gaps: list[Gap], case: _CrackCase, rng: np.random.Generator) -> DefectLayer:
    """Return the layer of the paper's fracture line, ``w_t = w0 exp(-decay dist) + least``.

    We read `w_t` as darkness, cut at 1 (less where the crack is finer than a pixel), and `dist` as
    the distance from the skeleton in widths.
    """
    drawn, surface = case.drawn, case.surface
    skeleton = [Stroke(gap.stroke.points, 0 * gap.left, 0 * gap.right) for gap in gaps]
    width = np.concatenate([gap.left + gap.right for gap in gaps])
    decay = drawn.decay / np.maximum(width, 1.0)
    reach = math.log(DARKEST / FAINTEST) / decay
    band = trace(skeleton, surface.allowed, reach)
    if band is None:
        raise PlacementError("the crack lies outside the allowed area")
    tone, _, _ = _tone(len(width), drawn, rng)
    distance = np.hypot(band.offset, np.maximum(band.past, 0))
    fade = np.clip(1 - (distance / band.at(reach)) ** 4, 0, 1)
    weight = DARKEST * np.exp(-band.at(decay) * distance) + drawn.least_darkness
    coverage = np.clip(band.at(np.minimum(width, 1)) * weight, 0, 1) * fade
    albedo = np.exp(band.at(tone))
    box = band.box
    return DefectLayer(
        kind="crack",
        origin=(box.top, box.left),
        support=band.spread(coverage, box) > 0,
        coverage=band.spread(coverage, box),
        albedo=band.spread(albedo, box, fill=1.0),
        thin=True,
        parameters=drawn.numbers,
        measured=measure_gaps(gaps, float(coverage.sum()), surface.mm_per_px),
    )
