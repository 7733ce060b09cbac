"""Spots of strong colour: paint, ink or dye that got onto the part, alone or in rows."""

import math
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    NonNegative,
    NonNegativeRange,
    PositiveCount,
    Probability,
    ShareRange,
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
from anomsynth.fields.pigments import LUMINANCE, RELATIVE, paint
from anomsynth.fields.regions import box_around
from anomsynth.generators.colour._blobs import Blob, blob_share, edged
from anomsynth.surface.appearance import mean_light, white_level
from anomsynth.surface.sites import pick_edge_site, pick_site

ARRANGEMENTS = ("alone", "row", "cluster")
SMALLEST_PX = 1.0
EDGE_PX = 1.4  # width of the sharpest rim
WANDER = 0.25  # radii by which spots leave the line of their row, standard deviation
SCATTER = 1.6  # radii per spot over which a cluster lies, standard deviation
DEPTH = 0.9  # radii that spots lie inside the outline they follow
HUE_SCATTER = 0.02  # of a turn, between the spots of one kind of paint
GRID = 96  # cells along a spot
LEAST_LIGHT = 2e-3
WHITE = 0.8  # albedo of the brightest thing in a picture
TONES = 0.05, 0.7  # luminance albedo of paints


class ColorSpot(Generator):
    """Small spots of one saturated paint, with a rim as sharp as surface tension draws it.

    A spot lies alone, several lie in a row (a bent line, or along the part's outline) or in a
    cluster; a row closer than two radii is a stroke. Sizes are lognormal about `radius`. The paint
    hides the surface by ``1 - exp(-thickness)`` and is lit as the picture's brightest thing is.
    Its strength is its own: no visibility is solved for. A grey photo shows its luminance.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> row = ColorSpot(arrangement="row", count=5, radius=0.02)
    >>> row.generate(make_surface(channels=3), stream(0)).measured["spots"]
    5.0
    """

    law: ClassVar[str] = "L = (1 - e^-h) rho_paint E + e^-h L_0; log r ~ N; spacing s r"
    source: ClassVar[str] = "Beer 1852; Land 1977 (brightest is white); spots of real pills"

    kind: Literal["color_spot"] = "color_spot"
    arrangement: Literal["alone", "row", "cluster", "mixed"] = parameter(
        "mixed", "choice", "one spot, several in a row, several about a place, or any of these"
    )
    radius: ShareRange = parameter((0.005, 0.06), "of part size", "typical radius of a spot")
    size_scatter: UnitRange = parameter((0.05, 0.4), "relative", "how much their sizes differ")
    count: PositiveCount = parameter((3, 11), "count", "row, cluster: spots")
    spacing: SizeRange = parameter((0.7, 6), "of radius", "row: from spot to spot")
    bend_deg: NonNegativeRange = parameter(
        (0, 90), "degrees", "row: how far it turns from end to end"
    )
    edge_probability: Probability = parameter(
        0.3, "probability", "row: that it follows the part's outline"
    )
    aspect: SizeRange = parameter((1.0, 1.7), "ratio", "length over width of a spot")
    irregularity: UnitRange = parameter((0.02, 0.2), "of radius", "first harmonic of its outline")
    softness: UnitRange = parameter((0.0, 0.5), "of radius", "width of its rim")
    saturation: UnitRange = parameter((0.5, 0.92), "relative", "of the paint's colour")
    thickness: SizeRange = parameter((0.8, 4.0), "optical depth", "1 lets a third shine through")
    tone_scatter: NonNegative = parameter(0.08, "log light", "unevenness of its tone")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one spot or several; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(4)
        kind: str = self.arrangement
        if kind == "mixed":
            kind = ARRANGEMENTS[int(3 * coins[0])]
        size = max(drawn.radius * surface.part_size_px, SMALLEST_PX)
        count = 1 if kind == "alone" else int(drawn.count)
        radii = size * np.exp(drawn.size_scatter * rng.standard_normal(count))
        if kind == "row":
            along = coins[1] < self.edge_probability and len(surface.edge_sites) > 0
            places = (_along_edge if along else _in_row)(surface, drawn, radii, rng)
        else:
            places = _about(surface, radii, rng)
        low, high = (math.log(end) for end in TONES)
        tone = math.exp(low + (high - low) * float(coins[2]))
        box, cover = _covered(surface, places, radii, (drawn, rng))
        support = cover > 0
        if not (support & surface.allowed[box.slices]).any():
            raise PlacementError("the spots lie outside the allowed area")
        hue = float(coins[3]) + HUE_SCATTER * float(rng.standard_normal())
        colour = paint(tone, drawn.saturation, hue)
        uneven = value_noise(box.shape, max(size, 2.0), rng, octaves=2)
        shade = np.exp(np.float32(self.tone_scatter) * uneven)
        albedo = _relative(colour, surface, box)
        return DefectLayer(
            kind="color_spot",
            origin=(box.top, box.left),
            support=support,
            coverage=cover,
            albedo=shade * albedo[0] if albedo.size == 1 else shade[..., None] * albedo,
            rigid=True,
            parameters=drawn.numbers,
            measured={
                "spots": float(count),
                "radius_px": size,
                "area_share": float(cover.sum(dtype=np.float64)) / max(surface.part_area_px, 1),
            },
        )


def _in_row(
    surface: Surface, drawn: ColorSpot, radii: Float64, rng: np.random.Generator
) -> Float64:
    """Return places along an arc, (N, 2) rows and columns."""
    row, col = pick_site(surface, rng)
    start, side = 2 * math.pi * float(rng.random()), 1 if rng.random() < 0.5 else -1
    turns = start + side * math.radians(drawn.bend_deg) * np.linspace(0, 1, len(radii))
    steps = drawn.spacing * 0.5 * (radii[1:] + radii[:-1])
    moves = steps[:, None] * np.stack([np.sin(turns[1:]), np.cos(turns[1:])], axis=1)
    line = np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    line += np.array([row, col]) - line[len(line) // 2]
    return np.asarray(line + WANDER * radii[:, None] * rng.standard_normal(line.shape))


def _along_edge(
    surface: Surface, drawn: ColorSpot, radii: Float64, rng: np.random.Generator
) -> Float64:
    """Return places just inside the part's outline, one after another along it."""
    site, _ = pick_edge_site(surface, rng)
    side = 1 if rng.random() < 0.5 else -1
    outline = surface.edge_sites.astype(np.float64)
    place = np.array(site, dtype=np.float64)
    places = []
    for radius in radii:
        nearest = int(((outline - place) ** 2).sum(axis=1).argmin())
        normal = surface.edge_normals[nearest].astype(np.float64)
        places.append(outline[nearest] + normal * radius * DEPTH * float(rng.random()))
        place = outline[nearest] + side * drawn.spacing * radius * np.array([normal[1], -normal[0]])
    return np.array(places)


def _about(surface: Surface, radii: Float64, rng: np.random.Generator) -> Float64:
    """Return places about a site, the first on it."""
    site = np.array(pick_site(surface, rng), dtype=np.float64)
    spread = SCATTER * float(radii.mean()) * math.sqrt(len(radii) - 1)
    away = spread * rng.standard_normal((len(radii), 2))
    away[0] = 0
    return site + away


def _covered(
    surface: Surface, places: Float64, radii: Float64, how: tuple[ColorSpot, np.random.Generator]
) -> tuple[Box, Float32]:
    """Return the box around all spots, and how much paint hides in each pixel of it."""
    drawn, rng = how
    reach = 1.6 * np.sqrt(drawn.aspect) * np.maximum(radii, SMALLEST_PX)[:, None]
    corners = np.concatenate([places - reach, places + reach])
    box = box_around(corners, 2.0, surface.shape)
    hidden = np.float32(1 - math.exp(-drawn.thickness))
    cover = np.zeros(box.shape, dtype=np.float32)
    for (row, col), radius in zip(places, radii, strict=True):
        blob = Blob(
            centre=(float(row), float(col)),
            radius=float(radius),
            aspect=drawn.aspect,
            angle=float(rng.uniform(0, np.pi)),
            irregularity=drawn.irregularity,
            ragged=0.0,
        )
        near = blob.box(1.6, surface.shape)
        share = blob_share(blob, Grid.over(near, GRID), rng)
        share = Grid.over(near, GRID).refine(share)
        width = max(drawn.softness, EDGE_PX / max(radius, SMALLEST_PX))
        spot = hidden * edged(share, 1.0, width)
        part = Box(
            max(near.top, box.top),
            max(near.left, box.left),
            min(near.bottom, box.bottom),
            min(near.right, box.right),
        )
        if part.bottom <= part.top or part.right <= part.left:
            continue  # it lies beyond the picture
        here = cover[
            part.top - box.top : part.bottom - box.top, part.left - box.left : part.right - box.left
        ]
        spot = spot[
            part.top - near.top : part.bottom - near.top,
            part.left - near.left : part.right - near.left,
        ]
        np.maximum(here, spot, out=here)
    return box, cover


def _relative(colour: Float64, surface: Surface, box: Box) -> Float32:
    """Return how bright the paint is over the surface around it, (C,): both under one light."""
    light = np.maximum(mean_light(surface, box), LEAST_LIGHT)
    falling = white_level(surface) / WHITE
    seen = colour if surface.channels == 3 else np.array([float(colour @ LUMINANCE)])
    return np.clip(seen * falling / light, *RELATIVE).astype(np.float32)
