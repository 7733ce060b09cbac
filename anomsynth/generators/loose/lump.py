"""Lumps that stick to the part: pieces of its own stuff or of another, with a soft shadow."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
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
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, joined_rims, mouth_field, squared_rims
from anomsynth.fields.pigments import paint, relative_albedo
from anomsynth.fields.regions import box_around
from anomsynth.fields.shadows import margin_of, shadow_of
from anomsynth.surface.appearance import mean_light
from anomsynth.surface.sites import pick_edge_site, pick_site

CELLS = 160
SMALLEST_PX = 2.0
OUTLINE_HURST = 0.9
FACE_HURST = 0.8  # crumbled faces, as fracture faces
EDGE_PX = 1.4
ROUNDED_PX = 0.9  # nothing on it is sharper
FOOT = 0.35  # of the shadow's depth: the dark line where a lump touches down
OUT = -0.5, 0.8  # half widths by which a lump on the outline stands out of it
TONES = 0.05, 0.6  # luminance albedo of foreign matter
GRAIN = 0.06  # log light
FAINT = 0.01


class Lump(Generator):
    """A lump on the part: rounded or blocky, of the part's own stuff or of foreign matter.

    Its top is ``h (1 - q^e)^(1/2)``, q the distance from its middle in units of the outline: 2
    is a dome, larger exponents are blocks with a level top; crumbs make it self-affine. It is lit
    as the part is, and throws the shadow of its relief, ``h / tan(elevation)`` long and the softer
    the farther. A lump on the outline stands out of it. Its strength is its own: no visibility is
    solved for.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> lump = Lump(length=0.2, aspect=1, edge_probability=0)
    >>> layer = lump.generate(make_surface(), stream(0))
    >>> round(layer.measured["length_px"] / make_surface().part_size_px, 2)
    0.2
    """

    law: ClassVar[str] = "z = h (1 - q^e)^(1/2); shadow where z(x + s l) - z(x) > s tan(elevation)"
    source: ClassVar[str] = "geometry of light; superellipse (Lame 1818); faces as fracture"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", measured="length_px"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["lump"] = "lump"
    length: ShareRange = parameter((0.015, 0.3), "of part size", "length of the lump")
    aspect: SizeRange = parameter((1.0, 3.0), "ratio", "length over width")
    squareness: SizeRange = parameter((1.7, 4), "exponent", "of the outline: 2 ellipse, 4 block")
    irregularity: UnitRange = parameter((0.03, 0.2), "of radius", "first harmonic of the outline")
    thickness: UnitRange = parameter((0.15, 0.7), "of width", "height over the part")
    level: SizeRange = parameter((2, 8), "exponent", "of the top: 2 dome, 8 level")
    crumbs: UnitRange = parameter((0.0, 0.05), "of width", "rms roughness of its faces")
    own_probability: Probability = parameter(
        0.6, "probability", "that it is of the part's own stuff"
    )
    edge_probability: Probability = parameter(
        0.25, "probability", "that it stands out of the part's outline"
    )
    tone: SizeRange = parameter((0.85, 1.3), "relative", "own stuff: brightness over the part's")
    saturation: UnitRange = parameter((0, 0.5), "relative", "foreign: strength of its colour")
    reflectance: ShareRange = parameter((0.3, 0.7), "share", "foreign: of light the part reflects")
    shadow: UnitRange = parameter((0.25, 0.7), "share", "light that is missing in its shadow")

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
        rise = max(drawn.thickness * width, 1.0)
        body = _body(surface, drawn, _Pose(centre, angle, half, rise), rng)
        albedo = _stuff(surface, drawn, coins, body.box)
        if coins[3] < self.own_probability:
            albedo = np.float32(drawn.tone) * np.ones_like(albedo)
        grain = np.exp(np.float32(GRAIN) * value_noise(body.box.shape, 1.8, rng))
        part = surface.foreground[body.box.slices]
        absorbance = _shade(body, surface, drawn.shadow) * part
        support = (body.coverage > FAINT) | (absorbance > FAINT)
        if not support.any():
            raise PlacementError("the lump lies outside the picture")
        return DefectLayer(
            kind="lump",
            origin=(body.box.top, body.box.left),
            support=support,
            coverage=body.coverage * support,
            albedo=grain * albedo if albedo.ndim == 0 else grain[..., None] * albedo,
            height=body.height * np.float32(surface.mm_per_px) * support,
            absorbance=absorbance * support,
            rigid=True,
            overhang=outside,
            parameters=drawn.numbers,
            measured={
                "length_px": 2 * half,
                "height_px": rise,
                "area_share": float(body.coverage.sum()) / max(surface.part_area_px, 1),
            },
        )


@dataclass(frozen=True, slots=True)
class _Pose:
    """Where a lump lies, its direction (radians), half its length and its height (pixels)."""

    centre: tuple[float, float]
    angle: float
    half: float
    rise: float


@dataclass(frozen=True, slots=True, eq=False)
class _Relief:
    """What a lump is on a box: share of each pixel, and its height in pixels."""

    box: Box
    coverage: Float32
    height: Float32


def _body(surface: Surface, drawn: Lump, pose: _Pose, rng: np.random.Generator) -> _Relief:
    rough = harmonic_rims(1, drawn.irregularity, OUTLINE_HURST, rng)
    square = squared_rims(np.array([drawn.squareness]))
    mouths = Mouths(
        radius=np.array([pose.half / math.sqrt(drawn.aspect)]),
        aspect=np.array([drawn.aspect]),
        angle=np.array([pose.angle]),
        relative=joined_rims(rough, square),
    )
    corner = np.array([pose.centre])
    margin = mouths.reach(0) + margin_of(pose.rise, surface.light) + 3
    box = box_around(corner, margin, surface.shape)
    grid = Grid.over(box, CELLS)
    share, outside = mouth_field(mouths, 0, grid.offsets(*pose.centre))
    top = np.sqrt(np.clip(1 - np.minimum(share, 1) ** np.float32(drawn.level), 0, 1))
    crumbs = fbm(grid.shape, FACE_HURST, rng) * np.float32(drawn.crumbs * pose.half / drawn.aspect)
    height = np.maximum(np.float32(pose.rise) * top + crumbs * top, 0)
    cover = np.clip(np.float32(0.5) - grid.refine(outside) / np.float32(EDGE_PX), 0, 1)
    relief = cv2.GaussianBlur(grid.refine(height.astype(np.float32)), (0, 0), ROUNDED_PX)
    return _Relief(box, cover, np.asarray(relief, dtype=np.float32) * (cover > 0))


def _shade(body: _Relief, surface: Surface, depth: float) -> Float32:
    """Return the optical depth of the shadow beside a lump and of the dark line at its foot."""
    hidden = shadow_of(body.height, surface.light)
    foot = np.asarray(cv2.GaussianBlur(body.coverage, (0, 0), 1.2), dtype=np.float32)
    hidden = np.maximum(hidden, np.float32(2 * FOOT) * foot) * (1 - body.coverage)
    return np.asarray(np.float32(-0.5) * np.log1p(np.float32(-depth) * hidden), dtype=np.float32)


def _stuff(surface: Surface, drawn: Lump, coins: np.ndarray, box: Box) -> Float32:
    """Return the reflectance of foreign matter over the part's, (C,) or ()."""
    low, high = (math.log(end) for end in TONES)
    tone = math.exp(low + (high - low) * float(coins[4]))
    colour = paint(tone, drawn.saturation, float(coins[5]))
    return np.asarray(
        relative_albedo(colour, mean_light(surface, box), drawn.reflectance), dtype=np.float32
    )
