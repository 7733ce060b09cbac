"""Abrasion: a patch that was rubbed, its worn high places and its hairlines."""

import math
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    ModeWeights,
    NonNegative,
    NonNegativeRange,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import Float64
from anomsynth.fields.relief import fade
from anomsynth.generators.wear._splat import Lines, bundle, splat
from anomsynth.generators.wear._streaks import Marks, streaks
from anomsynth.surface.bearing import odds_of, read_bearing
from anomsynth.surface.patches import Patch, draw_patch, main_direction

MOST_SCRATCHES = 320
FEWEST_SCRATCHES = 6
MOST_STRETCH = 1.5
SPREAD_DEG = 20.0  # facets of a scuffed bundle are far less even than those of one groove
TAPERED = math.pi / 4  # mean over largest width
DENSEST = 0.98
SHAPES = ("blob", "band", "edge")
RELIEF = 0.03  # of the part's size: relief is finer than that
MEAN_LOAD = 0.8  # share of the area that bears the load in the middle of a patch
STREAKY = 2.0  # spread of the load's odds over that of the load itself, at half the area
DEEPER = 6.0  # odds of a hard grain over those of the flat around it
STREAK = 0.06  # of the patch's half width: width of the finest streaks of the load
STREAK_LENGTH = 1.5  # of the patch's half width
STEADY = 0.6  # share of the streaks' variance that goes on all the way
BOW = 0.25  # how differently the lines of one rub bend
DEPTH = -0.5, 0.8  # mean and standard deviation of the depths' logarithm, over the cutting one
FAINT = 4e-3


class Abrasion(Generator):
    """A patch that something rubbed: its high places worn, and hairlines over them.

    The wear of a place follows Archard, load times way [1]_. The load falls off towards the border
    of the patch and differs in streaks across the way of what rubbed; it rests on the share of the
    relief that bears it [2]_, so high places lose their texture and change their sheen, while low
    ones stay as they were. The hairlines are a Poisson set with von Mises directions: lengths
    exponential, widths and depths lognormal, their number by the share of the patch that they
    cover, ``1 - exp(-lambda E[A])`` (Boolean model). They break off where the surface lies too low
    to be touched, and each is bright or dark by its angle to the light.

    References
    ----------
    .. [1] J. F. Archard, "Contact and rubbing of flat surfaces", Journal of Applied Physics 24,
       1953.
    .. [2] E. J. Abbott, F. A. Firestone, "Specifying surface quality", Mechanical Engineering 55,
       1933.
    """

    law: ClassVar[str] = (
        "wear ~ load way / hardness, where height > -Phi^-1(load); cover = 1 - exp(-lambda E[A]); "
        "p(angle) ~ exp(kappa cos(angle - mean))"
    )
    source: ClassVar[str] = "Archard 1953; Abbott & Firestone 1933; Matheron 1975; von Mises 1918"

    kind: Literal["abrasion"] = "abrasion"
    shape: Literal["blob", "band", "edge", "mixed"] = parameter(
        "mixed", "choice", "uneven patch, band across the part, strip along its outline, or any"
    )
    weights: ModeWeights = parameter(
        (0.65, 0.2, 0.15), "weights", "mixed: how often patch, band, strip"
    )
    area_share: ShareRange = parameter((0.001, 0.3), "of part area", "area of the patch")
    cover: ShareRange = parameter((0.05, 0.4), "share", "of the patch that scratches cover")
    concentration: SizeRange = parameter(
        (2, 60), "ratio", "kappa of the directions; large is parallel"
    )
    length_mm: SizeRange = parameter((2, 30), "mm", "mean length of the scratches")
    width_mm: SizeRange = parameter((0.04, 0.2), "mm", "median width of the scratches")
    width_scatter: NonNegative = parameter(
        0.45, "relative", "standard deviation of the widths' logarithm"
    )
    bow_deg: NonNegativeRange = parameter((0, 25), "degrees", "how much they bend")
    grain: UnitRange = parameter((0, 0.5), "share", "how strongly they follow the surface's grain")
    bright: SizeRange = parameter((1.3, 2.4), "relative", "brightness towards the light")
    dark: ShareRange = parameter((0.45, 0.85), "relative", "brightness away from it")
    tone_scatter: NonNegative = parameter(
        0.15, "log light", "standard deviation of brightness among scratches"
    )
    dulling: UnitRange = parameter(
        (0.1, 0.6), "relative", "texture and gloss that worn places lose"
    )
    dulling_scatter: NonNegative = parameter(0.35, "relative", "how streaky the load is")
    sheen: SignedRange = parameter(
        (-0.12, 0.25), "log light", "how much brighter worn places are than before"
    )
    softness: UnitRange = parameter(
        (0.3, 1.0), "of radius", "over which the patch fades at its rim"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one patch; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        turn = math.pi * float(rng.random())
        turn += drawn.grain * math.remainder(main_direction(surface, turn) - turn, math.pi)
        # What rubs moves along its marks: patches and bands are longest that way.
        shape: str = self.shape
        pick = float(rng.random())
        if shape == "mixed":
            steps = np.cumsum(self.weights) / sum(self.weights)
            shape = SHAPES[min(int(np.searchsorted(steps, pick, side="right")), len(SHAPES) - 1)]
        patch = draw_patch(surface, _share(surface, drawn, shape), shape, turn, rng)
        odds = _odds(patch, drawn, turn, rng)
        bearing = read_bearing(surface, patch.box, RELIEF * surface.part_size_px)
        worn = bearing.contact(odds)
        points, area, tones, measured = _scratches(patch, surface, drawn, turn, rng)
        optical, tone = splat(points, area, patch.box, tones)
        # Independent lines hide each other: area adds up, coverage saturates.
        coverage = 1 - np.exp(-optical)
        # A hard grain reaches lower than the flat that carries it: its odds are better.
        coverage *= DEEPER * worn / (1 + (DEEPER - 1) * worn)
        coverage[coverage < FAINT] = 0
        albedo = np.where(coverage > 0, np.exp(tone), np.float32(1)).astype(np.float32)
        worn[worn < FAINT] = 0
        support = (coverage > 0) | (worn > 0)
        return DefectLayer(
            kind="abrasion",
            origin=(patch.box.top, patch.box.left),
            support=support,
            coverage=coverage,
            albedo=albedo,
            absorbance=worn * np.float32(-0.5 * drawn.sheen),
            roughness=worn * np.float32(drawn.dulling),
            parameters=drawn.numbers,
            measured={**measured, "coverage_px": float(coverage.sum(dtype=np.float64))},
        )


def _odds(patch: Patch, drawn: Abrasion, turn: float, rng: np.random.Generator) -> Float32:
    """Return the odds of the share of the area that bears the load, (h, w) float32."""
    fading = fade(patch.depth / np.float32(max(drawn.softness * patch.size, 1.5)))
    odds = odds_of(fading * np.float32(MEAN_LOAD))
    cell = max(0.6 * patch.size / patch.grid.step, 3.0)
    scatter = np.float32(STREAKY * drawn.dulling_scatter)
    odds += scatter * value_noise(patch.grid.shape, cell, rng)
    length = max(STREAK_LENGTH * patch.size, 2.0)
    marks = Marks(turn, max(STREAK * patch.size, 1.0), length, STEADY, 0.0)
    uneven = streaks(patch.box, marks, rng)
    uneven *= scatter
    uneven += patch.grid.refine(odds)
    return uneven


def _share(surface: Surface, drawn: Abrasion, shape: str) -> float:
    """Return the patch's share of the part, at least that of a patch a few scratches fill."""
    length, width = drawn.length_mm / surface.mm_per_px, drawn.width_mm / surface.mm_per_px
    side = surface.part_size_px if shape == "band" else min(length, 0.06 * surface.part_size_px)
    least = max(0.5 * side, 12 * width) * side if shape != "band" else (10 + 12 * width) * side
    share = max(drawn.area_share, least / max(surface.part_area_px, 1))
    return min(share, max(drawn.area_share, 0.3))


def _scratches(
    patch: Patch, surface: Surface, drawn: Abrasion, turn: float, rng: np.random.Generator
) -> tuple[Float64, Float64, Float64, dict[str, float]]:
    """Return points, areas and log tones of the scratches, and what was measured on them."""
    scale, size = surface.mm_per_px, max(surface.part_size_px, 2.0)
    inside = np.clip(patch.depth / np.float32(max(0.5 * patch.size, 1.0)), 0, 1)
    weight = inside.ravel().astype(np.float64)
    patch_px = float(weight.sum()) * patch.grid.step**2
    length = min(max(drawn.length_mm / scale, 2.0), 0.6 * size, 4 * patch.size + 2)
    width = min(max(drawn.width_mm / scale, 0.25), 0.004 * size + 0.7, length / 14)
    each = length * width * math.exp(drawn.width_scatter**2 / 2) * TAPERED
    wanted = -math.log(1 - min(drawn.cover, DENSEST)) * patch_px / each
    count = int(np.clip(rng.poisson(wanted), FEWEST_SCRATCHES, MOST_SCRATCHES))
    if wanted > MOST_SCRATCHES:  # fewer, longer and wider ones cover as much
        stretch = min(math.sqrt(wanted / MOST_SCRATCHES), MOST_STRETCH)
        length, width = length * stretch, width * stretch
    cells = rng.choice(weight.size, count, p=weight / weight.sum())
    row, col = np.divmod(cells, inside.shape[1])
    middles = np.column_stack([row, col]) * float(patch.grid.step) + (patch.box.top, patch.box.left)
    middles += rng.uniform(0, patch.grid.step, middles.shape)
    angles = turn + rng.vonmises(0, drawn.concentration, count)
    # Long scratches are rare, and none leaves the patch by much.
    lengths = np.minimum(rng.exponential(length, count), 4 * length) + 1.0
    widths = width * np.exp(rng.normal(0, drawn.width_scatter, count))
    # What rubs turns as a whole, so its lines bend alike.
    turns = np.radians(drawn.bow_deg) * (rng.standard_normal() + BOW * rng.normal(0, 1, count))
    points, area, line = bundle(Lines(middles, angles, lengths, widths), turns)
    tones = _log_tone(angles, surface, drawn) + rng.normal(0, drawn.tone_scatter, count)
    resultant = float(np.hypot(np.cos(angles - turn).mean(), np.sin(angles - turn).mean()))
    measured = {
        "scratches": float(count),
        "resultant": resultant,
        "mean_length_px": float(lengths.mean()),
        "area_px": float(area.sum()),
        "patch_px": patch_px,
    }
    # Most only touch, few cut: how much of its width a line has cleared.
    depth = np.minimum(np.exp(rng.normal(*DEPTH, count)), 1.0)
    chosen = line.astype(np.intp)
    return points, area * depth[chosen], tones[chosen], measured


def _log_tone(angles: Float64, surface: Surface, drawn: Abrasion) -> Float64:
    """Return log brightness by the angle between the half vector and the plane across a line."""
    down, right, up = surface.light.vector
    length = math.sqrt(down * down + right * right + (1 + up) ** 2)
    along = np.abs(np.sin(angles) * down + np.cos(angles) * right) / length
    tilt = np.degrees(np.arcsin(np.clip(along, 0, 1)))
    lit = np.exp(-(tilt**2) / (2 * SPREAD_DEG**2))
    dark, bright = math.log(drawn.dark), math.log(drawn.bright)
    tones: Float64 = dark + lit * (bright - dark)
    return tones
