"""Scratches: grooves that a hard asperity ploughs or cuts while it slides."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    NonNegative,
    NonNegativeRange,
    PositiveCount,
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
from anomsynth.fields.paths import Float64, arc, displace, smooth_noise, turned, worm_like_chain
from anomsynth.fields.strokes import Band, Stroke
from anomsynth.fields.tracing import trace
from anomsynth.generators.wear._grooves import Groove, groove_profile, load_along, ridge_reach
from anomsynth.surface.sites import pick_site

UNITS = 256  # the part is so many units across [closure]
WIDEST = 0.045  # widest scratch, share of the part's size (at least 2 px)
SPACING = 3.0  # pixels between vertices; a third of the width of wide scratches
WANDER = 0.3  # units by which grooves of a bundle are uneven: below a pixel on most photos
SPREAD = 9.0  # degrees: width of the fan of facets along a groove
EVEN = 1.5, 3.0  # pixels: relief shows from the second width on, below it only brightness


class Scratch(Generator):
    """One scratch or a small bundle, straight, bent or curved.

    The load rises and falls along the path; the width follows scratch hardness,
    ``w = sqrt(8 F / (pi H))``, and the depth of the groove a spherical tip, ``d = w**2 / (8 R)``.
    Of the groove's section the share ``1 - cutting`` is pushed up into two ridges. Where the load
    is low the tip lifts off and the scratch is broken.

    A groove is a fan of facets around its own axis: it is bright where the half vector between
    light and camera lies across the groove and dark where it lies along it. Scratches under 3 px
    show only this brightness, wider ones also relief. Widths are kept between half a pixel and
    4.5 % of the part (at least 2 px).

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> scratch = Scratch(length=0.5, width_mm=[0.2, 0.4], tip_radius_mm=0.5, lift_off=0)
    >>> layer = scratch.generate(make_surface(mm_per_px=0.1), stream(0))
    >>> round(layer.parameters["width_mm"], 2)  # as drawn for this one
    0.22
    >>> round(layer.measured["widest_px"], 1)  # no wider than 4.5 % of the part
    2.2
    """

    law: ClassVar[str] = "w = sqrt(8 F / (pi H)); d = w^2 / (8 R); A_ridges = (1 - f_ab) A_groove"
    source: ClassVar[str] = "Archard 1953; Zum Gahr 1987; Kratky & Porod 1949 (path)"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", alone={"count": 1}),
        SizeMeasure("width", "width_mm", measured="widest_px", alone={"count": 1}),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["scratch"] = "scratch"
    path: Literal["chain", "arc"] = parameter(
        "chain", "choice", "a stiff wandering line, or an arc of a circle"
    )
    length: ShareRange = parameter(
        (0.05, 0.9), "of part size", "length of the scratch", was="length_share"
    )
    width_mm: SizeRange = parameter((0.15, 4), "mm", "width under the highest load")
    tip_radius_mm: SizeRange = parameter((0.1, 1.0), "mm", "radius of the tip; blunt is shallow")
    cutting: UnitRange = parameter(
        (0, 0.6), "share", "f_ab: 0 pure ploughing, 1 all material removed"
    )
    stiffness: SizeRange = parameter((4, 50), "of length", "persistence length of the path")
    turn_deg: NonNegativeRange = parameter((5, 80), "degrees", "arc: angle it turns through")
    grain: UnitRange = parameter(
        (0, 0.6), "share", "how strongly the scratch runs along the grain of the surface"
    )
    count: PositiveCount = parameter((1, 3), "count", "parallel grooves of one bundle")
    gap_mm: SizeRange = parameter((0.3, 2.0), "mm", "median distance between grooves of a bundle")
    gap_scatter: NonNegative = parameter(
        0.6, "relative", "standard deviation of the logarithm of that distance"
    )
    side_load: UnitBounds = parameter(
        (0.1, 0.8), "relative", "load on the other grooves of a bundle over the first's"
    )
    side_length: UnitBounds = parameter((0.4, 1.0), "of length", "length of the other grooves")
    chatter: UnitRange = parameter((0, 0.4), "relative", "depth of the stick-slip modulation")
    chatter_length_mm: SizeRange = parameter(
        (0.4, 2.5), "mm", "wavelength of the stick-slip", was="chatter_mm"
    )
    lift_off: UnitRange = parameter(
        (0.05, 0.45), "relative", "load below which the tip lifts off", was="skip"
    )
    burnish: UnitRange = parameter(
        (0.6, 1.0), "share", "how much of the surface's texture the groove wipes out"
    )
    bright: SizeRange = parameter((1.6, 3.5), "relative", "brightness towards the light")
    dark: ShareRange = parameter((0.2, 0.55), "relative", "brightness away from it")
    tone_scatter: NonNegative = parameter(
        0.2, "log light", "standard deviation of brightness along a groove"
    )
    coat_thickness_mm: NonNegativeRange = parameter(
        0,
        "mm",
        "thickness of a coating; where the groove is deeper the substrate shows",
        was="coat_mm",
    )
    substrate: SizeRange = parameter((0.4, 2.5), "relative", "brightness of the bare substrate")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one bundle; raise PlacementError if no pixel is allowed."""
        drawn = self.draw_ranges(rng)
        size = surface.part_size_px
        widest = max(WIDEST * size, 2.0)
        width = min(max(drawn.width_mm / surface.mm_per_px, 0.5), widest)
        case = _ScratchSite(surface, drawn, width, max(size / UNITS, 0.25))
        length = max(drawn.length * size, 2.0)
        grooves = _bundle(_path(self.path, length, case, rng), case, rng)
        return _layer(grooves, case, rng)


@dataclass(frozen=True, slots=True)
class _ScratchSite:
    """One scratch on one surface: what was drawn, its width and the part's unit, pixels."""

    surface: Surface
    drawn: Scratch
    width: float
    unit: float


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """The way of a bundle and the pixel where its first groove is deepest."""

    line: Float64
    site: tuple[int, int]


def _path(path: str, length: float, case: _ScratchSite, rng: np.random.Generator) -> _Path:
    """Return the way of the tip and the allowed pixel it leads to."""
    drawn, grain = case.drawn, case.surface.grain
    row, col = pick_site(case.surface, rng)
    angle = math.pi * rng.random()
    along, coherence = grain.at(row, col)
    angle += drawn.grain * coherence * math.remainder(along - angle, math.pi)
    count = max(math.ceil(length / max(SPACING, case.width / 3)), 3)
    if path == "arc":
        side = 1 if rng.random() < 0.5 else -1
        line = arc(length, side * math.radians(drawn.turn_deg), count)
    else:
        line = worm_like_chain(length, drawn.stiffness * length, count, rng)
    return _Path(turned(line, angle), (row, col))


def _bundle(path: _Path, case: _ScratchSite, rng: np.random.Generator) -> list[Groove]:
    """Return the grooves of all asperities that slid along the path, widths in pixels."""
    drawn, scale = case.drawn, case.surface.mm_per_px
    top = case.width
    # A hard asperity cannot dig deeper than half its size.
    radius = max(drawn.tip_radius_mm / scale, top / 2)
    count = int(drawn.count)
    aside = np.cumsum(np.exp(rng.normal(0.0, drawn.gap_scatter, count)) * drawn.gap_mm / scale)
    aside -= aside[0]
    line, grooves = path.line, []
    for index in range(count):
        share = drawn.side_load.draw(rng) if index else 1.0
        extent, place = drawn.side_length.draw(rng) if index else 1.0, float(rng.random())
        first = int(place * (1 - extent) * len(line))
        part = line[first : first + max(int(extent * len(line)), 3)]
        wander = WANDER * case.unit * smooth_noise(len(part), 25.0, rng)
        part = displace(part, aside[index] + wander)
        wave = drawn.chatter_length_mm / scale
        load = load_along(part, drawn.chatter, max(wave, 3.0), rng)
        load = share * np.clip((load - drawn.lift_off) / (1 - drawn.lift_off + 1e-9), 0, 1)
        width = top * np.sqrt(load)
        if not index:
            shift = np.array(path.site) - part[np.argmax(load)]
            line = line + shift
            part = part + shift
        grooves.append(Groove(part, width, width**2 / (8 * radius)))
    return grooves


def _layer(grooves: list[Groove], case: _ScratchSite, rng: np.random.Generator) -> DefectLayer:
    drawn, surface = case.drawn, case.surface
    width = np.concatenate([groove.width for groove in grooves])
    depth = np.concatenate([groove.depth for groove in grooves])
    wide = bool(width.max() > EVEN[0])
    margin = ridge_reach(width) if wide and drawn.cutting < 1 else 0.0
    strokes = [Stroke(groove.points, groove.width / 2, groove.width / 2) for groove in grooves]
    band = trace(strokes, surface.allowed, margin)
    if band is None:
        raise PlacementError("the scratch lies outside the allowed area")
    coverage = band.coverage() * drawn.burnish
    tone = np.exp(drawn.tone_scatter * smooth_noise(len(width), 8.0, rng))
    albedo = _brightness(band, case) * band.at(tone)
    local, deep = band.at(width), band.at(depth)
    if drawn.coat_thickness_mm > 0:
        cut = np.clip((deep * surface.mm_per_px / drawn.coat_thickness_mm - 1) / 0.2, 0, 1)
        coverage += (coverage / drawn.burnish - coverage) * cut if drawn.burnish else 0
        albedo += (drawn.substrate - albedo) * cut
    low, high = EVEN
    visible = np.clip((local - low) / (high - low), 0, 1) * np.clip(0.5 - band.past, 0, 1)
    height = groove_profile(band.offset, local, deep, drawn.cutting) * visible
    height *= surface.mm_per_px
    # A groove that shows its two flanks is not also bright as a whole.
    albedo = albedo ** (1 - 0.5 * visible)

    changed = (coverage > 1e-3) | (height != 0)
    if not changed.any():
        raise PlacementError("the scratch lies outside the allowed area")
    band = band.keep(changed)
    box = band.box
    return DefectLayer(
        kind="scratch",
        origin=(box.top, box.left),
        support=band.spread(np.ones(len(band.rows)), box) > 0,
        coverage=band.spread(coverage[changed], box),
        albedo=band.spread(albedo[changed], box, fill=1.0),
        height=band.spread(height[changed], box) if height.any() else None,
        thin=True,
        parameters=drawn.numbers,
        measured={
            "widest_px": float(width.max()),
            "deepest_mm": float(depth.max()) * surface.mm_per_px,
            "area_px": float(coverage.sum()),
            "skipped": float(np.mean(width <= 0)),
        },
    )


def _brightness(band: Band, case: _ScratchSite) -> Float64:
    """Return the relative brightness of grooves by their direction to the light.

    Notes
    -----
    A facet mirrors the light where its normal is the half vector h. The facets of a groove have
    normals across it, so brightness falls with the angle between h and the plane across the
    groove, ``asin(t . h)``: ``exp(-angle**2 / (2 spread**2))``.
    """
    down, across, up = case.surface.light.vector
    length = math.sqrt(down * down + across * across + (1 + up) ** 2)
    along = np.abs(band.normal[:, 1] * down - band.normal[:, 0] * across) / length
    angle = np.degrees(np.arcsin(np.clip(along, 0, 1)))
    lit = np.exp(-(angle**2) / (2 * SPREAD**2))
    dark, bright = case.drawn.dark, case.drawn.bright
    return np.exp(math.log(dark) + lit * (math.log(bright) - math.log(dark)))
