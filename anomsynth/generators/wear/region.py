"""Regions with another finish: brighter or darker, duller or glossier, mottled, brushed."""

import math
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    Positive,
    Share,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm
from anomsynth.generators.wear._streaks import Marks, streaks
from anomsynth.surface.patches import Patch, draw_patch

GRADIENT = 1.2  # change of log strength over a half width at gradient one
MOTTLE_CELLS = 384


class AlteredRegion(Generator):
    """A blob, band or strip along an edge whose finish differs from the rest.

    Brightness alone is a poor defect, as light varies on good parts too: gloss, grain contrast
    and mottling change with it, and at least part of the outline is as sharp as the optics. The
    mottling is self-affine noise (Hurst exponent 0.3) cut at the grain's size, so that its
    variance is spread over scales like that of worn, etched or badly coated surfaces.
    """

    law: ClassVar[str] = "L' = m + (L - m)(1 - 0.7 r), then exp(c + sd n), n ~ k^-2.6 below 1/grain"
    source: ClassVar[str] = "Bennett & Porteus 1961 (gloss and roughness); self-affine mottling"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("area", "area_share", measured="area_share"),
    )

    kind: Literal["region"] = "region"
    shape: Literal["blob", "band", "edge", "mixed"] = parameter(
        "mixed", "choice", "uneven patch, band across the part, strip along its outline, or any"
    )
    area_share: ShareRange = parameter((0.001, 0.3), "of part area", "area of the region")
    contrast: SizeRange = parameter((0.06, 0.45), "log light", "how much brighter or darker")
    bright_probability: UnitRange = parameter(
        0.5, "probability", "that the region is brighter", was="bright_share"
    )
    gloss: SignedRange = parameter(
        (-0.45, 0.7), "relative", "change of roughness; above 0 kills the grain"
    )
    mottle: UnitRange = parameter((0.03, 0.22), "log light", "spread of the mottling")
    mottle_size_mm: SizeRange = parameter(
        (0.15, 1.5), "mm", "size of its finest spots", was="mottle_mm"
    )
    brushed_probability: UnitRange = parameter(
        0.3, "probability", "that marks of one direction stand for spots", was="brushed_share"
    )
    mark_length: Positive = parameter(0.3, "of part size", "brushed: length of passing marks")
    mark_persistence: Share = parameter(0.3, "share", "brushed: marks that run all the way")
    mark_skew: Share = parameter(0.3, "ratio", "brushed: 0: dark as bright; 0.7: few bright marks")
    gradient: UnitRange = parameter((0, 1), "relative", "how much stronger one side is")
    softness: UnitRange = parameter((0, 0.5), "of radius", "widest place of the outline")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(3)
        patch = draw_patch(surface, drawn.area_share, self.shape, None, rng)
        inside = patch.inner(drawn.softness * patch.size, rng)
        inside *= _gradient(patch, drawn.gradient, 2 * math.pi * float(coins[1]))
        bright = coins[0] < drawn.bright_probability
        if coins[2] < drawn.brushed_probability:
            marks = Marks(
                angle=math.pi * float(rng.random()),
                width_px=drawn.mottle_size_mm / surface.mm_per_px,
                length_px=drawn.mark_length * surface.part_size_px,
                persistence=drawn.mark_persistence,
                skew=drawn.mark_skew,
            )
            pattern = streaks(patch.box, marks, rng)
        else:
            pattern = _mottling(patch, drawn.mottle_size_mm / surface.mm_per_px, rng)
        pattern *= np.float32(-0.5 * drawn.mottle)
        pattern += np.float32(-0.5 * (drawn.contrast if bright else -drawn.contrast))
        pattern *= inside
        weight = max(float(inside.sum(dtype=np.float64)), 1e-6)
        return DefectLayer(
            kind="region",
            origin=(patch.box.top, patch.box.left),
            support=inside > 0,
            absorbance=pattern,
            roughness=np.clip(np.float32(drawn.gloss) * inside, -1, 1),
            parameters=drawn.numbers,
            measured={
                "area_share": float(
                    (inside > 0.5)[surface.foreground[patch.box.slices]].sum(dtype=np.float64)
                )
                / max(surface.part_area_px, 1),
                "mean_gain": math.exp(-2 * float(pattern.sum(dtype=np.float64)) / weight),
            },
        )


def _mottling(patch: Patch, grain_px: float, rng: np.random.Generator) -> Float32:
    """Return self-affine noise of unit variance without detail below the grain's size."""
    step = max(-(-max(patch.box.shape) // MOTTLE_CELLS), round(grain_px / 2), 1)
    coarse = Grid(patch.box, step)
    return coarse.refine(fbm(coarse.shape, 0.3, rng), smooth=True).copy()


def _gradient(patch: Patch, strength: float, turn: float) -> Float32:
    """Return a factor in (0, 1] that falls off across the region, (h, w)."""
    down, right = patch.grid.offsets(*patch.site)
    way = np.float32(math.cos(turn)) * right + np.float32(math.sin(turn)) * down
    steep = np.float32(GRADIENT * 2 * strength / max(patch.size, 1.0))
    factor = 1 / (1 + np.exp(np.clip(steep * way, -20, 20)))
    factor /= max(float(factor.max()), 1e-6)
    return patch.grid.refine((1 - strength + strength * factor).astype(np.float32))
