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
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.facets import facets
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import EDGE_PX, grown_polygon, random_polygon
from anomsynth.fields.regions import box_around
from anomsynth.fields.shadows import margin_of, shadow_of
from anomsynth.surface.sites import pick_calm_site, pick_edge_site

CELLS = 192
SMALLEST_PX = 3.0
BORDER_HURST = 0.8  # of the crack that set the piece free
HINGE = 0.12  # of its length, from its end on: where it still holds
INSIDE = 0.0, 0.8  # half lengths that the middle of a piece at the outline lies inside it
ROUNDED_PX = 0.7  # nothing on it is sharper
LEAST_RISE = 0.75  # pixels
FAINT = 0.01
UNEVEN = 0.06  # log light of the bed


class LiftedPiece(Generator):
    """A piece that a crack has set free: tilted up about a hinge, or missing from its bed.

    A stiff piece turns about the line where it still holds by an angle a, so it stands
    ``z = d tan(a)`` above the surface at a distance d from its hinge; seen from above it is shorter
    by ``d (1 - cos(a))`` and leaves a dark gap as wide. Its tilted face takes another share of the
    light, and it throws the shadow of its relief, ``z / tan(elevation)`` long. A missing one leaves
    a bed of another tone: one wall lit, the other in its own shadow. Its strength is its own: no
    visibility is solved for.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> piece = LiftedPiece(length=0.3, tilt=0.36, missing_probability=0, edge_probability=0)
    >>> layer = piece.generate(make_surface(mm_per_px=1), stream(0))
    >>> slope = layer.measured["rise_px"] / layer.measured["lever_px"]
    >>> round(slope, 2)
    0.36
    """

    law: ClassVar[str] = "z = d tan(a); gap d (1 - cos(a)); shadow z / tan(elevation)"
    source: ClassVar[str] = "geometry of a rigid flap and of light; outline as fracture"
    has_relief: ClassVar[bool] = True

    kind: Literal["lifted_piece"] = "lifted_piece"
    length: ShareRange = parameter((0.03, 0.35), "of part size", "length of the piece")
    aspect: SizeRange = parameter((1.0, 2.5), "ratio", "length over width, or the reverse")
    vertices: Count = parameter((4, 8), "count", "corners of its outline")
    unevenness: UnitRange = parameter((0.02, 0.12), "of width", "of that outline")
    tilt: ShareRange = parameter(
        (0.05, 0.55), "ratio", "lifted: rise over the distance from its hinge"
    )
    opening: UnitRange = parameter((0.0, 0.06), "of width", "crack beside it, at the free end")
    gap_tone: SizeRange = parameter((0.1, 0.5), "relative", "brightness of that gap")
    missing_probability: Probability = parameter(0.35, "probability", "that the piece is gone")
    depth: UnitRange = parameter((0.02, 0.15), "of width", "missing: of its bed")
    bed_tone: SizeRange = parameter((0.5, 1.5), "relative", "missing: brightness of its bed")
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
        piece = _outline(surface, drawn, _Turn(centre, angle, along, across), rng)
        if coins[3] < self.missing_probability:
            relief = _bed(surface, drawn, piece, rng)
        else:
            relief = _flap(surface, drawn, piece)
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
    """A piece on a box: distance inside its outline and from its hinge, pixels, and its width."""

    grid: Grid
    inside: Float32
    lever: Float32
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class _LooseRelief:
    """What a piece does on its box; `dark` is the share of the lamp that is hidden."""

    coverage: Float32
    albedo: Float32
    height: Float32
    dark: Float32
    whole: Mask
    measured: dict[str, float]


def _outline(
    surface: Surface, drawn: LiftedPiece, pose: _Turn, rng: np.random.Generator
) -> _LoosePiece:
    width = 2 * min(pose.along, pose.across)
    radii = (pose.along, pose.across)
    corners = random_polygon(int(drawn.vertices), radii, pose.angle, rng) + np.array(pose.centre)
    uneven = drawn.unevenness * width
    highest = 2.4 * pose.along * drawn.tilt
    reach = margin_of(max(highest, drawn.depth * width), surface.light)
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
    return _LoosePiece(Grid(box), inside, place - np.float32(hinge), width)


def _flap(surface: Surface, drawn: LiftedPiece, piece: _LoosePiece) -> _LooseRelief:
    lever = np.maximum(piece.lever, 0)
    longest = max(float(lever[piece.inside > 0].max(initial=0.0)), 1.0)
    # As much as the free end draws back, and as the crack has opened; nothing at the hinge.
    gap = lever * np.float32(
        1 - math.cos(math.atan(drawn.tilt)) + drawn.opening * piece.width / longest
    )
    up = _share(piece.inside - gap)
    rise = (np.float32(drawn.tilt) * lever).astype(np.float32)
    if float((rise * up).max()) < LEAST_RISE:
        rise *= np.float32(LEAST_RISE / max(float((rise * up).max()), 1e-6))
    height = _rounded(rise * up)
    hole = np.clip(_share(piece.inside) - up, 0, 1) * (gap > 0.25)
    dark = shadow_of(height, surface.light) * (1 - up)
    tone = np.full(piece.grid.box.shape, drawn.gap_tone, dtype=np.float32)
    return _LooseRelief(
        coverage=hole,
        albedo=tone,
        height=height,
        dark=dark,
        whole=piece.inside > -EDGE_PX / 2,
        measured={"rise_px": float((rise * up).max()), "lever_px": float((lever * up).max())},
    )


def _bed(
    surface: Surface, drawn: LiftedPiece, piece: _LoosePiece, rng: np.random.Generator
) -> _LooseRelief:
    depth = max(drawn.depth * piece.width, LEAST_RISE)
    gone = _share(piece.inside)
    floor = np.float32(-depth) * gone
    floor += facets(piece.grid, drawn.roughness, rng) * gone
    height = _rounded(np.minimum(floor, 0))
    dark = shadow_of(height - height.min(), surface.light) * gone
    tone = np.float32(drawn.bed_tone) * np.exp(
        np.float32(UNEVEN) * value_noise(piece.grid.box.shape, 2.5, rng)
    )
    return _LooseRelief(
        coverage=gone,
        albedo=tone.astype(np.float32),
        height=height,
        dark=dark,
        whole=gone > 0,
        measured={"depth_px": depth},
    )


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
