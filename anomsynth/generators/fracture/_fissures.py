"""What open cracks that form a pattern do to a surface: dark gaps, their lips, dirt beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import smooth_noise
from anomsynth.fields.strokes import Stroke
from anomsynth.fields.tracing import trace

FAINTEST = 1e-3  # coverage and optical depth that count
CLOSED = 0.1  # coverage below which a gap bends nothing
MOST_CELLS = 320
LIP_LIGHT = 0.6  # share of the darkness (in log albedo) that is lost at the lips of wide gaps


@dataclass(frozen=True, slots=True)
class Gape:
    """How gaps look; lengths in pixels.

    Attributes
    ----------
    albedo : float
        Reflectance of the middle of a gap relative to the surface.
    variation : float
        Standard deviation of the log albedo along the gaps.
    lip : float
        Height of the edges of the plates, which curl up, or sink in where negative.
    lip_px : float
        How far from the gap the plates are bent.
    halo : float
        Optical depth of the dirt that creeps out of a gap.
    """

    albedo: float
    variation: float = 0.3
    lip: float = 0.0
    lip_px: float = 0.0
    halo: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Fissures:
    """Arrays of `box`, (h, w) float32 but for `support` (bool); `height` in pixels."""

    box: Box
    support: Mask
    coverage: Float32
    albedo: Float32
    height: Float32 | None
    absorbance: Float32 | None
    area: float


def open_fissures(
    strokes: Sequence[Stroke], frame: Mask, gape: Gape, rng: np.random.Generator
) -> Fissures | None:
    """Fill gaps with darkness and bend their lips.

    Parameters
    ----------
    strokes : sequence of Stroke
        The gaps; half-widths in pixels.
    frame : (H, W) bool
        Where the surface may change.
    gape : Gape
    rng : Generator

    Returns
    -------
    Fissures or None
        None if nothing of them lies in the frame.
    """
    band = trace(strokes, frame)
    if band is None:
        return None
    count = sum(len(stroke.points) for stroke in strokes)
    coverage = band.coverage()
    tone = math.log(gape.albedo) + gape.variation * smooth_noise(count, 9.0, rng)
    width = np.maximum(band.left + band.right, 1.0)
    # Rounded lips see more of the sky than the bottom: darkest in the middle.
    middle = 1 - LIP_LIGHT * np.clip(2 * np.abs(band.offset) / width, 0, 1) ** 1.5
    albedo = np.exp(band.at(tone) * middle)
    changed = coverage > FAINTEST
    if not changed.any():
        return None
    kept = band.keep(changed)
    reach = math.ceil(gape.lip_px) if gape.lip != 0 or gape.halo > 0 else 0
    box = kept.box.grown(reach, (frame.shape[0], frame.shape[1]))
    filled = kept.spread(coverage[changed], box)
    support = filled > 0
    height: Float32 | None = None
    absorbance: Float32 | None = None
    if reach:
        grid = Grid.over(box, MOST_CELLS)
        slow = _beside(filled, gape.lip_px, grid)
        near = grid.refine(slow)
        near *= frame[box.slices]
        support |= near > 0
        if gape.lip != 0:
            height = near * (1 - filled) * np.float32(gape.lip)
        if gape.halo > 0:
            cell = max(6 * gape.lip_px, 12.0) / grid.step
            dirt = np.clip(1 + 0.6 * value_noise(grid.shape, max(cell, 2.0), rng), 0, 2)
            absorbance = grid.refine(slow * dirt * np.float32(gape.halo))
            absorbance *= near > 0
    return Fissures(
        box=box,
        support=support,
        coverage=filled,
        albedo=kept.spread(albedo[changed], box, fill=1.0),
        height=height,
        absorbance=absorbance,
        area=float(coverage.sum()),
    )


def _beside(coverage: Float32, reach: float, grid: Grid) -> Float32:
    """Return 1 at the gaps, falling to 0 within `reach` pixels of them; less where they close."""
    rows, cols = grid.shape
    box = grid.box
    small = coverage
    if grid.step > 1:
        whole = (0, rows * grid.step - box.shape[0], 0, cols * grid.step - box.shape[1])
        padded = cv2.copyMakeBorder(coverage, *whole, cv2.BORDER_CONSTANT, value=0)
        small = np.asarray(cv2.resize(padded, (cols, rows), interpolation=cv2.INTER_AREA))
    gap = (small > CLOSED / grid.step).astype(np.uint8)
    if not gap.any():
        return np.zeros(grid.shape, dtype=np.float32)
    distance = cv2.distanceTransform(1 - gap, cv2.DIST_L2, 5) * np.float32(grid.step / reach)
    near = np.clip(1 - distance, 0, 1).astype(np.float32)
    near *= near
    size = 2 * max(round(reach / grid.step), 1) + 1
    opened = cv2.blur(np.minimum(small * grid.step, 1), (size, size))
    held = cv2.blur(gap.astype(np.float32), (size, size))
    near *= np.clip(opened / np.maximum(held, np.float32(1e-6)), 0, 1)
    near[near < FAINTEST] = 0
    return near
