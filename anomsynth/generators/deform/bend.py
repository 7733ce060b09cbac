"""Bend: wires, leads and other thin pieces that buckled or were knocked aside."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.ndimage import maximum_filter1d

from anomsynth.core.component import ModeWeights, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.paths import Float64, arc_length, densify, tangents
from anomsynth.fields.relief import fade
from anomsynth.generators.deform._coarse_band import trace_on_cells
from anomsynth.generators.deform._moved import show_moved
from anomsynth.generators.deform._outline import Slender, find_slender
from anomsynth.surface.shadow import shadow_reach
from anomsynth.surface.sites import pick_site

SHAPES = ("hinge", "arc", "wave")
NODES = 96  # along a piece
RIPPLES = 2.5  # smaller bends along a piece
TIGHTEST = 1.05  # half widths per radius of curvature: tighter bends would fold the inner side
SEAM_PX = 3.0  # pixels beside a piece that go with it
STRETCH_DEG = 25.0  # a piece between two held ends yields no further: 5 % longer


class Bend(Generator):
    """A thin piece takes a new shape at its old length and leaves the background behind it bare.

    The direction along the piece turns by ``t(s)``: for ``arc`` the first buckling mode of a bar
    that is clamped at one end, ``t = T sin(pi s / 2 L)`` (deflection ``1 - cos``), for ``wave``
    that of a bar clamped at both, ``T sin(2 pi s / L)``, for ``hinge`` a plastic hinge, a step
    over a few widths where the bending moment was largest [1]_. Pieces held at both ends always
    take the wave and are pulled longer by it, ``T^2 / 4``; all others keep their length. A part
    that nothing holds stays as near to where it lay as its new shape allows.

    References
    ----------
    .. [1] S. Timoshenko, "Theory of Elastic Stability", McGraw-Hill, 1936, ch. 2.
    """

    law: ClassVar[str] = "P_cr = pi^2 E I / (K L)^2; t(s) = T sin(pi s / 2 L), T sin(2 pi s / L)"
    source: ClassVar[str] = "Euler 1744; Timoshenko 1936; plastic hinges"

    kind: Literal["bend"] = "bend"
    shape: Literal["hinge", "arc", "wave", "mixed"] = parameter(
        "mixed", "choice", "kink, curved by the first mode, wave between two held ends, or any"
    )
    weights: ModeWeights = parameter(
        (1.0, 1.0, 0.4), "weights", "mixed: how often hinge, arc, wave"
    )
    turn_deg: SizeRange = parameter((8, 50), "degrees", "how far the end or the middle turns")
    place: UnitRange = parameter((0.05, 0.7), "of length", "hinge: where, from the held end")
    hinge_length: SizeRange = parameter(
        (1, 5), "of width", "hinge: length of the bent piece", was="hinge"
    )
    ripple: UnitRange = parameter((0, 0.2), "relative", "turn of smaller bends along the piece")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Bend one thin piece; raise PlacementError if the part has none."""
        drawn = self.draw_ranges(rng)
        pick_site(surface, rng)  # a part where nothing is allowed has no piece to bend either
        picks = rng.random(4)
        pieces = find_slender(surface)
        pieces = [piece for piece in pieces if (piece.mask & surface.allowed).any()]
        if not pieces:
            raise PlacementError("the part has no thin piece that could bend")
        sizes = np.cumsum([float(arc_length(piece.line)[-1]) for piece in pieces])
        piece = pieces[min(int(np.searchsorted(sizes, picks[0] * sizes[-1])), len(pieces) - 1)]
        shape: str = self.shape
        if shape == "mixed":
            steps = np.cumsum(self.weights)
            place = int(np.searchsorted(steps, picks[1] * sum(self.weights), side="right"))
            shape = SHAPES[min(place, len(SHAPES) - 1)]
        if all(piece.held):
            shape = "wave"
        sign = 1.0 if picks[2] < 0.5 else -1.0
        line = piece.line
        half = piece.half
        if not any(piece.held) and picks[3] < 0.5:
            line, half = line[::-1], half[::-1]
        turn_deg = min(drawn.turn_deg, STRETCH_DEG) if all(piece.held) else drawn.turn_deg
        bending = _Bending(shape, sign * math.radians(turn_deg), drawn)
        return _bent(surface, piece, _resampled(line, half, piece.width), bending)


@dataclass(frozen=True, slots=True)
class _Bending:
    """How a piece bends: which shape, and by how much it turns at most, radians, signed."""

    shape: str
    turn: float
    drawn: Bend


def turn_along(share: Float64, shape: str, turn: float, drawn: Bend, width: float) -> Float64:
    """Return by how much the direction turns at each share of the length, radians.

    Parameters
    ----------
    share : (N,) float64 in [0, 1]
        Place along the piece, 0 at the held end.
    shape : {"hinge", "arc", "wave"}
    turn : float
        Largest turn, radians, signed.
    drawn : Bend
        A drawn copy: where a hinge is and how long, and the ripple.
    width : float
        Width of the piece over its length.
    """
    if shape == "arc":
        turned = turn * np.sin(np.pi * share / 2)
    elif shape == "wave":
        turned = turn * np.sin(2 * np.pi * share) * np.asarray(fade(share / 0.1))
    else:
        extent = min(max(drawn.hinge_length * width, 0.02), 0.5)
        turned = turn * np.asarray(fade((share - drawn.place) / extent + 0.5))
    small = drawn.ripple * turn * np.sin(2 * np.pi * RIPPLES * share) * share * (1 - share)
    bent: Float64 = turned + small
    return bent


def _resampled(line: Float64, half: Float64, width: float) -> tuple[Float64, Float64]:
    """Return a centre line and half widths at even steps, run out a little beyond both ends."""
    across = np.interp(np.linspace(0, 1, NODES), np.linspace(0, 1, len(half)), half)
    across = maximum_filter1d(across, max(2 * NODES // len(half), 3), mode="nearest") + SEAM_PX
    way = densify(line, 4)
    run = arc_length(way)
    ahead = tangents(way)
    extra = max(width, 2.0)
    way = np.concatenate([way[:1] - extra * ahead[:1], way, way[-1:] + extra * ahead[-1:]])
    run = arc_length(way)
    even = np.linspace(0, run[-1], NODES)
    return np.column_stack([np.interp(even, run, way[:, axis]) for axis in (0, 1)]), across


def _bent(
    surface: Surface, piece: Slender, centre: tuple[Float64, Float64], bending: _Bending
) -> DefectLayer:
    drawn = bending.drawn
    line, half = centre
    length = float(arc_length(line)[-1])
    share = np.linspace(0, 1, NODES)
    turned = turn_along(share, bending.shape, bending.turn, drawn, piece.width / length)
    steepest = float((np.abs(np.gradient(turned)) * (half - SEAM_PX)).max()) * (NODES - 1) / length
    turned *= min(1.0, TIGHTEST / max(steepest, 1e-9))
    new = bend_line(line, turned)
    if all(piece.held):  # the other end stays where it is, too
        new += share[:, None] * (line[-1] - new[-1])
    elif not any(piece.held):
        new = _laid_back(new, line)
    beside = shadow_reach(surface)  # its shadow goes with it
    margin = float(half.max()) + 4 + beside
    box = _around(np.concatenate([line, new]), margin, surface.shape)
    source, valid = _origins(new, line, float(half.max()) + beside, box)
    moved = show_moved(surface, box, piece.mask[box.slices], source, valid)
    if not moved.changed.any():
        raise PlacementError("the piece would not move visibly")
    return DefectLayer(
        kind="bend",
        origin=(box.top, box.left),
        support=moved.changed,
        coverage=moved.changed.astype(np.float32),
        exposed=moved.light,
        has_noise=True,
        rigid=True,
        overhang=True,
        parameters=drawn.numbers,
        measured={
            "length_px": length,
            "width_px": piece.width,
            "stretch": float(arc_length(new)[-1]) / length,
            "tip_px": float(np.hypot(*(new[-1] - line[-1]))),
            "turn_deg": math.degrees(float(np.abs(turned).max())),
            "shape": float(SHAPES.index(bending.shape)),
        },
    )


def _laid_back(new: Float64, line: Float64) -> Float64:
    """Return a bent line moved and turned as a whole to lie as near to the old one as it can.

    A part that nothing holds has no end that stays: turned by a hinge near its tip it would only
    lie in another direction, which is no defect.
    """
    bent, old = new - new.mean(axis=0), line - line.mean(axis=0)
    turn = math.atan2(
        float((bent[:, 0] * old[:, 1] - bent[:, 1] * old[:, 0]).sum()), float((bent * old).sum())
    )
    cos, sin = math.cos(turn), math.sin(turn)
    rows, cols = cos * bent[:, 0] - sin * bent[:, 1], sin * bent[:, 0] + cos * bent[:, 1]
    return line.mean(axis=0) + np.column_stack([rows, cols])


def _origins(
    new: Float64, line: Float64, half: float, box: Box
) -> tuple[tuple[Float32, Float32], Mask]:
    """Return where the pixels of a box along the bent line came from, and where that is known.

    Rows and columns, of the box, are smooth across the line: along wide pieces they are computed on
    cells and interpolated.
    """
    traced = trace_on_cells(new, np.full(NODES, half), box)
    if traced is None:
        raise PlacementError("the bent piece lies outside the picture")
    band, offset = traced.band, traced.offset
    normal = tangents(line)
    rows = band.at(line[:, 0]) + offset * band.at(normal[:, 1]) - box.top
    cols = band.at(line[:, 1]) - offset * band.at(normal[:, 0]) - box.left
    return (traced.refine(rows), traced.refine(cols)), traced.known()


def bend_line(line: Float64, turned: Float64) -> Float64:
    """Turn each step of a line by an angle, starting at its first point; its length is kept.

    Parameters
    ----------
    line : (N, 2) float64
    turned : (N,) float64, radians
        From +col towards +row.
    """
    step = np.diff(line, axis=0)
    angle = (turned[1:] + turned[:-1]) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    new = np.empty_like(line)
    new[0] = line[0]
    new[1:, 0] = line[0, 0] + np.cumsum(step[:, 0] * cos + step[:, 1] * sin)
    new[1:, 1] = line[0, 1] + np.cumsum(step[:, 1] * cos - step[:, 0] * sin)
    return new


def _around(points: Float64, margin: float, shape: tuple[int, int]) -> Box:
    low = np.clip(np.floor(points.min(axis=0) - margin), 0, np.array(shape) - 1).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) + margin) + 1, 1, shape).astype(int)
    return Box(
        int(low[0]),
        int(low[1]),
        max(int(high[0]), int(low[0]) + 1),
        max(int(high[1]), int(low[1]) + 1),
    )
