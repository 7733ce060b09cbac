"""Pieces of the surface that have come loose: tilted up on a hinge, or gone from their bed."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    Count,
    Probability,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.pixels import look_up
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Light, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.facets import facets
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import EDGE_PX, grown_polygon, random_polygon
from anomsynth.fields.regions import box_around
from anomsynth.fields.shadows import margin_of, shadow_of
from anomsynth.surface.appearance import mean_light, stuff_elsewhere
from anomsynth.surface.sites import pick_calm_site, pick_edge_site

CELLS = 192
SHADOW_CELLS = 128
HIGH = 2.4  # half lengths from the hinge to the farthest corner
SMALLEST_PX = 3.0
BORDER_HURST = 0.8  # of the crack that set the piece free
HINGE = 0.12  # of its length, from its end on: where it still holds
INSIDE = 0.0, 0.8  # half lengths that the middle of a piece at the outline lies inside it
ROUNDED_PX = 0.7  # nothing on it is sharper
LEAST_RISE = 0.75  # pixels
FAINT = 0.01
UNEVEN = 0.08  # log light of broken faces
PATCHES = 0.4  # of its width: size of places of another tone in a bed
PATCHY = 0.12  # log light of those
STUFF = 0.7  # how much of the surface's own speckles goes on below
ISLAND = 0.3  # of its width: size of what still holds in a bed
ISLAND_SPREAD = 1.5  # of the field that they are cut from, over that size
UNDER = 0.5  # brightness of the gap right below a piece, over its mean
NODES = 128  # along a curled piece


class LiftedPiece(Generator):
    """A piece that a crack has set free: tilted up about a hinge, or missing from its bed.

    A stiff piece turns about the line where it still holds by an angle a, so it stands
    ``z = d tan(a)`` above the surface at a distance d from its hinge; seen from above it is shorter
    by ``s (1 - cos(a))`` at a way s along it, its texture with it, and leaves a dark gap as wide.
    Under stress of its own it curls: its slope grows evenly along it [1]_, from ``(1 - c) tan(a)``
    to ``(1 + c) tan(a)``. Its broken end, as thick as the piece, turns up to the camera by
    ``sin(a)``, and it throws the shadow of its relief, ``z / tan(elevation)`` long. A missing one
    leaves a bed of the stuff below, of another tone: one wall lit, the other in its own shadow,
    and islands of the surface where it held. Its strength is its own: no visibility is solved for.

    References
    ----------
    .. [1] G. G. Stoney, "The tension of metallic films deposited by electrolysis", Proceedings of
       the Royal Society A 82, 1909.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> piece = LiftedPiece(length=0.3, tilt=0.36, curl=0, missing_probability=0)
    >>> layer = piece.generate(make_surface(mm_per_px=1), stream(0))
    >>> slope = layer.measured["rise_px"] / layer.measured["lever_px"]
    >>> round(slope, 2)
    0.36
    """

    law: ClassVar[str] = (
        "z = d tan(a); gap s (1 - cos(a)); end t sin(a); slope ~ 1 + c (2 s / L - 1); "
        "shadow z / tan(elevation)"
    )
    source: ClassVar[str] = "geometry of a flap and of light; Stoney 1909; outline as fracture"
    has_relief: ClassVar[bool] = True

    kind: Literal["lifted_piece"] = "lifted_piece"
    length: ShareRange = parameter((0.03, 0.35), "of part size", "length of the piece")
    aspect: SizeRange = parameter((1.0, 2.5), "ratio", "length over width, or the reverse")
    vertices: Count = parameter((4, 8), "count", "corners of its outline")
    unevenness: UnitRange = parameter((0.02, 0.2), "of width", "of that outline")
    tilt: ShareRange = parameter(
        (0.05, 0.55), "ratio", "lifted: rise over the distance from its hinge"
    )
    curl: UnitRange = parameter(
        (0.0, 1.0), "relative", "c, lifted: how unlike its slope is at both ends"
    )
    thickness: UnitRange = parameter((0.0, 0.12), "of width", "t, lifted: of the piece")
    opening: UnitRange = parameter((0.0, 0.06), "of width", "crack beside it, at the free end")
    gap_tone: SizeRange = parameter((0.1, 0.5), "relative", "brightness of that gap")
    missing_probability: Probability = parameter(0.35, "probability", "that the piece is gone")
    depth: UnitRange = parameter((0.02, 0.15), "of width", "missing: of its bed")
    bed_tone: SizeRange = parameter((0.5, 1.5), "relative", "brightness of its bed or broken end")
    remains: ShareRange = parameter(
        (0.01, 0.4), "share", "missing: of its bed where the surface still holds"
    )
    roughness: SizeRange = parameter((0.02, 0.12), "rms slope", "missing: relief of its bed")
    edge_probability: Probability = parameter(
        0.35, "probability", "that it lies at the outline, its free end outwards"
    )
    shadow: UnitRange = parameter((0.3, 0.8), "share", "light that is missing in its shadow")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Set one piece free; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(4)
        half = max(0.5 * drawn.length * surface.part_size_px, SMALLEST_PX)
        lying = drawn.aspect if coins[0] < 0.5 else 1 / drawn.aspect
        along, across = half * math.sqrt(lying), half / math.sqrt(lying)
        if coins[1] < self.edge_probability and len(surface.edge_sites):
            (row, col), (down, right) = pick_edge_site(surface, rng)
            inside = along * (INSIDE[0] + (INSIDE[1] - INSIDE[0]) * float(coins[2]))
            centre, angle = (row + inside * down, col + inside * right), math.atan2(-down, -right)
        else:
            row, col = pick_calm_site(surface, half, rng)
            centre, angle = (float(row), float(col)), 2 * math.pi * float(coins[2])
        is_missing = bool(coins[3] < self.missing_probability)
        pose = _Turn(centre, angle, along, across)
        # How high or deep it may be says how far its shadow may reach.
        tall = 2 * min(along, across) * drawn.depth if is_missing else HIGH * along * drawn.tilt
        piece = _outline(surface, drawn, pose, margin_of(tall, surface.light), rng)
        relief = _bed(surface, drawn, piece, rng) if is_missing else _flap(surface, drawn, piece)
        return _layer(surface, drawn, piece, relief)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Middle (row, col), direction from hinge to free end (radians), half sizes (pixels)."""

    centre: tuple[float, float]
    angle: float
    along: float
    across: float


@dataclass(frozen=True, slots=True, eq=False)
class _LoosePiece:
    """A piece on a box: distance inside its outline and from its hinge, pixels, and its width.

    `outwards` is the direction (row, col) from its hinge to its free end.
    """

    grid: Grid
    inside: Float32
    lever: Float32
    width: float
    outwards: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _LooseRelief:
    """What a piece does on its box; `dark` is the share of the lamp that is hidden.

    What shows where it covers is either light as it is or tones over the surface around.
    """

    coverage: Float32
    exposed: Float32 | None
    albedo: Float32 | None
    height: Float32
    dark: Float32
    whole: Mask
    measured: dict[str, float]


def _outline(
    surface: Surface, drawn: LiftedPiece, pose: _Turn, reach: float, rng: np.random.Generator
) -> _LoosePiece:
    width = 2 * min(pose.along, pose.across)
    radii = (pose.along, pose.across)
    corners = random_polygon(int(drawn.vertices), radii, pose.angle, rng) + np.array(pose.centre)
    uneven = drawn.unevenness * width
    box = box_around(corners, 2.5 * uneven + reach + 3, surface.shape)
    grid = Grid.over(box, CELLS)
    growth = np.float32(uneven) * fbm(grid.shape, BORDER_HURST, rng)
    inside = grid.refine(grown_polygon(corners, grid, growth, 0.0))
    if not ((inside > 0) & surface.foreground[box.slices]).any():
        raise PlacementError("the piece lies outside the part")
    down, right = Grid(box).offsets(*pose.centre)
    place = (math.sin(pose.angle) * down + math.cos(pose.angle) * right).astype(np.float32)
    ends = place[inside > 0]
    hinge = float(ends.min()) + HINGE * float(np.ptp(ends))
    outwards = math.sin(pose.angle), math.cos(pose.angle)
    return _LoosePiece(Grid(box), inside, place - np.float32(hinge), width, outwards)


def _flap(surface: Surface, drawn: LiftedPiece, piece: _LoosePiece) -> _LooseRelief:
    box = piece.grid.box
    ahead = piece.lever > 0
    lever = np.maximum(piece.lever, 0)
    longest = max(float(lever[piece.inside > 0].max(initial=0.0)), 1.0)
    way, rise = _arc(drawn, longest, lever)
    # What is seen at a place lay farther out, and the free end draws back by as much.
    rows, cols = (
        np.arange(count, dtype=np.float32).reshape(shape) + np.float32(part) * (way - lever)
        for count, shape, part in zip(box.shape, ((-1, 1), (1, -1)), piece.outwards, strict=True)
    )
    moved = look_up(piece.inside, rows, cols, cv2.INTER_LINEAR)
    # The crack has opened, too; not at the hinge.
    crack = lever * np.float32(drawn.opening * piece.width / longest)
    up = _share(np.asarray(moved - crack, np.float32))
    if float((rise * up).max()) < LEAST_RISE:
        rise *= np.float32(LEAST_RISE / max(float((rise * up).max()), 1e-6))
    height = _rounded(rise * up)
    whole = np.maximum(_share(piece.inside), up)
    end = np.maximum(_end_face(drawn, piece, up) - up, 0)
    bare = np.clip(whole - up, 0, 1)
    under = np.maximum(bare - end, 0)
    under *= ahead
    light = surface.linear(box)
    around = mean_light(surface, box).astype(np.float32)
    # Below the piece it is darkest; towards the wall of the bed more of the sky is seen.
    reach = max(0.3 * float(lever.max()) * drawn.tilt**2, 1.0)
    sky = 1 - np.asarray(cv2.blur(up, (2 * round(1.7 * reach) + 1,) * 2), np.float32)
    tone = np.float32(drawn.gap_tone) * (np.float32(UNDER) + np.float32(2 - 2 * UNDER) * sky)
    tone = np.where(end > under, np.float32(drawn.bed_tone), tone)
    shown = look_up(light, rows, cols, cv2.INTER_CUBIC)
    shown += np.clip(under + end, 0, 1)[..., None] * (tone[..., None] * around - shown)
    coverage = np.clip(up + end + under, 0, 1) * ahead
    return _LooseRelief(
        coverage=coverage.astype(np.float32),
        exposed=np.clip(shown, 0, 1),
        albedo=None,
        height=height,
        dark=_shadow(height, piece, surface.light) * (1 - up),
        whole=(piece.inside > -EDGE_PX / 2) | (end > 0),
        measured={
            "rise_px": float((rise * up).max()),
            "lever_px": float((lever * up).max()),
            "gap_px": float(bare.sum()),
            "shortened": float(up[ahead].sum())
            / max(float(_share(piece.inside)[ahead].sum()), 1.0),
        },
    )


def _arc(drawn: LiftedPiece, longest: float, lever: Float32) -> tuple[Float32, Float32]:
    """Return the way along a piece and its rise, pixels, at distances from its hinge as seen."""
    step = longest / NODES
    way = np.arange(2 * NODES + 1) * step
    middle = np.minimum((way[1:] - 0.5 * step) / longest, 1)
    turn = np.arctan(drawn.tilt * (1 + drawn.curl * (2 * middle - 1)))
    seen, high = (np.append(0.0, np.cumsum(side * step)) for side in (np.cos(turn), np.sin(turn)))
    even = np.linspace(0, seen[-1], 2 * NODES + 1)
    place = np.clip(lever * np.float32(2 * NODES / seen[-1]), 0, 2 * NODES - 1e-3)
    low = place.astype(np.int32)
    place -= low
    ways, rises = (np.interp(even, seen, part).astype(np.float32) for part in (way, high))
    return (
        ways[low] + place * (ways[low + 1] - ways[low]),
        rises[low] + place * (rises[low + 1] - rises[low]),
    )


def _end_face(drawn: LiftedPiece, piece: _LoosePiece, up: Float32) -> Float32:
    """Return how much of each pixel the piece and its broken end take, seen from above."""
    steepest = math.atan(drawn.tilt * (1 + drawn.curl))
    wide = drawn.thickness * piece.width * math.sin(steepest)
    down, right = (wide * part for part in piece.outwards)
    shift = np.array([[1, 0, right], [0, 1, down]], dtype=np.float64)
    face = cv2.warpAffine(up, shift, up.shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(face, dtype=np.float32)


def _bed(
    surface: Surface, drawn: LiftedPiece, piece: _LoosePiece, rng: np.random.Generator
) -> _LooseRelief:
    box = piece.grid.box
    depth = max(drawn.depth * piece.width, LEAST_RISE)
    bed = _share(piece.inside)
    gone = bed * (1 - _islands(drawn, piece, rng))
    floor = np.float32(-depth) * gone
    floor += facets(piece.grid, drawn.roughness, rng) * gone
    height = _rounded(np.minimum(floor, 0))
    dark = _shadow(height - height.min(), piece, surface.light) * gone
    slow = max(PATCHES * piece.width, 2.0)
    tone = np.float32(drawn.bed_tone) * np.exp(
        np.float32(UNEVEN) * value_noise(box.shape, 2.5, rng)
        + np.float32(PATCHY) * value_noise(box.shape, slow, rng, octaves=2)
    )
    stuff = stuff_elsewhere(surface, box, max(0.25 * piece.width, 3.0), rng)
    return _LooseRelief(
        coverage=gone,
        exposed=None,
        albedo=tone[..., None] * stuff ** np.float32(STUFF),
        height=height,
        dark=dark,
        whole=gone > 0,
        measured={
            "depth_px": depth,
            "remains": 1 - float(gone.sum()) / max(float(bed.sum()), 1e-6),
        },
    )


def _islands(drawn: LiftedPiece, piece: _LoosePiece, rng: np.random.Generator) -> Float32:
    """Return where the surface still holds in the bed of a missing piece, (h, w) in [0, 1]."""
    grid = Grid.over(piece.grid.box, CELLS)
    size = max(ISLAND * piece.width, 2.0 * grid.step)
    field = value_noise(grid.shape, size / grid.step, rng, octaves=3)
    field = grid.refine(field, smooth=True)
    # The crack ran in from the outline; what holds does so near it.
    field -= np.float32(1.5 / max(piece.width, 1.0)) * np.maximum(piece.inside, 0)
    step = grid.step
    inner = field[::step, ::step][piece.inside[::step, ::step] > EDGE_PX]
    if not inner.size:
        return np.zeros(field.shape, dtype=np.float32)
    field -= np.float32(np.quantile(inner, 1 - drawn.remains))
    field *= np.float32(size / ISLAND_SPREAD)
    return _share(field)


def _shadow(height: Float32, piece: _LoosePiece, light: Light) -> Float32:
    grid = Grid.over(piece.grid.box, SHADOW_CELLS)
    if grid.step == 1:
        return shadow_of(height, light)
    return grid.refine(shadow_of(grid.reduce(height) / np.float32(grid.step), light))


def _layer(
    surface: Surface, drawn: LiftedPiece, piece: _LoosePiece, relief: _LooseRelief
) -> DefectLayer:
    box = piece.grid.box
    part = surface.foreground[box.slices]
    absorbance = np.float32(-0.5) * np.log1p(np.float32(-drawn.shadow) * relief.dark)
    support: Mask = (relief.whole | (absorbance > FAINT) | (relief.coverage > FAINT)) & part
    shown = float((_share(piece.inside) * part).sum())
    return DefectLayer(
        kind="lifted_piece",
        origin=(box.top, box.left),
        support=support,
        coverage=(relief.coverage * support).astype(np.float32),
        albedo=relief.albedo,
        exposed=relief.exposed,
        has_noise=relief.exposed is not None,
        height=(relief.height * support * np.float32(surface.mm_per_px)).astype(np.float32),
        absorbance=(absorbance * support).astype(np.float32),
        rigid=True,
        thin=True,
        parameters=drawn.numbers,
        measured={**relief.measured, "area_share": shown / max(surface.part_area_px, 1)},
    )


def _share(inside: Float32) -> Float32:
    """Return how much of each pixel lies inside, in [0, 1]."""
    return np.asarray(np.clip(inside / np.float32(EDGE_PX) + np.float32(0.5), 0, 1), np.float32)


def _rounded(height: Float32) -> Float32:
    return np.asarray(cv2.GaussianBlur(height, (0, 0), ROUNDED_PX), dtype=np.float32)
