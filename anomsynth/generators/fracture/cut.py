"""Cuts: slits that a blade left, standing open under tension, frayed where textiles are cut."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    NonNegative,
    NonNegativeRange,
    PositiveBounds,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.paths import Float64, arc_length, smooth_noise, turned, worm_like_chain
from anomsynth.fields.strokes import Stroke
from anomsynth.fields.tracing import trace
from anomsynth.generators.fracture._fissures import Fissures, Gape, open_fissures
from anomsynth.generators.fracture._yarn import Yarn, find_yarn
from anomsynth.surface.sites import pick_site

LEAST_WIDTH = 0.6  # pixels
SPACING = 2.0  # pixels between vertices
MOST_THREADS = 160
FEWEST = 3  # yarns across a cut; a shorter one lies within the weave
THREAD_SHARE = 0.35  # width of a loose thread over the distance of yarns
STIFFNESS = 0.8  # persistence length of a loose thread over its length
UNEVEN_GAP = 0.15  # standard deviation of the log reflectance along the gap
JITTER = 0.25  # standard deviation of a thread's place, in distances of yarns
ASTRAY = 0.25  # radians, standard deviation of its direction
THICKNESSES = 0.25  # standard deviation of its log width
BRIDGE = 1.1  # length of a thread that was not cut through, over the gap's width


class Cut(Generator):
    """A slit that opens as a slot under tension does, with curled lips.

    A straight cut of half length a in a sheet under tension opens as an ellipse,
    ``w(x) = w0 sqrt(1 - (x/a)^2)``. Where the surface shows a weave, cut yarns stick out of both
    lips at the distance of the weave, and bridge the gap here and there.
    """

    law: ClassVar[str] = "w(x) = (4 sigma / E') sqrt(a^2 - x^2)"
    source: ClassVar[str] = "Westergaard 1939; Kratky & Porod 1949 (threads)"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", measured="length_mm"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["cut"] = "cut"
    fray: Literal["auto", "never", "always"] = parameter(
        "auto", "choice", "loose threads: where a weave is found, nowhere, or always"
    )
    length: ShareRange = parameter((0.04, 0.5), "of part size", "length of the cut")
    width: SizeRange = parameter((0.02, 0.14), "of length", "widest opening", was="opening")
    stiffness: SizeRange = parameter((3, 60), "of length", "persistence length: how straight it is")
    variation: UnitRange = parameter(
        (0.03, 0.2), "relative", "standard deviation of the lips' log distance from the middle"
    )
    albedo: SizeRange = parameter(
        (0.1, 0.45), "relative", "reflectance of the gap over the surface's"
    )
    lip_height: NonNegativeRange = parameter(
        (0.0, 0.3), "of width", "how far the lips curl up", was="lip"
    )
    lip_width: SizeRange = parameter((0.4, 1.5), "of width", "how far from the gap they do")
    yarn_spacing_mm: SizeRange = parameter(
        (0.4, 1.2), "mm", "distance of threads where none is measured", was="yarn_mm"
    )
    thread_length: UnitRange = parameter(
        (0.3, 0.9), "of width", "length of the loose threads", was="thread"
    )
    thread_scatter: PositiveBounds = parameter(
        (0.3, 1.3), "relative", "factor of that length for each thread"
    )
    thread_albedo: SizeRange = parameter(
        (0.55, 1.0), "relative", "reflectance of the loose threads over the surface's"
    )
    thread_albedo_scatter: NonNegative = parameter(
        0.3, "relative", "standard deviation of its logarithm among threads"
    )
    bridge_probability: UnitRange = parameter(
        (0.0, 0.15), "probability", "that a thread was not cut through", was="bridges"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one cut; raise PlacementError if nothing of it lies on the part."""
        drawn = self.draw_ranges(rng)
        turn = math.pi * rng.random()
        row, col = pick_site(surface, rng)
        length = max(drawn.length * surface.part_size_px, 4.0)
        count = max(math.ceil(length / max(SPACING, length / 200)) + 1, 8)
        line = worm_like_chain(length, drawn.stiffness * length, count, rng)
        line = turned(line - line[count // 2], turn) + np.array([row, col])
        widest = max(drawn.width * length, LEAST_WIDTH)
        ellipse = widest * slit_opening(np.linspace(-1, 1, count))
        left, right = (
            0.5 * ellipse * np.exp(drawn.variation * smooth_noise(count, 7.0, rng))
            for _ in range(2)
        )
        slit = Stroke(line, left, right)
        gape = Gape(
            albedo=drawn.albedo,
            variation=UNEVEN_GAP,
            lip=drawn.lip_height * widest,
            lip_px=max(drawn.lip_width * widest, 1.5),
        )
        found = open_fissures([slit], surface.allowed, gape, rng)
        if found is None:
            raise PlacementError("the cut lies outside the allowed area")
        yarn = find_yarn(surface, row, col) if self.fray == "auto" else None
        if self.fray == "always":
            yarn = Yarn(drawn.yarn_spacing_mm / surface.mm_per_px, turn + math.pi / 2)
        threads: list[_Thread] = []
        if yarn is not None and yarn.period_px < length / FEWEST:
            threads = _fray(slit, yarn, drawn, rng)
            found = _with_threads(found, threads, drawn.thread_albedo, surface)
        height = found.height
        return DefectLayer(
            kind="cut",
            origin=(found.box.top, found.box.left),
            support=found.support,
            coverage=found.coverage,
            albedo=found.albedo,
            height=None if height is None else height * np.float32(surface.mm_per_px),
            thin=True,
            void=True,
            parameters=drawn.numbers,
            measured={
                "length_mm": length * surface.mm_per_px,
                "widest_px": float((left + right).max()),
                "area_px": found.area,
                "threads": float(len(threads)),
                "yarn_px": yarn.period_px if yarn is not None else 0.0,
            },
        )


def slit_opening(place: Float64) -> Float64:
    """Return the opening of a slit in tension over its widest, at places -1..1 along it [1]_.

    References
    ----------
    .. [1] H. M. Westergaard, "Bearing pressures and cracks", Journal of Applied Mechanics 6, 1939.
    """
    return np.asarray(np.sqrt(np.clip(1 - place**2, 0, None)))


@dataclass(frozen=True, slots=True, eq=False)
class _Thread:
    """A loose thread and its brightness relative to the others."""

    stroke: Stroke
    tone: float


def _fray(slit: Stroke, yarn: Yarn, drawn: Cut, rng: np.random.Generator) -> list[_Thread]:
    """Let yarns stick out of both lips, one for each that was cut."""
    along = arc_length(slit.points)
    period = max(yarn.period_px, float(along[-1]) * 2 / MOST_THREADS, 1.0)
    places = np.arange(0.5 * period, float(along[-1]), period)
    threads = []
    for place in places:
        index = float(place + JITTER * period * rng.standard_normal())
        centre = np.array([np.interp(index, along, slit.points[:, axis]) for axis in (0, 1)])
        vertex = min(int(np.searchsorted(along, index)), len(along) - 1)
        step = slit.points[min(vertex + 1, len(along) - 1)] - slit.points[max(vertex - 1, 0)]
        width = float(slit.left[vertex] + slit.right[vertex])
        course = math.atan2(step[0], step[1])
        # Of the two sets of yarns the one that runs more across the cut was cut.
        angle = yarn.angle
        if abs(math.sin(angle - course)) < math.sqrt(0.5):
            angle += math.pi / 2
        bridge = rng.random() < drawn.bridge_probability
        for side in (1, -1):
            # To the right of the travel lies course + 90 degrees, in (row, col) turning to +row.
            inward = angle if math.sin(angle - course) * side < 0 else angle + math.pi
            half = float(slit.right[vertex] if side > 0 else slit.left[vertex])
            normal = np.array([math.cos(course), -math.sin(course)])
            lip = centre + normal * half * (1 if side > 0 else -1)
            reach = width * drawn.thread_length * drawn.thread_scatter.draw(rng)
            if bridge:
                reach = BRIDGE * width
            stroke = _loose(lip, inward, reach, min(THREAD_SHARE * period, 0.4 * width), rng)
            tone = drawn.thread_albedo_scatter * float(np.clip(rng.standard_normal(), -2, 2))
            threads.append(_Thread(stroke, math.exp(tone)))
            if bridge:
                break
    return threads


def _loose(
    lip: Float64, heading: float, length: float, width: float, rng: np.random.Generator
) -> Stroke:
    """Return a thread of that length and width, pixels, that starts a little inside a lip."""
    length = max(length, 1.5)
    root = 0.3 * length
    count = max(math.ceil((length + root) / SPACING) + 1, 5)
    line = worm_like_chain(length + root, STIFFNESS * length, count, rng)
    own = heading + ASTRAY * float(rng.standard_normal())
    start = lip - root * np.array([math.sin(own), math.cos(own)])
    taper = np.clip(np.linspace(2.5, 0.3, count), 0, 1) * np.clip(np.linspace(0, 3, count), 0.1, 1)
    half = 0.5 * width * taper * math.exp(THICKNESSES * float(rng.standard_normal()))
    return Stroke(turned(line, own) + start, half, half)


def _with_threads(
    found: Fissures, threads: list[_Thread], albedo: float, surface: Surface
) -> Fissures:
    """Lay threads over the gap; those that leave it cover the surface beside it."""
    frame = np.zeros(surface.shape, dtype=bool)
    frame[found.box.slices] = surface.allowed[found.box.slices]
    band = trace([thread.stroke for thread in threads], frame) if threads else None
    if band is None:
        return found
    tones = np.concatenate([np.full(len(t.stroke.points), t.tone) for t in threads])
    over = band.spread(band.coverage(), found.box)
    tone = band.spread(np.asarray(albedo * band.at(tones)), found.box, fill=1.0)
    coverage = found.coverage + over * (1 - found.coverage)
    mixed = found.albedo * found.coverage * (1 - over) + tone * over
    weight = found.coverage * (1 - over) + over
    shown = np.where(weight > 1e-6, mixed / np.maximum(weight, 1e-6), found.albedo)
    return replace(
        found,
        support=found.support | (coverage > 0),
        coverage=np.clip(coverage, 0, 1).astype(np.float32),
        albedo=shown.astype(np.float32),
    )
