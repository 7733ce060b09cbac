"""Spots of strong colour: paint, ink or dye that got onto the part, alone or in rows."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator

from anomsynth.core.component import (
    NonNegative,
    NonNegativeRange,
    PositiveCount,
    Probability,
    Range,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import Float64
from anomsynth.fields.pigments import LUMINANCE, RELATIVE, film_depth, paint
from anomsynth.generators.colour._spots import (
    SMALLEST_PX,
    Deposit,
    DropShape,
    deposit_spots,
    deposit_stroke,
    places_about,
    places_along_edge,
    row_of_places,
)
from anomsynth.surface.appearance import mean_light, relief_shade, white_level

ARRANGEMENTS = ("alone", "row", "cluster", "stroke")
OFTEN = (0.3, 0.6, 0.83)  # mixed: shares up to the first, second and third of them
HUE_SCATTER = 0.02  # of a turn, between the spots of one kind of paint
LEAST_LIGHT = 2e-3
DARKEST = 0.03  # albedo: what the outer face of any coating reflects
WHITE = 0.8  # albedo of the brightest thing in a picture
TONES = 0.05, 0.7  # luminance albedo of paints
RIM = -0.5, 1.0  # beyond, some of a spot would have less than no paint
UNALIKE = 2.0  # scatter of the paint from spot to spot over that within one
CELLS = 160  # on which the paint is unevenly thick
AROUND = 3.0  # radii over which the surface's own light and shade are averaged
FAINT = 0.004  # less paint than that nobody sees
UNEVEN_CELL = 0.7  # radii: size of thicker and thinner places


class ColorSpot(Generator):
    """Small spots of one saturated paint or dye, on the surface or sunk into it.

    A spot lies alone, several lie in an uneven row (a bent line, or along the part's outline) or
    in a cluster, or a pen drew a stroke. Sizes are lognormal about `radius`; a drop that dries
    moves its paint to the rim, ``c = 1 + b (3 q^4 - 1)``, and keeps its mass.

    The share `sunk` of the paint is a dye in the pores: a filter ``rho^(s c)`` [1]_ through which
    the surface's own colours, grain and shading are seen, which bleeds at its edge and is deeper
    where spots overlap. The rest is a film on top that hides the surface by ``1 - exp(-(1 - s) h
    c)``, is lit as the picture's brightest thing is, and keeps the light and shade of the relief
    it lies on. Its strength is its own: no visibility is solved for. A grey photo shows its
    luminance.

    References
    ----------
    .. [1] A. Beer, "Bestimmung der Absorption des rothen Lichts in farbigen Fluessigkeiten",
       Annalen der Physik 162, 1852.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> row = ColorSpot(arrangement="row", count=5, radius=0.02)
    >>> row.generate(make_surface(channels=3), stream(0)).measured["spots"]
    5.0
    """

    law: ClassVar[str] = "dye L = L_0 rho^(s c); film hides 1 - e^(-(1-s) h c); <c> = 1; log r ~ N"
    source: ClassVar[str] = "Beer 1852; Land 1977 (brightest is white); spots of real pills"

    kind: Literal["color_spot"] = "color_spot"
    arrangement: Literal["alone", "row", "cluster", "stroke", "mixed"] = parameter(
        "mixed", "choice", "one spot, several in a row or about a place, a stroke, or any of these"
    )
    radius: ShareRange = parameter((0.005, 0.06), "of part size", "typical radius of a spot")
    size_scatter: UnitRange = parameter((0.1, 0.6), "relative", "how much their sizes differ")
    count: PositiveCount = parameter((3, 11), "count", "row, cluster, stroke: spots, or its length")
    spacing: SizeRange = parameter((1.2, 6), "of radius", "row, stroke: from spot to spot")
    unevenness: UnitRange = parameter(
        (0.05, 0.5), "relative", "row: how much its steps differ and leave the line"
    )
    bend_deg: NonNegativeRange = parameter(
        (0, 90), "degrees", "row, stroke: how far it turns from end to end"
    )
    edge_probability: Probability = parameter(
        0.3, "probability", "row, stroke: that it follows the part's outline"
    )
    aspect: SizeRange = parameter((1.0, 1.8), "ratio", "most length over width of a spot")
    irregularity: UnitRange = parameter((0.03, 0.22), "of radius", "first harmonic of its outline")
    softness: UnitRange = parameter((0.05, 0.7), "of radius", "how far what sinks in bleeds")
    rim: SignedRange = parameter((-0.25, 0.3), "relative", "b, how much more dried at the rim")
    saturation: UnitRange = parameter((0.5, 0.92), "relative", "of the paint's colour")
    sunk: UnitRange = parameter((0.0, 1.0), "share", "s, of the paint that is a dye in the pores")
    thickness: SizeRange = parameter((0.8, 4.0), "optical depth", "h, 1 lets a third shine through")
    relief: UnitRange = parameter(
        (0.4, 1.0), "relative", "contrast of the surface's light and shade on the film"
    )
    tone_scatter: NonNegative = parameter(0.12, "log light", "unevenness of its thickness")

    @field_validator("rim")
    @classmethod
    def _some_everywhere(cls, value: Range) -> Range:
        if not RIM[0] <= value.low <= value.high <= RIM[1]:
            msg = f"must lie in [{RIM[0]:g}, {RIM[1]:g}], got [{value.low:g}, {value.high:g}]"
            raise ValueError(msg)
        return value

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one spot or several; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(4)
        kind: str = self.arrangement
        if kind == "mixed":
            kind = ARRANGEMENTS[int(np.searchsorted(OFTEN, coins[0], side="right"))]
        size = max(drawn.radius * surface.part_size_px, SMALLEST_PX)
        count = 1 if kind == "alone" else int(drawn.count)
        spots = _Spots(kind, count, size, coins[1] < self.edge_probability)
        laid = _laid(surface, drawn, spots, rng)
        if laid is None or not (laid.sunk[surface.allowed[laid.box.slices]] > 0).any():
            raise PlacementError("the spots lie outside the allowed area")
        box = laid.box
        low, high = (math.log(end) for end in TONES)
        tone = math.exp(low + (high - low) * float(coins[2]))
        hue = float(coins[3]) + HUE_SCATTER * float(rng.standard_normal())
        colour = np.maximum(paint(tone, drawn.saturation, hue), DARKEST)
        cell = max(UNEVEN_CELL * size, 2.0)
        grid = Grid.over(box, CELLS)
        uneven = value_noise(grid.shape, cell / grid.step, rng, octaves=2)
        uneven = grid.refine(np.exp(np.float32(self.tone_scatter) * uneven))
        film = -np.expm1(np.float32(-(1 - drawn.sunk) * drawn.thickness) * laid.film * uneven)
        dye = np.float32(drawn.sunk) * laid.sunk * uneven
        support = (film > FAINT) | (dye > FAINT)
        if surface.channels == 1:
            colour = colour @ LUMINANCE * np.ones(1)
        depth = film_depth(colour).astype(np.float32)
        albedo = np.ones((*box.shape, surface.channels), np.float32)
        shade = relief_shade(surface, box, AROUND * size)[support] ** np.float32(drawn.relief)
        albedo[support] = shade[:, None] * _relative(colour, surface, box)
        absorbance = np.zeros_like(albedo)
        absorbance[support] = dye[support][:, None] * depth
        return DefectLayer(
            kind="color_spot",
            origin=(box.top, box.left),
            support=support,
            coverage=(film * support).astype(np.float32),
            albedo=albedo,
            absorbance=absorbance,
            rigid=True,
            parameters=drawn.numbers,
            measured={
                "spots": float(count),
                "radius_px": size,
                "area_share": float(np.count_nonzero(support)) / max(surface.part_area_px, 1),
            },
        )


@dataclass(frozen=True, slots=True)
class _Spots:
    """How spots lie, how many, their typical radius in pixels, whether along the outline."""

    kind: str
    count: int
    size: float
    along: bool


def _laid(
    surface: Surface, drawn: ColorSpot, spots: _Spots, rng: np.random.Generator
) -> Deposit | None:
    """Place the spots and lay the paint; None if nothing of it is allowed."""
    unalike = UNALIKE * drawn.tone_scatter
    shape = DropShape(drawn.aspect, drawn.irregularity, drawn.softness, drawn.rim, unalike)
    scatter = drawn.size_scatter  # the mean area stays that of the typical radius
    radii = spots.size * np.exp(scatter * (rng.standard_normal(spots.count) - scatter))
    if spots.kind in ("alone", "cluster"):
        return deposit_spots(surface, places_about(surface, radii, rng), radii, shape, rng)
    stroke = spots.kind == "stroke"
    if stroke:
        radii = np.full(spots.count + 1, spots.size)
    uneven = drawn.unevenness
    if spots.along and len(surface.edge_sites):
        places = places_along_edge(surface, radii, (drawn.spacing, uneven), rng)
    else:
        steps = (drawn.spacing, math.radians(drawn.bend_deg), uneven)
        places = row_of_places(surface, radii, steps, rng)
    if stroke:
        return deposit_stroke(surface, places, spots.size, shape, rng)
    return deposit_spots(surface, places, radii, shape, rng)


def _relative(colour: Float64, surface: Surface, box: Box) -> Float32:
    """Return how bright the paint is over the surface around it, (C,): both under one light."""
    light = np.maximum(mean_light(surface, box), LEAST_LIGHT)
    falling = white_level(surface) / WHITE
    return np.clip(colour * falling / light, *RELATIVE).astype(np.float32)
