"""What the outline of a part tells: its long axis, its thin pieces and where they are held."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from anomsynth.core.types import Float32, Mask, Surface
from anomsynth.fields.paths import Float64
from anomsynth.surface.identity import Part, found_once

CELLS = 320  # the outline is looked at on about this many cells a side
SLENDER = 3.5  # length over width of a thin piece
BRIDGE = 6.0  # and of one that is held at both ends: clamped, it is many times as stiff
STOUT = 0.9  # widths to either side from which a place is no thin one,
MOSTLY = 0.4  # and share of a piece that may lie in such places: a head, but no body
OPENINGS = (0.12, 0.25, 0.45, 0.7)  # radii, in inradii of the part, of discs no thin piece holds
SHORTEST = 8.0  # cells
LARGEST = 0.6  # of the part: a piece that is more than that is the part


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The principal axis of a set of places.

    Attributes
    ----------
    centre : (2,) float64
        Row and column of the centroid.
    angle : float
        Radians, 0 = along columns.
    ahead, aside : (2,) float64
        Unit vectors (row, col) along the axis and across it.
    along, across : (n,) float64
        The places' coordinates from the centroid.
    """

    centre: Float64
    angle: float
    ahead: Float64
    aside: Float64
    along: Float64
    across: Float64


def principal_axis(places: Float64) -> Axis:
    """Return the axis along which (n, 2) rows and columns, at least one, spread most."""
    centre = places.mean(axis=0)
    away = places - centre
    spread = away.T @ away / len(places)
    angle = 0.5 * math.atan2(2 * spread[0, 1], spread[1, 1] - spread[0, 0])
    ahead = np.array([math.sin(angle), math.cos(angle)])
    aside = np.array([math.cos(angle), -math.sin(angle)])
    return Axis(centre, angle, ahead, aside, away @ ahead, away @ aside)


@dataclass(frozen=True, slots=True, eq=False)
class Slender:
    """One thin piece, such as a wire or a lead.

    Attributes
    ----------
    mask : (H, W) bool
        Its pixels.
    line : (N, 2) float64
        Its centre line, rows and columns, from the held end to the free one.
    width : float
        Mean width, pixels.
    half : (N,) float64
        How far the piece reaches to either side of its centre line, pixels.
    held : (bool, bool)
        Whether the first and the last end are attached to the rest of the part.
    """

    mask: Mask
    line: Float64
    width: float
    half: Float64
    held: tuple[bool, bool]


def find_slender(surface: Surface) -> list[Slender]:
    """Return the part itself if it is thin, else the thin pieces that stick out of it."""
    return _find(Part(surface.foreground))


@found_once(2)
def _find(key: Part) -> list[Slender]:
    foreground = key.foreground
    step = max(-(-max(foreground.shape) // CELLS), 1)
    part = np.ascontiguousarray(foreground[step // 2 :: step, step // 2 :: step])
    if part.size == 0 or not part.any() or part.all():
        return []
    depth = _depth(part)
    inradius = float(depth.max())
    found = [_measured(piece, part) for piece in _components(part)]
    whole = [item for item in found if item is not None]
    if whole and sum(int(item.mask.sum()) for item in whole) > LARGEST * int(part.sum()):
        return [_full(foreground, item, step) for item in whole]
    for share in OPENINGS:
        body = _opened(part, depth, max(share * inradius, 1.0))
        thin = part & ~(cv2.dilate(body.view(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        found = [_measured(piece, part) for piece in _components(thin)]
        pieces = [item for item in found if item is not None]
        if pieces:
            return [_full(foreground, item, step) for item in pieces]
    return []


def _opened(part: Mask, depth: Float32, radius: float) -> Mask:
    """Return what discs of a radius that fit into the part sweep, through distances."""
    core = depth > radius
    if not core.any():
        return core
    away = cv2.distanceTransform((~core).view(np.uint8), cv2.DIST_L2, 5)
    return part & (away <= radius + 1)


def _depth(part: Mask) -> Float32:
    """Return the distance to the outside; the picture's border is no outline."""
    return np.asarray(cv2.distanceTransform(part.view(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)


def _components(mask: Mask) -> list[Mask]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= SHORTEST]
    large.sort(key=lambda n: -int(stats[n, cv2.CC_STAT_AREA]))
    return [labels == n for n in large[:24]]


def _with_what_hangs_on(piece: Mask, part: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (part & ~piece).view(np.uint8), connectivity=8
    )
    area = int(np.count_nonzero(piece))
    near = cv2.dilate(piece.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touching = np.bincount(labels[near], minlength=count) > 0
    small = touching & (stats[:, cv2.CC_STAT_AREA] < area)
    small[0] = False
    return np.asarray(piece | small[labels]) if small.any() else piece


def _measured(piece: Mask, part: Mask) -> Slender | None:
    """Return a piece found on cells, in cells; None if it is not thin.

    What hangs on to it and is smaller, such as the head of a screw, belongs to it.
    """
    piece = _with_what_hangs_on(piece, part)
    cells = np.argwhere(piece).astype(np.float64)
    axis = principal_axis(cells)
    along, across = axis.along, axis.across
    length = float(np.ptp(along)) + 1
    width = len(cells) / length
    if length < SHORTEST or length < SLENDER * width:
        return None
    knots = max(int(length / max(width, 2.0)), 4)
    index = np.clip(((along - along.min()) / length * knots).astype(int), 0, knots - 1)
    number = np.bincount(index, minlength=knots)
    if (number == 0).any():
        return None
    offset = np.bincount(index, across, knots) / number
    # Where a piece is no thicker than its mean, one centre a knot says where it runs.
    if (
        float(np.median(np.bincount(index, (across - offset[index]) ** 2, knots) / number))
        > width**2
    ):
        return None
    offset = gaussian_filter1d(offset, 1.0, mode="nearest")
    place = along.min() + (np.arange(knots) + 0.5) * length / knots
    half = np.zeros(knots)
    np.maximum.at(half, index, np.abs(across - np.interp(along, place, offset)) + 0.5)
    if float((half[index] > STOUT * width).mean()) > MOSTLY:
        return None
    place[0], place[-1] = along.min() - 0.5, along.max() + 0.5
    line = axis.centre + place[:, None] * axis.ahead + offset[:, None] * axis.aside
    rest = part & ~piece
    near = cv2.dilate(rest.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    touching = along[near[piece]]
    third = length / 3
    beside = np.abs(touching - 0.5 * (along.min() + along.max())) < third / 2
    held = (
        bool((touching < along.min() + third).any()),
        bool((touching > along.max() - third).any()),
    )
    # An edge of the body is no piece that sticks out of it, and a stout bridge does not bend.
    if beside.any() or (all(held) and length < BRIDGE * width):
        return None
    if held[1] and not held[0]:
        line, half, held = line[::-1].copy(), half[::-1].copy(), (True, False)
    return Slender(piece, line, width, half, held)


def _full(foreground: Mask, piece: Slender, step: int) -> Slender:
    """Bring a piece found on cells to the pixels of the picture."""
    mask = piece.mask
    if step > 1:
        grown = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8))
        size = (grown.shape[1] * step, grown.shape[0] * step)
        full = cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST) > 0
        mask = np.zeros(foreground.shape, dtype=bool)
        height, wide = min(size[1], foreground.shape[0]), min(size[0], foreground.shape[1])
        mask[:height, :wide] = full[:height, :wide]
        mask &= foreground
    return Slender(
        mask, piece.line * step + step // 2, piece.width * step, piece.half * step, piece.held
    )
