"""How wide a crack stands open: from the lines that tips drew to strokes with two lips."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomsynth.core.component import Bounds
from anomsynth.fields.paths import Float64, arc_length, densify, displace, fbm_trace, smooth_noise
from anomsynth.fields.strokes import Stroke
from anomsynth.generators.fracture._growth import Strand

SPACING = 2.0  # pixels between vertices of a finished line, at most; wide cracks need fewer
WIDTHS_APART = 0.25
DETAIL_HURST = 0.65  # quasi-two-dimensional cracks: 0.6-0.7


@dataclass(frozen=True, slots=True)
class Chips:
    """Flakes broken off the lips of a crack.

    Attributes
    ----------
    count : int
    radius : Bounds
        Half their length over the crack's width where they broke off.
    depth : Bounds
        How far they reach into the part over their radius.
    """

    count: int
    radius: Bounds
    depth: Bounds


@dataclass(frozen=True, slots=True)
class Hairlines:
    """Finer cracks that run beside the main one.

    Attributes
    ----------
    count : int
    length : Bounds in [0, 1]
        Over the main crack's.
    distance : Bounds
        From the main crack, over its width.
    width : Bounds
        Over the main crack's.
    rejoin_probability : float in [0, 1]
        Probability that one joins the main crack at both ends, not at one.
    """

    count: int
    length: Bounds
    distance: Bounds
    width: Bounds
    rejoin_probability: float


@dataclass(frozen=True, slots=True)
class Opening:
    """How a crack gapes; lengths in pixels.

    Attributes
    ----------
    width : float
        Widest opening.
    variation : float in [0, 1]
        Standard deviation of the logarithm of the width along the crack.
    ragged : float
        The same for either lip alone, over a few pixels.
    unit : float
        Length over which the material's grain makes itself felt.
    chips : Chips or None
    hairlines : Hairlines or None
    """

    width: float
    variation: float = 0.3
    ragged: float = 0.15
    unit: float = 1.0
    chips: Chips | None = None
    hairlines: Hairlines | None = None

    @property
    def spacing(self) -> float:
        """Largest distance between vertices, pixels."""
        return max(SPACING, WIDTHS_APART * self.width)


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """An open crack line.

    Attributes
    ----------
    stroke : Stroke
        The gap, chips included.
    left, right : (N,) float64, pixels
        Half-widths without chips.
    """

    stroke: Stroke
    left: Float64
    right: Float64


def measure_gaps(gaps: Sequence[Gap], area: float, mm_per_px: float) -> dict[str, float]:
    """Return what was made of gaps of an area in pixels, for tests and the manifest."""
    main = gaps[0]
    length = float(arc_length(main.stroke.points)[-1])
    width = main.left + main.right
    return {
        "length_px": length,
        "length_mm": length * mm_per_px,
        "mean_width_px": float(width.mean()),
        "widest_px": float(width.max()),
        "area_px": area,
        "strands": float(len(gaps)),
    }


def tip_opening(distance: Float64) -> Float64:
    """Return the opening at a distance from the tip, both relative to the crack's own.

    Parameters
    ----------
    distance : float64 in [0, 1]
        Distance from the tip over the half-length of the crack.

    Notes
    -----
    Elliptical opening ``sqrt(1 - (x / a)**2)`` of a crack in uniform tension, which near the tip
    is the square root law ``w ~ sqrt(r)`` (Westergaard 1939; Irwin 1957).
    """
    opening: Float64 = np.sqrt(distance * (2 - distance))
    return opening


def open_strands(
    strands: Sequence[Strand], opening: Opening, rng: np.random.Generator
) -> list[Gap]:
    """Give every strand its width; the first gap is the main crack.

    Two strands without a parent are the two wings of one crack and become one gap.
    """
    lines, scales, joints = _lines(strands, opening, rng)
    gaps: list[Gap] = []
    widths: list[Float64] = []
    for index, line in enumerate(lines):
        width = opening.width
        if index:
            parent, joint = joints[index]
            lines[index] = _attach(line, lines[parent][joint])
            width = float(widths[parent][joint])
        widths.append(scales[index] * width)
        gaps.append(_gap(lines[index], widths[index], opening, rng))
    chips, hairlines = opening.chips, opening.hairlines
    if chips is not None:
        for _ in range(chips.count):
            gaps[0] = _chip(gaps[0], chips, rng)
    if hairlines is not None:
        gaps += [_hairline(gaps[0], opening, hairlines, rng) for _ in range(hairlines.count)]
    return gaps


def _lines(
    strands: Sequence[Strand], opening: Opening, rng: np.random.Generator
) -> tuple[list[Float64], list[Float64], list[tuple[int, int]]]:
    """Return lines with fine detail, relative widths, and (parent, vertex) of each line."""
    wings = [strand for strand in strands if strand.parent < 0]
    middle = len(wings[1].points) - 1 if len(wings) > 1 else 0
    lines: list[Float64] = []
    scales: list[Float64] = []
    joints: list[tuple[int, int]] = []
    parts = _parts(wings[0].points, opening.spacing)
    unit = opening.unit
    profiles = [_profile(strand) for strand in strands]
    trunk, trunk_scale = wings[0].points, profiles[0]
    if len(wings) > 1:
        trunk = np.concatenate([wings[1].points[:0:-1], trunk])
        trunk_scale = np.concatenate([profiles[1][:0:-1], trunk_scale])
    lines.append(_detailed(trunk, parts, unit, rng))
    scales.append(_stretched(trunk_scale, parts))
    joints.append((0, 0))
    for strand, profile in zip(strands[len(wings) :], profiles[len(wings) :], strict=True):
        lines.append(_detailed(strand.points, parts, unit, rng))
        scales.append(_stretched(profile, parts) / max(_parent_scale(strands, strand), 1e-3))
        if strand.parent < len(wings):
            vertex = middle + strand.joint if strand.parent == 0 else middle - strand.joint
            joints.append((0, vertex * parts))
        else:
            joints.append((strand.parent - len(wings) + 1, strand.joint * parts))
    return lines, scales, joints


def _parts(points: Float64, spacing: float) -> int:
    step = float(arc_length(points)[-1]) / (len(points) - 1)
    return max(math.ceil(step / spacing), 1)


def _profile(strand: Strand) -> Float64:
    """Return the width along a strand relative to the crack's mouth."""
    if not strand.free:
        return strand.scale
    return strand.scale * tip_opening(np.linspace(1, 0, len(strand.points)))


def _parent_scale(strands: Sequence[Strand], strand: Strand) -> float:
    return float(strands[strand.parent].scale[strand.joint])


def _stretched(values: Float64, parts: int) -> Float64:
    count = len(values)
    return np.interp(np.arange((count - 1) * parts + 1) / parts, np.arange(count), values)


def _detailed(points: Float64, parts: int, unit: float, rng: np.random.Generator) -> Float64:
    """Refine a line and add the roughness that its own steps are too coarse to have."""
    line = densify(points, parts)
    trace = fbm_trace(len(line), DETAIL_HURST, rng)
    lag = max(round(5 * unit / max(math.dist(line[-1], line[-2]), 1e-6)), 1)
    if lag >= len(line):
        return line
    step = float(np.sqrt(np.mean((trace[lag:] - trace[:-lag]) ** 2)))
    return displace(line, trace * (0.3 * unit / max(step, 1e-9)))


def _attach(line: Float64, anchor: Float64) -> Float64:
    """Shift the beginning of a line onto its anchor; the shift fades along the line."""
    fade = np.exp(-np.arange(len(line)) / 8)
    return line + (anchor - line[0]) * fade[:, None]


def _gap(line: Float64, width: Float64, opening: Opening, rng: np.random.Generator) -> Gap:
    """Modulate the width and let the lips wander."""
    count = len(line)
    reach = max(12 * opening.unit / opening.spacing, 4.0)
    width = width * np.exp(opening.variation * smooth_noise(count, reach, rng))
    left, right = (
        width / 2 * np.exp(opening.ragged * smooth_noise(count, 3.0, rng)) for _ in range(2)
    )
    return Gap(Stroke(line, left, right), left, right)


def _chip(gap: Gap, chips: Chips, rng: np.random.Generator) -> Gap:
    """Break a flake off one lip: a shallow bight with a rough outline."""
    place, size, depth, side = rng.random(4)
    stroke = gap.stroke
    along = arc_length(stroke.points)
    center = along[-1] * place
    local = 2 * float(np.interp(center, along, np.maximum(gap.left, gap.right)))
    half = max(local, 1.2) * chips.radius.at(size)
    t = np.clip((along - center) / half, -1, 1)
    rough = 1 + 0.35 * smooth_noise(len(t), 1.5, rng)
    bight = half * chips.depth.at(depth) * np.sqrt(1 - t * t) * np.clip(rough, 0.2, 1.8)
    if side < 0.5:
        return Gap(Stroke(stroke.points, stroke.left + bight, stroke.right), gap.left, gap.right)
    return Gap(Stroke(stroke.points, stroke.left, stroke.right + bight), gap.left, gap.right)


def _hairline(gap: Gap, opening: Opening, hairlines: Hairlines, rng: np.random.Generator) -> Gap:
    """Let a finer crack run beside part of the main one and join it at one end or both."""
    place, extent, away, fine, side, ends = rng.random(6)
    points = gap.stroke.points
    count = max(int(len(points) * hairlines.length.at(extent)), 4)
    first = int(place * max(len(points) - count, 0))
    part = points[first : first + count]
    t = np.linspace(0, 1, len(part))
    shape = np.sin(math.pi * t) ** 0.8 if ends < hairlines.rejoin_probability else t**1.3
    reach = hairlines.distance.at(away) * opening.width + opening.unit
    wobble = 1 + 0.3 * smooth_noise(len(part), 6.0, rng)
    line = displace(part, (1 if side < 0.5 else -1) * reach * shape * wobble)
    width = np.full(len(part), opening.width * hairlines.width.at(fine))
    width *= tip_opening(np.clip(4 * (1 - t), 0, 1))
    return _gap(line, width, opening, rng)
