"""A part whose finish is wrong over much of it or all: stripped, rusted, coated with another."""

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
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import fbm_trace
from anomsynth.fields.pigments import (
    LUMINANCE,
    OXIDISED,
    absorbed_over_scattered,
    opaque_reflectance,
    paint,
)
from anomsynth.generators.wear._finishes import (
    Mottle,
    as_seen,
    illumination,
    rust,
    steel,
)
from anomsynth.generators.wear._streaks import Marks, streaks
from anomsynth.surface.appearance import brightest_tone

MODES = ("bare", "rusted", "other", "tone")
BOUNDARIES = ("front", "patches", "strokes")
CELLS = 384  # along the longer side of the part
HURST = 0.75  # of fronts and patches: as fracture and spreading fronts
EDGE_PX = 1.4  # width of the boundary
FADE = 0.22, 0.6  # of part size over which strokes thin out
STROKE_LENGTH = 0.15, 0.6  # of part size
CRUMB_PX = 2.5  # crumbs at the boundary
CRUMBS = 0.6  # their amplitude, pixels
BARE_STEEL = 0.1, 0.35  # luminance albedo of dull to ground steel
THINNEST_RUST = 0.35  # share of its own colour that the thinnest rust has, in log light
SECOND_TONE = 0.1, 0.9  # log light between the two phases of another coating
SMOOTHER = 0.4  # the grain of a coating is fainter than that of rust and ground metal
PLAIN = 0.5  # of other coatings have one phase alone
AGED = 0.4  # of other tones are yellowed by oxidation; the others have more or less colourant
YELLOWING = 0.04, 0.5  # K/S that oxidation adds, times `OXIDISED`
WHITE = 0.92  # reflectance of the brightest of the part
LEAST_WHITE = 1e-3  # linear light
LEVELS = 1024  # of reflectance at which a tone is computed
PAINTS = 0.08, 0.85  # luminance albedo of coatings
FULL = 0.995  # share from which all of the part is meant


class WrongFinish(Generator):
    """Half of the part, or all of it, lost its finish or has another one.

    The part's own light stays, its finish goes: bare steel, rust that leaves bare metal in crumbs
    of all sizes, another, perhaps speckled coating, or its own stuff in another tone: more or less
    of its colourant by a factor on K/S, or yellowed by oxidation, print and texture and all. The
    area ends at a front (a self-affine line across the part, straight where paint was masked), at
    the level set of smooth noise, or thins out in the strokes of a tool. Its share of the part is
    exact. The two phases of what shows are a level set of self-affine noise of Hurst exponent
    `hurst`: 0.17 and a correlation length of 4 % of the part's size were measured on rusted plates.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> finish = WrongFinish(mode="rusted", area_share=0.5, whole_probability=0)
    >>> layer = finish.generate(make_surface(channels=3), stream(0))
    >>> round(layer.measured["area_share"], 2)
    0.5
    """

    law: ClassVar[str] = (
        "finish = {phi > t}, P(phi > t) = share; <(phi(x+r) - phi(x))^2> ~ r^(2H); tone: "
        "K/S = (1-R)^2 / 2R times a factor, or more"
    )
    source: ClassVar[str] = "Mandelbrot 1982 (level sets); Kubelka & Munk 1931; Land 1977 (light)"

    kind: Literal["wrong_finish"] = "wrong_finish"
    mode: Literal["bare", "rusted", "other", "tone", "mixed"] = parameter(
        "mixed",
        "choice",
        "stripped to the metal, rusted, coated with something else, or in a wrong tone",
    )
    boundary: Literal["front", "patches", "strokes", "mixed"] = parameter(
        "mixed", "choice", "how the area ends: at a line, in patches, or in strokes of a tool"
    )
    area_share: ShareRange = parameter((0.2, 0.95), "of part area", "area with the wrong finish")
    whole_probability: Probability = parameter(0.35, "probability", "that all of the part has it")
    ragged: UnitRange = parameter((0, 0.05), "of part size", "front: rms departure from a line")
    patch_size: ShareRange = parameter((0.15, 0.6), "of part size", "patches: how large they are")
    stroke_width_mm: SizeRange = parameter((0.2, 1.0), "mm", "strokes: width of a stroke")
    speckling: UnitRange = parameter(
        (0.03, 0.5), "share", "metal that shows in rust, rust on metal, speckles of a coating"
    )
    spot_size: ShareRange = parameter((0.03, 0.3), "of part size", "size of the largest such spots")
    hurst: UnitRange = parameter((0.05, 0.3), "exponent", "roughness of these spots")
    grain_size_mm: SizeRange = parameter((0.1, 0.6), "mm", "grain of what shows")
    grain_contrast: UnitRange = parameter((0.05, 0.3), "log light", "standard deviation of it")
    age: UnitRange = parameter((0.1, 0.85), "relative", "of rust: 0 fresh and orange, 1 dark")
    muddy: SizeRange = parameter((0.07, 0.25), "relative", "of rust: span of ages that mix")
    saturation: UnitRange = parameter((0, 0.8), "relative", "of the colour of another coating")
    colourant: SizeRange = parameter(
        (1.5, 4.0), "ratio", "tone: by what factor there is more or less of its colourant"
    )
    relief: UnitRange = parameter((0.2, 0.8), "relative", "of the part's fine light that stays")
    reflectance: ShareRange = parameter(
        (0.35, 0.65), "share", "albedo of the right finish in its strongest colour"
    )

    @property
    def least_share(self) -> float:
        """Share of the allowed pixels that each of its defects surely covers."""
        return self.ranges["area_share"].low

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Change the finish of one area; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(4)
        box = Box.around(surface.allowed)
        if box is None:
            raise PlacementError("no pixel is allowed for a defect")
        mode = self.mode if self.mode != "mixed" else MODES[int(len(MODES) * coins[0])]
        shape: str = self.boundary
        if shape == "mixed":  # no tool changes the tone
            known = BOUNDARIES[:2] if mode == "tone" else BOUNDARIES
            shape = known[int(len(known) * coins[1])]
        whole = coins[2] < self.whole_probability or drawn.area_share >= FULL
        case = _Case(surface, drawn, Grid.over(box, CELLS), 2 * math.pi * float(coins[3]))
        allowed = surface.allowed[box.slices]
        cover = allowed.astype(np.float32) if whole else _area(shape, case, allowed, rng)
        shown = _toned(case, rng) if mode == "tone" else _shown(mode, case, allowed, rng)
        support = allowed & (cover > 0)
        if not support.any():
            raise PlacementError("the part is too small for an area of another finish")
        cover *= support
        return DefectLayer(
            kind="wrong_finish",
            origin=(box.top, box.left),
            support=support,
            coverage=cover,
            exposed=shown,
            rigid=mode != "tone",  # a tone may be paler, a missing coat may not
            has_noise=mode == "tone",
            parameters=drawn.numbers,
            measured={
                "area_share": float((cover > 0.5).sum()) / max(int(allowed.sum()), 1),
                "mode": float(MODES.index(mode)),
                "boundary": float(BOUNDARIES.index(shape)),
            },
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """One part: what was drawn, the grid over it, and the direction of the boundary, radians."""

    surface: Surface
    drawn: WrongFinish
    grid: Grid
    angle: float

    @property
    def size(self) -> float:
        return self.surface.part_size_px

    def px(self, length_mm: float) -> float:
        return length_mm / self.surface.mm_per_px


def _area(shape: str, case: _Case, allowed: Mask, rng: np.random.Generator) -> Float32:
    """Return how much of each pixel has the wrong finish, (h, w) float32, of exact share."""
    grid = case.grid
    if shape == "patches":
        depth = case.size * _patches(case, rng)
    else:
        depth = _across(case)
        depth += _front(case, rng) if shape == "front" else _strokes(case, rng)
    depth = grid.refine(depth.astype(np.float32))
    depth += np.float32(CRUMBS) * value_noise(depth.shape, CRUMB_PX, rng)
    depth -= np.float32(np.quantile(depth[allowed], 1 - case.drawn.area_share))
    return np.clip(depth * np.float32(1 / EDGE_PX) + np.float32(0.5), 0, 1)


def _across(case: _Case) -> Float32:
    """Return the distance from a line across the part, pixels, > 0 on one side."""
    box = case.grid.box
    down, right = case.grid.offsets((box.top + box.bottom) / 2, (box.left + box.right) / 2)
    return np.float32(math.cos(case.angle)) * down - np.float32(math.sin(case.angle)) * right


def _front(case: _Case, rng: np.random.Generator) -> Float32:
    """Return how far the front is ahead at each cell, pixels: fractional Brownian motion."""
    box, step = case.grid.box, case.grid.step
    down, right = case.grid.offsets(box.top, box.left)
    along = np.float32(math.cos(case.angle)) * right + np.float32(math.sin(case.angle)) * down
    along = (along - along.min()) / np.float32(step)
    count = int(along.max()) + 2
    trace = fbm_trace(count, HURST, rng)
    trace = trace - np.linspace(trace[0], trace[-1], count)
    spread = max(float(trace.std()), 1e-9)
    trace = (trace * (case.drawn.ragged * case.size / spread)).astype(np.float32)
    index = along.astype(np.intp)
    return trace[index] + (along - index) * (trace[index + 1] - trace[index])


def _patches(case: _Case, rng: np.random.Generator) -> Float32:
    """Return smooth noise whose slope is about one over the part's size."""
    cell = case.drawn.patch_size * case.size
    noise = value_noise(
        case.grid.shape, max(cell / case.grid.step, 2.0), rng, octaves=5, hurst=HURST
    )
    return noise * np.float32(case.drawn.patch_size)


def _strokes(case: _Case, rng: np.random.Generator) -> Float32:
    """Return streaks, strong enough to reach some way over the boundary, pixels."""
    fade, length, turn = rng.random(3)
    step = case.grid.step
    rows, cols = case.grid.shape
    marks = Marks(
        angle=case.angle + math.pi * (float(turn) - 0.5),
        width_px=max(case.px(case.drawn.stroke_width_mm) / step, 1.0),
        length_px=case.size / step * (STROKE_LENGTH[0] + np.ptp(STROKE_LENGTH) * float(length)),
        persistence=0.2,
        skew=0.4,
    )
    reach = case.size * (FADE[0] + (FADE[1] - FADE[0]) * float(fade))
    drawn_out = streaks(Box(0, 0, rows, cols), marks, rng)
    # The hairs of a brush run dry together: their strokes end blunt.
    return np.float32(0.5 * reach) * np.copysign(np.sqrt(np.abs(drawn_out)), drawn_out)


def _shown(mode: str, case: _Case, allowed: Mask, rng: np.random.Generator) -> Float32:
    """Return the light of the wrong finish all over the box, (h, w, C)."""
    drawn, grid = case.drawn, case.grid
    shape = grid.shape
    size = max(drawn.spot_size * case.size / grid.step, 2.0)
    inside = grid.reduce(allowed.astype(np.float32)) > 0.5
    dice = rng.random(4)
    gleam = BARE_STEEL[0] + (BARE_STEEL[1] - BARE_STEEL[0]) * float(dice[0]) ** 2
    if mode == "other":
        first, second = _coatings(drawn, dice)
    else:
        second = steel(gleam).astype(np.float32)
        thick = np.float32(1 - (1 - THINNEST_RUST) * float(dice[1]))
        oxide = rust(shape, drawn.age, drawn.muddy, size, rng)
        first = second * (oxide / second) ** thick  # metal shines through thin rust
    share = drawn.speckling if mode != "bare" else 1 - 0.5 * drawn.speckling
    if mode == "other" and dice[3] < PLAIN:
        share = 0.0
    phase = Mottle(share, size, drawn.hurst).second(shape, inside, rng)
    weight = np.clip(phase * np.float32(4) + np.float32(0.5), 0, 1)[..., None]
    albedo = np.asarray(first + weight * (second - first), dtype=np.float32)
    full = as_seen(grid.refine(albedo), case.surface.channels)
    cell = max(case.px(drawn.grain_size_mm), 1.6)
    grain = value_noise(full.shape[:2], cell, rng, octaves=2 if cell > 4 else 1)
    grain *= np.float32(drawn.grain_contrast * (SMOOTHER if mode == "other" else 1))
    light = illumination(case.surface, grid.box, drawn.reflectance, drawn.relief)
    light *= cv2.exp(grain)
    return np.clip(full * light[..., None], 0, 1)


def _toned(case: _Case, rng: np.random.Generator) -> Float32:
    """Return the part's own light in another tone all over the box, (h, w, C)."""
    surface, box = case.surface, case.grid.box
    pick, turn, amount = rng.random(3)
    white = np.float32(max(brightest_tone(surface), LEAST_WHITE) / WHITE)
    level = np.linspace(1e-3, 1, LEVELS)
    own = absorbed_over_scattered(level)[:, None]
    if pick < AGED:
        low, high = YELLOWING
        hue = OXIDISED if surface.channels == 3 else np.array([OXIDISED @ LUMINANCE])
        ratio = own + low * (high / low) ** float(amount) * hue
    else:
        colourant = case.drawn.colourant
        ratio = own * (colourant if turn < 0.5 else 1 / colourant)
    table = np.broadcast_to(opaque_reflectance(ratio), (LEVELS, surface.channels))
    light = surface.linear(box)
    for channel in range(surface.channels):
        plane = light[..., channel] / white
        # What is brighter than white is a glint, no matter of pigments.
        plane += np.interp(plane, level, table[:, channel] - level).astype(np.float32)
        light[..., channel] = plane * white
    return np.clip(light, 0, 1, out=light)


def _coatings(drawn: WrongFinish, dice: np.ndarray) -> tuple[Float32, Float32]:
    """Return the colours of another coating and of the speckles in it, (3,) each."""
    low, high = (math.log(end) for end in PAINTS)
    tone = low + (high - low) * float(dice[0])
    step = SECOND_TONE[0] + (SECOND_TONE[1] - SECOND_TONE[0]) * float(dice[1])
    darker = tone - step if tone > (low + high) / 2 else tone + step
    base = paint(math.exp(tone), drawn.saturation, float(dice[2]))
    other = paint(math.exp(darker), drawn.saturation * float(dice[3]), float(dice[2]) + 0.1)
    return base.astype(np.float32), other.astype(np.float32)
