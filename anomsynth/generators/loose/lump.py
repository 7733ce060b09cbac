"""Lumps that stick to the part: pieces of its own stuff or of another, with a soft shadow."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    PositiveCount,
    Probability,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.facets import facets
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.pigments import paint, relative_albedo
from anomsynth.fields.regions import box_around
from anomsynth.fields.shadows import hidden_sky, margin_of, shadow_of
from anomsynth.generators.loose._crumbs import Crumb, CrumbShape, crumb_relief, draw_crumb
from anomsynth.surface.appearance import mean_light, stuff_elsewhere
from anomsynth.surface.sites import pick_edge_site, pick_site

CELLS = 128
SMALLEST_PX = 2.0
EDGE_PX = 1.4
FOOT_PX = 1.0  # its outermost pixels are no level brim
ROUNDED_PX = 0.7  # nothing on it is sharper
WALL = 0.7  # of its height: what stands beside a place at its foot
OUT = -0.5, 0.8  # half widths by which a lump on the outline stands out of it
TONES = 0.08, 0.65  # luminance albedo of foreign matter
GRAIN = 0.05, 0.09  # log light of foreign matter: of single grains, and of larger places
AROUND = 1.5  # half lengths over which own stuff is taken as evenly lit
FAINT = 0.01


class Lump(Generator):
    """A lump on the part: a crumb with faces, of the part's own stuff or of foreign matter.

    Broken matter has flat faces: ``z = min_k (h_k + g_k x)``, steep ones around its outline, two on
    top, their edges worn round; on them it is as rough as fracture faces are [1]_. It is lit as the
    part is. Beside it the lamp is hidden where ``z(x + s l) - z(x) > s tan(elevation)``, with an
    edge as soft as the lamp is wide, and the share ``(1 - d / (d^2 + h^2)^(1/2)) / 2`` of the sky,
    as by a wall of its height at the distance d. Own stuff has the grain and the speckles that the
    part has elsewhere. A lump on the outline stands out of it. Its strength is its own: no
    visibility is solved for.

    References
    ----------
    .. [1] E. Bouchaud, G. Lapasset, J. Planes, "Fractal dimension of fractured surfaces",
       Europhysics Letters 13, 1990.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> lump = Lump(length=0.2, aspect=1, edge_probability=0)
    >>> layer = lump.generate(make_surface(), stream(0))
    >>> round(layer.measured["length_px"] / make_surface().part_size_px, 2)
    0.2
    """

    law: ClassVar[str] = "z = min_k (h_k + g_k x) + rough (H = 0.8); sky hidden (1 - d/r)/2"
    source: ClassVar[str] = "geometry of faces and of light; Bouchaud et al. 1990 (roughness)"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", measured="length_px"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["lump"] = "lump"
    length: ShareRange = parameter((0.015, 0.3), "of part size", "length of the lump")
    aspect: SizeRange = parameter((1.0, 2.5), "ratio", "length over width")
    faces: PositiveCount = parameter((4, 9), "count", "faces around it")
    irregularity: UnitRange = parameter((0.1, 0.5), "relative", "how unlike its faces are")
    ragged: UnitRange = parameter(
        (0.005, 0.06), "of width", "how far its outline leaves the faces'"
    )
    thickness: UnitRange = parameter((0.2, 0.7), "of width", "height over the part")
    tilt: UnitRange = parameter((0.0, 0.45), "rms slope", "of its top")
    rounding: UnitRange = parameter((0.02, 0.3), "of size", "of its edges, over its height")
    roughness: UnitRange = parameter((0.04, 0.3), "rms slope", "of its faces")
    own_probability: Probability = parameter(
        0.6, "probability", "that it is of the part's own stuff"
    )
    edge_probability: Probability = parameter(
        0.25, "probability", "that it stands out of the part's outline"
    )
    tone: SizeRange = parameter((0.85, 1.25), "relative", "own stuff: brightness over the part's")
    saturation: UnitRange = parameter((0, 0.5), "relative", "foreign: strength of its colour")
    reflectance: ShareRange = parameter((0.3, 0.7), "share", "foreign: of light the part reflects")
    ambient: UnitRange = parameter((0.25, 0.65), "share", "of the light that comes from all sides")
    lamp: SizeRange = parameter((0.2, 0.9), "ratio", "half the lamp's size over its distance")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one lump; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(6)
        half = max(0.5 * drawn.length * surface.part_size_px, SMALLEST_PX)
        width = 2 * half / drawn.aspect
        outside = coins[0] < self.edge_probability and len(surface.edge_sites) > 0
        if outside:
            (row, col), (down, right) = pick_edge_site(surface, rng)
            out = half * (OUT[0] + (OUT[1] - OUT[0]) * float(coins[1]))
            centre = (row - out * down, col - out * right)
            angle = math.atan2(down, right) + 0.7 * (float(coins[2]) - 0.5)
        else:
            row, col = pick_site(surface, rng)
            centre, angle = (float(row), float(col)), math.pi * float(coins[2])
        shape = CrumbShape(
            drawn.aspect, drawn.faces, drawn.irregularity, drawn.ragged, drawn.tilt, drawn.rounding
        )
        crumb = draw_crumb(half, max(drawn.thickness * width, 1.0), shape, angle, rng)
        body = _body(surface, drawn, centre, crumb, rng)
        if coins[3] < self.own_probability:
            albedo = np.float32(drawn.tone) * stuff_elsewhere(surface, body.box, AROUND * half, rng)
        else:
            albedo = _foreign(surface, drawn, coins, body.box)
            fine, broad = (
                np.float32(share) * value_noise(body.box.shape, cell, rng)
                for share, cell in zip(GRAIN, (1.8, max(0.25 * half, 2.0)), strict=True)
            )
            albedo = np.exp(fine + broad)[..., None] * albedo
        part = surface.foreground[body.box.slices]
        absorbance = _shade(body, surface, drawn, 0.5 * width) * part
        support = (body.coverage > FAINT) | (absorbance > FAINT)
        if not support.any():
            raise PlacementError("the lump lies outside the picture")
        return DefectLayer(
            kind="lump",
            origin=(body.box.top, body.box.left),
            support=support,
            coverage=body.coverage * support,
            albedo=albedo.astype(np.float32, copy=False),
            height=body.height * np.float32(surface.mm_per_px) * support,
            absorbance=absorbance * support,
            rigid=True,
            overhang=outside,
            parameters=drawn.numbers,
            measured={
                "length_px": 2 * half,
                "height_px": crumb.rise,
                "area_share": float(body.coverage.sum()) / max(surface.part_area_px, 1),
            },
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Relief:
    """What a lump is on a box: share of each pixel, and its height in pixels."""

    box: Box
    coverage: Float32
    height: Float32


def _body(
    surface: Surface,
    drawn: Lump,
    centre: tuple[float, float],
    crumb: Crumb,
    rng: np.random.Generator,
) -> _Relief:
    margin = crumb.reach + margin_of(crumb.rise, surface.light, drawn.lamp) + 3
    box = box_around(np.array([centre]), margin, surface.shape)
    far = math.ceil(crumb.reach * (1 + drawn.ragged)) + 2
    inner = box_around(np.array([centre]), far, surface.shape)
    grid = Grid.over(inner, CELLS)
    height, outside = crumb_relief(crumb, grid, grid.offsets(*centre), rng)
    relief = grid.refine(height) + np.float32(FOOT_PX)
    within = np.minimum(grid.refine(-outside), relief)
    cover = np.clip(np.float32(0.5) + within / np.float32(EDGE_PX), 0, 1)
    if drawn.roughness > 0:
        # Not at its foot, where it would stand off the part.
        foot = np.clip(relief * np.float32(4 / crumb.rise), 0, 1)
        relief += facets(grid, drawn.roughness, rng) * foot
    relief = cv2.GaussianBlur(np.maximum(relief, 0), (0, 0), ROUNDED_PX) * (cover > 0)
    whole = _Relief(box, np.zeros(box.shape, np.float32), np.zeros(box.shape, np.float32))
    place = (
        slice(inner.top - box.top, inner.bottom - box.top),
        slice(inner.left - box.left, inner.right - box.left),
    )
    whole.coverage[place] = cover
    whole.height[place] = relief
    return whole


def _shade(body: _Relief, surface: Surface, drawn: Lump, half: float) -> Float32:
    """Return the optical depth of the light missing beside a lump of a half width, pixels."""
    grid = Grid.over(body.box, CELLS)
    step = np.float32(1 / grid.step)
    hidden = shadow_of(grid.reduce(body.height) * step, surface.light, drawn.lamp)
    off = (body.coverage < 0.5).view(np.uint8)
    away = np.asarray(cv2.distanceTransform(off, cv2.DIST_L2, 3), np.float32)
    top = max(WALL * float(body.height.max(initial=0.0)), 1.0)
    missing = (1 - np.float32(drawn.ambient)) * grid.refine(hidden)
    missing += np.float32(drawn.ambient) * hidden_sky(away, top, half)
    missing *= 1 - body.coverage
    return np.asarray(np.float32(-0.5) * np.log1p(-np.minimum(missing, 0.95)), dtype=np.float32)


def _foreign(surface: Surface, drawn: Lump, coins: np.ndarray, box: Box) -> Float32:
    """Return the reflectance of foreign matter over the part's, (C,) or (1,)."""
    low, high = (math.log(end) for end in TONES)
    tone = math.exp(low + (high - low) * float(coins[4]))
    colour = paint(tone, drawn.saturation, float(coins[5]))
    relative = relative_albedo(colour, mean_light(surface, box), drawn.reflectance)
    return np.atleast_1d(np.asarray(relative, dtype=np.float32))
