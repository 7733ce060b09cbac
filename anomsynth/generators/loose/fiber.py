"""Fibers: hairs, lint and threads that have fallen on the part."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import ndtr

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeRange,
    PositiveBounds,
    PositiveCount,
    SizeRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.paths import Float64, smooth_noise, turned, worm_like_chain
from anomsynth.fields.strokes import Band, Stroke
from anomsynth.fields.tracing import trace
from anomsynth.generators.loose._tints import neutral_gain, tinted
from anomsynth.surface.sites import pick_site

THINNEST = 0.35  # pixels: below, contrast fades instead
WIDEST = 0.05  # of the part's size
LONGEST = 1.6  # parts' sizes; a longer thread would be a ball of yarn
EVEN = 2.0, 4.0  # pixels: from the first to the second width a fiber shows that it is round
STEPS = 2.0  # pixels between vertices of the finest path
MOST_VERTICES = 600
GLOSS = 14.0  # exponent of the highlight along the fiber
LEAST_TAU = 0.004  # a shadow fainter than this is none
MOST_SHADOW = 0.03  # of the part's size: a fiber farther from its shadow would fly


class Fiber(Generator):
    """A hair, a textile fiber or a twisted thread lying on the part, with the shadow it casts.

    The path is a worm-like chain [1]_ bent evenly by `curl_deg` on top. A fiber is a cylinder: a
    highlight runs along it where it lies across the light (Kajiya and Kay's model of hair [2]_),
    its flanks are shaded where it is wide enough to show them. It touches the surface in places
    and bends away from it in others, so the shadow leaves and meets the fiber again; the shadow
    of a higher piece lies farther off and is softer. The fiber may reach beyond the part.

    References
    ----------
    .. [1] O. Kratky, G. Porod, "Roentgenuntersuchung geloester Fadenmolekuele", Recl. Trav. Chim.
       Pays-Bas 68 (1949) 1106.
    .. [2] J. T. Kajiya, T. L. Kay, "Rendering fur with three dimensional textures", SIGGRAPH 1989.
    """

    law: ClassVar[str] = "<R^2> = 4 P L (1 - (2 P / L) (1 - exp(-L / 2 P))); shadow at h cot(e)"
    source: ClassVar[str] = "Kratky & Porod 1949; Kajiya & Kay 1989"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length_mm", measured="length_px"),
        SizeMeasure("width", "width_mm", measured="width_px"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["fiber"] = "fiber"
    length_mm: SizeRange = parameter((1.5, 60), "mm", "length of the fiber")
    width_mm: SizeRange = parameter((0.05, 1.2), "mm", "diameter; hair 0.05-0.09, thread 0.2-1")
    width_scatter: NonNegative = parameter(
        0.08, "relative", "standard deviation of the diameter along the fiber"
    )
    stiffness: SizeRange = parameter(
        (0.15, 3), "of length", "persistence length; cotton 0.1-0.5, hair 0.5-3"
    )
    curl_deg: NonNegativeRange = parameter((0, 150), "degrees", "even bend over the whole length")
    contrast: SizeRange = parameter(
        (0.4, 1.3), "log light", "how far its brightness is from the part's"
    )
    bright_probability: UnitRange = parameter(
        0.45, "probability", "that it is brighter than the part", was="bright_share"
    )
    opacity: UnitRange = parameter((0.65, 1), "share", "light that a fiber does not let through")
    saturation: UnitRange = parameter(
        (0, 0.45), "relative", "strength of its colour, on colour photos"
    )
    hue_deg: NonNegativeRange = parameter((0, 360), "degrees", "hue of its colour")
    gloss: UnitRange = parameter((0.1, 0.7), "relative", "strength of the highlight")
    lift_mm: NonNegativeRange = parameter((0, 0.5), "mm", "height it bends away to, on average")
    lift_length: UnitBounds = parameter(
        (0.1, 0.35), "of length", "distance over which that height changes"
    )
    shadow: UnitRange = parameter((0.2, 0.6), "share", "light that is missing in the shadow")
    plies: PositiveCount = parameter(
        (1, 3), "count", "yarns twisted together; shows on wide threads"
    )
    twist_length: PositiveBounds = parameter(
        (2.2, 4.0), "of width", "length of thread over which they wind once around"
    )
    tone_scatter: NonNegative = parameter(
        0.12, "log light", "standard deviation of brightness along the fiber"
    )
    fuzz: Count = parameter((0, 4), "count", "short fine fibers that stick out of a thread")
    fuzz_length: PositiveBounds = parameter((1.5, 5), "of width", "length of those fibers")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Drop one fiber; raise PlacementError if no pixel is allowed."""
        drawn = self.draw_ranges(rng)
        site = pick_site(surface, rng)
        size = max(surface.part_size_px, 4.0)
        width = drawn.width_mm / surface.mm_per_px
        case = _FiberSite(
            surface,
            drawn,
            length=min(max(drawn.length_mm / surface.mm_per_px, 3.0), LONGEST * size),
            width=min(max(width, THINNEST), max(WIDEST * size, 1.0)),
        )
        main = _main_line(case, site, rng)
        strokes = [main, *_fuzz(main, case, rng)]
        frame = surface.room(overhang=True)
        band = trace(strokes, frame)
        if band is None:
            raise PlacementError("the fiber lies outside the allowed area")
        return _layer(band, strokes, case, rng)


@dataclass(frozen=True, slots=True)
class _FiberSite:
    """One fiber on one surface; length and width in pixels."""

    surface: Surface
    drawn: Fiber
    length: float
    width: float


def _main_line(case: _FiberSite, site: tuple[int, int], rng: np.random.Generator) -> Stroke:
    """Return the fiber itself; a random point of it lies on the site."""
    drawn = case.drawn
    count = int(np.clip(case.length / STEPS, 8, MOST_VERTICES)) + 1
    chain = worm_like_chain(case.length, drawn.stiffness * case.length, count, rng)
    side = 1 if rng.random() < 0.5 else -1
    line = curled(chain, side * math.radians(drawn.curl_deg))
    line = turned(line, 2 * math.pi * rng.random())
    line += np.array(site) + rng.uniform(-0.5, 0.5, 2) - line[int(rng.random() * count)]
    # No fiber has the same diameter everywhere; natural ones end in a tip.
    uneven = 1 + drawn.width_scatter * smooth_noise(count, max(6 * case.width / STEPS, 6.0), rng)
    ends = np.minimum(np.arange(count), np.arange(count)[::-1]) * (case.length / (count - 1))
    taper = np.clip(0.55 + 0.45 * ends / (3 * case.width), 0, 1)
    half = case.width / 2 * np.clip(uneven, 0.7, 1.3) * taper
    return Stroke(line, half, half)


def curled(line: Float64, turn: float) -> Float64:
    """Add an even curvature to a line, keeping its length and its first point.

    Parameters
    ----------
    line : (N, 2) float64, N >= 2
        Rows and columns.
    turn : float
        Angle by which the bend turns from the first to the last step, radians; half of it to
        either side of the line's own direction.
    """
    step = np.diff(line, axis=0)
    extra = np.linspace(-0.5, 0.5, len(step)) * turn
    cos, sin = np.cos(extra), np.sin(extra)
    row, col = step[:, 0], step[:, 1]
    bent = np.empty_like(line)
    bent[0] = line[0]
    bent[1:, 0] = line[0, 0] + np.cumsum(row * cos + col * sin)
    bent[1:, 1] = line[0, 1] + np.cumsum(col * cos - row * sin)
    return bent


def _fuzz(main: Stroke, case: _FiberSite, rng: np.random.Generator) -> list[Stroke]:
    """Return the loose ends of a thread: single fibers, so only threads have them."""
    count = int(case.drawn.fuzz) if case.drawn.plies > 1 and case.width > EVEN[0] else 0
    loose = []
    for _ in range(count):
        length = case.width * case.drawn.fuzz_length.draw(rng)
        start = main.points[int(rng.random() * len(main.points))]
        points = worm_like_chain(length, 2 * length, max(int(length / STEPS), 4), rng)
        points = turned(points, 2 * math.pi * rng.random()) + start
        half = np.full(len(points), max(case.width / 12, THINNEST / 2))
        loose.append(Stroke(points, half, half))
    return loose


def _layer(
    band: Band, strokes: list[Stroke], case: _FiberSite, rng: np.random.Generator
) -> DefectLayer:
    drawn = case.drawn
    lift = _lift(strokes, case, rng)
    shade = _shadow(strokes, lift, case)
    bright = rng.random() < drawn.bright_probability
    tone = math.exp(drawn.contrast if bright else -drawn.contrast)
    albedo = tone * _glint(band, case) * _twist(band, strokes, case, rng)
    coverage = band.coverage() * drawn.opacity
    box = band.box
    if shade is not None:
        other = shade[0].box
        box = Box(
            min(box.top, other.top),
            min(box.left, other.left),
            max(box.bottom, other.bottom),
            max(box.right, other.right),
        )
    covered = band.spread(coverage, box)
    tau = None if shade is None else shade[0].spread(shade[1], box)
    height = _roundness(band, case)
    support = covered > 1e-3
    if tau is not None:
        support |= tau > 0
    if not support.any():
        raise PlacementError("the fiber lies outside the allowed area")
    covered *= support
    shown: Float32 = band.spread(np.clip(albedo, 0.02, 12), box, fill=1.0)
    main = strokes[0].points
    return DefectLayer(
        kind="fiber",
        origin=(box.top, box.left),
        support=support,
        coverage=covered,
        albedo=_coloured(shown, box, case),
        height=None if height is None else band.spread(height, box) * support,
        absorbance=tau,
        thin=True,
        overhang=True,
        parameters=drawn.numbers,
        measured={
            "length_px": case.length,
            "width_px": case.width,
            "end_to_end_px": float(np.hypot(*(main[-1] - main[0]))),
            "highest_px": float(lift.max()),
            "area_px": float(covered.sum(dtype=np.float64)),
        },
    )


def _coloured(grey: Float32, box: Box, case: _FiberSite) -> Float32:
    surface = case.surface
    if surface.channels == 1:
        return grey
    neutral = neutral_gain(surface.linear(box), surface.foreground[box.slices])
    return tinted(grey, case.drawn.hue_deg, case.drawn.saturation, neutral)


def _lift(strokes: list[Stroke], case: _FiberSite, rng: np.random.Generator) -> Float64:
    """Return the height of the axis over the surface at all vertices, pixels."""
    count = len(strokes[0].points)
    wave = smooth_noise(count, count * case.drawn.lift_length.draw(rng), rng)
    mean = case.drawn.lift_mm / case.surface.mm_per_px
    lift = np.maximum(wave + 0.5, 0) * mean + strokes[0].left
    limit = MOST_SHADOW * max(case.surface.part_size_px, 4.0) + case.width
    loose = [stroke.left for stroke in strokes[1:]]
    return np.asarray(np.minimum(np.concatenate([lift, *loose]), limit))


def _shadow(strokes: list[Stroke], lift: Float64, case: _FiberSite) -> tuple[Band, Float64] | None:
    """Return the pixels in the shadow and the optical depth there.

    Notes
    -----
    The shadow of a thin cylinder at height h lies ``h cot(elevation)`` away from the light. A lamp
    is no point: the shadow's edge is a Gaussian of 0.2 times that distance plus half a pixel.
    """
    if case.drawn.shadow <= 0:
        return None
    down, across, up = case.surface.light.vector
    away = -np.array([down, across]) / max(up, 0.2)
    cast, first = [], 0
    for stroke in strokes:
        last = first + len(stroke.points)
        cast.append(
            Stroke(stroke.points + lift[first:last, None] * away, stroke.left, stroke.right)
        )
        first = last
    blur = 0.2 * lift * float(np.hypot(*away)) + 0.5
    band = trace(cast, case.surface.room(overhang=True), 2.5 * blur)
    if band is None:
        return None
    soft = band.at(blur)
    share = ndtr((band.offset + band.left) / soft) - ndtr((band.offset - band.right) / soft)
    share *= ndtr(-band.past / soft)
    tau = -0.5 * np.log1p(-min(case.drawn.shadow, 0.95) * share)
    seen = tau > LEAST_TAU
    return (band.keep(seen), tau[seen]) if seen.any() else None


def _glint(band: Band, case: _FiberSite) -> Float64:
    """Return the brightness along the fiber by its direction to the light, mean about 1.

    Notes
    -----
    Kajiya and Kay: diffuse ``sin(T, L)``, highlight ``sin(T, H)**p``, T the fiber's direction and H
    the half vector of light and a camera straight above.
    """
    down, across, up = case.surface.light.vector
    along_light = np.abs(band.normal[:, 1] * down - band.normal[:, 0] * across)
    half = along_light / math.sqrt(down * down + across * across + (1 + up) ** 2)
    diffuse = np.sqrt(np.clip(1 - along_light**2, 0, 1))
    highlight = np.clip(1 - half**2, 0, 1) ** (GLOSS / 2)
    # The highlight is a line as wide as a third of the cylinder.
    radius = np.maximum((band.left + band.right) / 2, 0.7)
    line = np.exp(-((band.offset / (0.45 * radius)) ** 2))
    return 0.75 + 0.25 * diffuse + case.drawn.gloss * highlight * line


def _twist(
    band: Band, strokes: list[Stroke], case: _FiberSite, rng: np.random.Generator
) -> Float64:
    """Return the brightness of plies that wind around each other, and a slow unevenness."""
    vertices = sum(len(stroke.points) for stroke in strokes)
    tone = np.exp(case.drawn.tone_scatter * band.at(smooth_noise(vertices, 5.0, rng)))
    phase, pitch = float(rng.random()), case.drawn.twist_length.draw(rng)
    plies, width = case.drawn.plies, case.width
    if plies < 2 or width < EVEN[0]:
        return tone
    step = case.length / (len(strokes[0].points) - 1)
    run = band.at(np.arange(vertices, dtype=np.float64) * step)
    turn = plies * (run / (pitch * width) + band.offset / (2 * width) + phase)
    depth = 0.55 * min((width - EVEN[0]) / (EVEN[1] - EVEN[0]), 1.0)
    groove = np.abs(np.sin(math.pi * turn))
    return tone * (1 - depth + depth * np.sqrt(groove))


def _roundness(band: Band, case: _FiberSite) -> Float64 | None:
    """Return the height of a half-buried cylinder, millimeters; None where too thin to show."""
    visible = min(max((case.width - EVEN[0]) / (EVEN[1] - EVEN[0]), 0.0), 1.0)
    if visible == 0:
        return None
    radius = (band.left + band.right) / 2
    arch = np.sqrt(np.clip(1 - (band.offset / np.maximum(radius, 0.3)) ** 2, 0, 1))
    arch *= np.clip(0.5 - band.past, 0, 1)
    # The full circle's flanks are steeper than shading by slopes can describe.
    return 0.5 * visible * arch * radius * case.surface.mm_per_px
