"""Chips: flakes struck off an edge, a corner or the face of a brittle part, and lost pieces."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import Probability, ShareRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.facets import FRACTURE_HURST, facets
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import EDGE_PX, Mouths, harmonic_rims, mouth_field
from anomsynth.fields.regions import box_around
from anomsynth.surface.background import background_of
from anomsynth.surface.behind import OUTLINE_PX, check_room, ground_without, light_behind
from anomsynth.surface.rims import pick_rim_or_edge
from anomsynth.surface.sites import pick_site

MOST_CELLS = 256
SMALLEST_PX = 2.5  # half length
OUTLINE_HURST = 0.8  # the outline of a chip is where its fracture face leaves the surface
DEEPEST = 0.5, 0.9  # the dish's middle lies so far inside, less up to so much, half widths
BRIGHTER = -0.6  # power of the reflectance that a brighter face has
STEP_DEPTH = 0.12  # of the depth, at the rim
FIRST_RIPPLE = 0.06  # of the reach: nearer to its origin the face is a smooth mirror
LEAST_WAVE_PX = 3.5  # ripples closer than this are not resolved
UNEVEN_FRONT = 0.12  # relative distance by which a crack front is ahead or behind
FACE_GRAIN = 0.08  # log light, on the band of the face beside a lost piece
VOID_ALBEDO = 0.12  # where the picture shows no background
Vector = tuple[float, float]


class Chip(Generator):
    """A conchoidal scar, or a missing piece with the background in its place.

    A flake leaves a shell-shaped dish that begins at the point of the blow, usually on the edge:
    sharp rim, a self-affine face [1]_, and in places ripples around the blow whose spacing grows
    outwards: a front that runs unevenly bends and loses them [2]_.
    Where the break goes through the part, the background shows, and along the break a band of
    its face.

    References
    ----------
    .. [1] E. Bouchaud, G. Lapasset, J. Planes, Europhysics Letters 13, 1990.
    .. [2] H. Wallner, "Linienstrukturen an Bruchflaechen", Zeitschrift fuer Physik 114, 1939.
    """

    law: ClassVar[str] = "h = -d (1 - q^e) + ripples r_k ~ g^k + fBm with H = 0.8 (S ~ k^-3.6)"
    source: ClassVar[str] = "Almond & McCormick 1986 (F = T_e d); Bouchaud et al. 1990"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("length", "size"),)
    has_relief: ClassVar[bool] = True

    kind: Literal["chip"] = "chip"
    size: ShareRange = parameter((0.015, 0.7), "of part size", "length along the edge")
    slim: SizeRange = parameter((0.25, 0.9), "ratio", "reach into the part over half the length")
    irregularity: UnitRange = parameter((0.08, 0.25), "of radius", "first harmonic of the outline")
    ragged: UnitRange = parameter((0.0, 0.045), "of width", "self-affine detail of the outline")
    missing_probability: UnitRange = parameter(
        0.35, "probability", "that the piece is gone altogether", was="missing_share"
    )
    inner_probability: UnitRange = parameter(
        0.1, "probability", "that a flake lies away from the edge", was="inner_share"
    )
    rim_probability: Probability = parameter(
        0.25, "probability", "that the edge lies inside the part: a rim, a step, a seam"
    )
    corner_probability: Probability = parameter(
        0.2, "probability", "that a chip at the outline lies at a corner"
    )
    depth_ratio: SizeRange = parameter((0.1, 0.3), "of width", "depth of the dish")
    section: SizeRange = parameter((1.6, 4.0), "exponent", "e of the dish: 2 bowl, 4 flat floor")
    ripple: UnitRange = parameter((0.0, 0.04), "of depth", "amplitude of the ripples")
    ripple_growth: SizeRange = parameter(
        (1.2, 1.6), "ratio", "radius of a ripple over the one before"
    )
    roughness: SizeRange = parameter((0.03, 0.15), "rms slope", "relief of the face")
    albedo: SizeRange = parameter(
        (0.4, 0.85), "relative", "reflectance of the face over the surface's"
    )
    bright_probability: UnitRange = parameter(
        0.3, "probability", "that the face is brighter (bare body)", was="bright_share"
    )
    face_width: UnitRange = parameter(
        (0.0, 1.0), "of width", "missing piece: band of its fracture face", was="face"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one chip; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        gone, inner, bright = rng.random(3)
        inside = inner < drawn.inner_probability or len(surface.edge_sites) == 0
        lost = bool(gone < drawn.missing_probability)
        outline = OUTLINE_PX + 2 * surface.camera.blur_px if lost else 0.0
        break_ = _draw_break(surface, drawn, inside, rng, beside=outline)
        tone = drawn.albedo ** (BRIGHTER if bright < drawn.bright_probability else 1.0)
        if lost and break_.through:
            return _lost_piece(surface, break_, drawn, tone, rng)
        return _flake(surface, break_, drawn, tone, rng)


@dataclass(frozen=True, slots=True, eq=False)
class _Break:
    """Where a chip breaks off, on a grid; lengths in pixels.

    `share` is the distance from the deepest point (1 on the outline), `inside` the distance to
    the outline (> 0 within), `away` the distance from the blow, `reach` the farthest of it.
    `through` says that it lies on the outline of the part, so that the background may show.
    """

    grid: Grid
    share: Float32
    inside: Float32
    away: Float32
    reach: float
    width: float
    through: bool


def _draw_break(
    surface: Surface, drawn: Chip, inside: bool, rng: np.random.Generator, *, beside: float
) -> _Break:
    at_corner, turn, shift = rng.random(3)
    if inside:
        row, col = pick_site(surface, rng)
        normal: Vector = (float(np.sin(2 * np.pi * turn)), float(np.cos(2 * np.pi * turn)))
        through = False
    else:
        (row, col), normal, inner = pick_rim_or_edge(surface, drawn.rim_probability, rng)
        through = not inner
        if through and at_corner < drawn.corner_probability:
            toward = np.array([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)])
            far = int((surface.edge_sites @ toward).argmax())
            row, col = (int(part) for part in surface.edge_sites[far])
            normal = (float(surface.edge_normals[far][0]), float(surface.edge_normals[far][1]))
    half = max(0.5 * drawn.size * surface.part_size_px, SMALLEST_PX)
    width = max(drawn.slim * half, 0.6 * SMALLEST_PX)
    # The blow falls on the outline; the dish is deepest a little inside or outside of it.
    depth = 0.0 if inside else (DEEPEST[0] - DEEPEST[1] * shift) * width
    centre = np.array([row + normal[0] * depth, col + normal[1] * depth])
    blow = centre - 0.7 * width * np.array(normal) if inside else np.array([row, col])
    mouths = Mouths(
        radius=np.array([np.sqrt(half * width)]),
        aspect=np.array([half / width]),
        angle=np.array([np.arctan2(normal[1], -normal[0])]),
        relative=harmonic_rims(1, drawn.irregularity, OUTLINE_HURST, rng),
    )
    margin = mouths.reach(0) * 1.05 + 3 + beside
    box = box_around(centre[None], margin, surface.shape)
    grid = Grid.over(box, MOST_CELLS)
    share, outside = mouth_field(mouths, 0, grid.offsets(*centre))
    detail = fracture_face(grid.shape, rng) * np.float32(drawn.ragged * width)
    # Detail finer than the size of a small chip would tear it to pieces.
    detail *= np.clip(share, 0, 1)
    down, right = grid.offsets(*blow)
    away = np.sqrt(down * down + right * right)
    reach = float(np.hypot(half, width))
    return _Break(grid, share, detail - outside, away, reach, width, through)


def fracture_face(shape: tuple[int, int], rng: np.random.Generator) -> Float32:
    """Return the relief of a fracture face, (h, w) float32, mean 0, standard deviation 1.

    Self-affine with roughness exponent 0.8: power spectrum ``k**-3.6``.
    """
    return fbm(shape, FRACTURE_HURST, rng)


def ripples(distance: Float32, reach: float, growth: float) -> Float32:
    """Return Wallner-like ripples around the origin of a break, (h, w) float32 in [-1, 1].

    The radius grows by the same factor from crest to crest, so ripples widen outwards; those that
    a pixel cannot resolve are left out.

    Parameters
    ----------
    distance : (h, w) float32, pixels, from the origin of the break
    reach : float
        Distance at which the break ends, pixels, > 0.
    growth : float, > 1
        Radius of a crest over that of the one inside it.
    """
    first = FIRST_RIPPLE * reach
    share = np.maximum(distance, np.float32(0.5)) / np.float32(max(first, 0.5))
    step = math.log(growth)
    wave = np.cos(np.log(share) * np.float32(2 * math.pi / step))
    resolved = np.clip(distance * np.float32(step / LEAST_WAVE_PX) - 1, 0, 1)
    mirror = np.clip(share - 1, 0, 1)
    return np.asarray(wave * resolved * mirror, dtype=np.float32)


def dish(share: Float32, exponent: float) -> Float32:
    """Return the depth of a shell-shaped scar, ``1 - q**e``: its rim is a sharp crease.

    Parameters
    ----------
    share : (h, w) float32 >= 0
        Distance from the deepest point, 1 on the rim.
    exponent : float > 1
    """
    return np.asarray(1 - np.minimum(share, np.float32(1)) ** np.float32(exponent))


def _edge(distance: Float32) -> Float32:
    """Return the coverage of pixels at a distance inside an outline, as sharp as optics show."""
    ramp = np.clip(distance * np.float32(1 / EDGE_PX) + np.float32(0.5), 0, 1)
    return ramp.astype(np.float32, copy=False)


def _face_tone(break_: _Break, tone: float, rng: np.random.Generator) -> Float32:
    grid = break_.grid
    cell = max(0.6 * break_.width / grid.step, 3.0)
    slow = value_noise(grid.shape, cell, rng, octaves=3, hurst=0.6)
    contrast = 0.04 + 0.1 * abs(float(np.log(tone)))
    return np.asarray(tone * np.exp(np.float32(contrast) * slow), dtype=np.float32)


def _flake(
    surface: Surface, break_: _Break, drawn: Chip, tone: float, rng: np.random.Generator
) -> DefectLayer:
    grid = break_.grid
    depth = drawn.depth_ratio * break_.width
    rings = _uneven_ripples(break_, drawn, rng)
    bowl = dish(break_.share, drawn.section)
    step = np.clip(break_.inside / np.float32(2.0), 0, 1)
    relief = -np.float32(depth) * (bowl + np.float32(STEP_DEPTH) * step)
    relief += np.float32(drawn.ripple * depth) * rings * step
    inside = grid.refine(break_.inside)
    coverage = _edge(inside)
    support = (coverage > 0) & surface.foreground[grid.box.slices]
    if not support.any():
        raise PlacementError("the chip lies outside the part")
    coverage *= support
    height = grid.refine(relief.astype(np.float32), smooth=True)
    height += facets(grid, drawn.roughness, rng) * grid.refine(step)
    height *= np.float32(surface.mm_per_px) * coverage
    return DefectLayer(
        kind="chip",
        origin=(grid.box.top, grid.box.left),
        support=support,
        coverage=coverage,
        albedo=grid.refine(_face_tone(break_, tone, rng)),
        height=height,
        thin=True,
        parameters=drawn.numbers,
        measured=_measured(surface, break_, coverage, gone=False)
        | {"depth_mm": -float(height.min())},
    )


def _uneven_ripples(break_: _Break, drawn: Chip, rng: np.random.Generator) -> Float32:
    """Return ripples that bend with a front that ran unevenly, in the places that show them."""
    shape, cell = break_.grid.shape, max(0.5 * break_.reach / break_.grid.step, 3.0)
    ahead = 1 + np.float32(UNEVEN_FRONT) * value_noise(shape, cell, rng)
    rings = ripples(break_.away * ahead, break_.reach, drawn.ripple_growth)
    rings *= np.clip(0.2 + value_noise(shape, cell, rng), 0, 1).astype(np.float32)
    return rings


def _lost_piece(
    surface: Surface, break_: _Break, drawn: Chip, tone: float, rng: np.random.Generator
) -> DefectLayer:
    grid, box = break_.grid, break_.grid.box
    inside = grid.refine(break_.inside)
    coverage = _edge(inside)
    part = surface.foreground[box.slices]
    support = (coverage > 0) & _widened(part, math.ceil(OUTLINE_PX + 2 * surface.camera.blur_px))
    if not (support & part).any():
        raise PlacementError("the missing piece lies outside the part")
    coverage *= support
    cell = max(8.0, break_.width / grid.step)
    uneven = np.clip(1 + 0.3 * value_noise(grid.shape, cell, rng), 0, 2)
    width = np.maximum(grid.refine(uneven) * np.float32(drawn.face_width * break_.width), 1e-3)
    band = np.clip((width - inside) / np.float32(EDGE_PX) + np.float32(0.5), 0, 1) * part
    band *= np.float32(min(drawn.face_width * break_.width, 1.0))
    shade = grid.refine(_face_tone(break_, tone, rng))
    shade *= 1 - np.float32(0.5) * np.clip(inside / width, 0, 1)  # it falls away from the light
    measured = _measured(surface, break_, coverage * part, gone=True)
    piece, reach = support & part, OUTLINE_PX + 2 * surface.camera.blur_px
    if background_of(surface) is not None:  # before it is filled in, which takes long
        check_room(surface, box, piece)
    behind = light_behind(surface, box, piece)
    origin = (box.top, box.left)
    if behind is None:
        albedo = np.float32(VOID_ALBEDO) + band * (shade - np.float32(VOID_ALBEDO))
        return DefectLayer(
            kind="chip",
            origin=origin,
            support=support,
            coverage=coverage,
            albedo=np.maximum(albedo, np.float32(0.02)).astype(np.float32),
            thin=True,
            void=True,
            overhang=True,
            parameters=drawn.numbers,
            measured=measured,
        )
    light = surface.linear(box)
    mean = light[part].mean(axis=0, dtype=np.float64).astype(np.float32)
    shade *= np.exp(np.float32(FACE_GRAIN) * value_noise(box.shape, 2.0, rng))
    face = shade[..., None] * mean
    ground = ground_without(surface, box, piece, behind, reach)
    exposed = ground.light + band[..., None] * (face - ground.light)
    coverage = np.maximum(coverage * part, ground.beside)
    support = coverage > 0
    return DefectLayer(
        kind="chip",
        origin=origin,
        support=support,
        coverage=coverage,
        exposed=np.clip(exposed, 0, 1).astype(np.float32, copy=False),
        thin=True,
        void=True,
        rigid=True,
        overhang=True,
        has_noise=True,
        parameters=drawn.numbers,
        measured=measured,
    )


def _widened(part: Mask, pixels: int) -> Mask:
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return np.asarray(cv2.dilate(part.astype(np.uint8), kernel) > 0)


def _measured(
    surface: Surface, break_: _Break, coverage: Float32, *, gone: bool
) -> dict[str, float]:
    area = float(coverage.sum(dtype=np.float64))
    return {
        "area_share": area / max(surface.part_area_px, 1),
        "width_px": break_.width,
        "missing": float(gone),
    }
