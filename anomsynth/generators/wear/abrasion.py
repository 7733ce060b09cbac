"""Abrasion: a patch rubbed by many small asperities, its scratches and its lost gloss."""

import math
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    ModeWeights,
    NonNegative,
    NonNegativeRange,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import Float64
from anomsynth.generators.wear._splat import Lines, bundle, splat
from anomsynth.surface.patches import Patch, draw_patch, main_direction

MOST_SCRATCHES = 450
FEWEST_SCRATCHES = 6
MOST_STRETCH = 1.5
SPREAD_DEG = 20.0  # facets of a scuffed bundle are far less even than those of one groove
TAPERED = math.pi / 4  # mean over largest width
DENSEST = 0.98
SHAPES = ("blob", "band", "edge")


class Abrasion(Generator):
    """A Poisson set of scratches with von Mises directions over a patch that loses its gloss.

    Lengths are exponential, widths lognormal; their number follows from the share of the patch
    they cover, ``1 - exp(-lambda E[A])`` (Boolean model), and falls off towards the border of the
    patch. Each scratch is bright or dark by its angle to the light; between them the patch is
    duller by micro-roughening.
    """

    law: ClassVar[str] = "cover = 1 - exp(-lambda E[A]); p(angle) ~ exp(kappa cos(angle - mean))"
    source: ClassVar[str] = "Boolean model (Matheron 1975); von Mises 1918; Bennett & Porteus 1961"

    kind: Literal["abrasion"] = "abrasion"
    shape: Literal["blob", "band", "edge", "mixed"] = parameter(
        "mixed", "choice", "uneven patch, band across the part, strip along its outline, or any"
    )
    weights: ModeWeights = parameter(
        (0.65, 0.2, 0.15), "weights", "mixed: how often patch, band, strip"
    )
    area_share: ShareRange = parameter((0.001, 0.3), "of part area", "area of the patch")
    cover: ShareRange = parameter((0.08, 0.55), "share", "of the patch that scratches cover")
    concentration: SizeRange = parameter(
        (2, 60), "ratio", "kappa of the directions; large is parallel"
    )
    length_mm: SizeRange = parameter((1, 8), "mm", "mean length of the scratches")
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
        (0.1, 0.6), "relative", "rise of roughness between the scratches"
    )
    dulling_scatter: NonNegative = parameter(0.35, "relative", "how patchy that rise is")
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
        dull = patch.inner(drawn.softness * patch.size, rng)
        points, area, tones, measured = _scratches(patch, surface, drawn, turn, rng)
        optical, tone = splat(points, area, patch.box, tones)
        # Independent lines hide each other: area adds up, coverage saturates.
        coverage = 1 - np.exp(-optical)
        coverage[coverage < 2e-3] = 0
        albedo = np.where(coverage > 0, np.exp(tone), np.float32(1)).astype(np.float32)
        cell = max(0.6 * patch.size / patch.grid.step, 3.0)
        worn = 1 + np.float32(drawn.dulling_scatter) * value_noise(patch.grid.shape, cell, rng)
        roughness = dull * patch.grid.refine(np.clip(worn, 0.2, 1.8).astype(np.float32))
        roughness *= np.float32(drawn.dulling)
        support = (coverage > 0) | (roughness > 0)
        return DefectLayer(
            kind="abrasion",
            origin=(patch.box.top, patch.box.left),
            support=support,
            coverage=coverage,
            albedo=albedo,
            roughness=np.clip(roughness, 0, 1),
            parameters=drawn.numbers,
            measured={**measured, "coverage_px": float(coverage.sum(dtype=np.float64))},
        )


def _share(surface: Surface, drawn: Abrasion, shape: str) -> float:
    """Return the patch's share of the part, at least that of a patch a few scratches fill."""
    length, width = drawn.length_mm / surface.mm_per_px, drawn.width_mm / surface.mm_per_px
    side = surface.part_size_px if shape == "band" else min(length, 0.2 * surface.part_size_px)
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
    turns = np.radians(rng.normal(0, max(drawn.bow_deg, 1e-6), count))
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
    return points, area, tones[line.astype(np.intp)], measured


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
