"""What a region of lost surface looks like: sharp rim, rough floor, another reflectance."""

from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.facets import facets
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import EDGE_PX


@dataclass(frozen=True, slots=True)
class BrokenRegion:
    """Floor and rim of a region whose surface broke away.

    Attributes
    ----------
    albedo : float
        Mean reflectance of the floor relative to the surface.
    opacity : float in (0, 1]
        Share of the old surface that is gone.
    roughness : float
        Root-mean-square slope of the floor.
    rim_slope : float
        Mean slope of the step at the rim.
    rim_px : float
        Width of that step, pixels.
    size_px : float
        Typical radius of the region, pixels.
    """

    albedo: float
    opacity: float
    roughness: float
    rim_slope: float
    rim_px: float
    size_px: float


@dataclass(frozen=True, slots=True, eq=False)
class BrokenRegionFields:
    """Arrays of the grid's box, (h, w) float32 but for `support` (bool); `height` in pixels."""

    support: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]"
    coverage: Float32
    albedo: Float32
    height: Float32
    openness: Float32


def break_away(
    phi: Float32, region: BrokenRegion, grid: Grid, rng: np.random.Generator
) -> BrokenRegionFields:
    """Turn a signed distance on the grid into fields on the pixels.

    Slow variation is computed on the grid; the outline stays one pixel sharp at any size.

    Parameters
    ----------
    phi : float32 of grid.shape
        Distance from the outline, pixels, > 0 inside.
    region : BrokenRegion
    grid : Grid
    rng : Generator

    Returns
    -------
    BrokenRegionFields
        Arrays of grid.box.shape.
    """
    height = facets(grid, region.roughness, rng)
    opacity, albedo = _opacity(grid, region, rng), _albedo(grid, region, rng)
    # All in place below: a region may cover most of a large picture, and memory is what costs.
    step = grid.refine(phi)
    support = step > -EDGE_PX / 2
    coverage = step * np.float32(1 / EDGE_PX)
    coverage += np.float32(0.5)
    np.clip(coverage, 0, 1, out=coverage)
    scratch = grid.refine(opacity)
    coverage *= scratch
    step *= np.float32(1 / region.rim_px)
    np.clip(step, 0, 1, out=step)
    np.multiply(step, -2, out=scratch)
    scratch += 3
    scratch *= step
    step *= scratch  # 3 t^2 - 2 t^3: 0 with zero slope on the rim, 1 on the floor
    height -= np.float32(region.rim_slope * region.rim_px)
    height *= step
    openness = step
    openness -= 1
    openness *= grid.refine(_rim_shade(grid, region, rng))
    openness += 1
    np.copyto(openness, 1, where=~support)
    return BrokenRegionFields(support, coverage, grid.refine(albedo), height, openness)


def _opacity(grid: Grid, region: BrokenRegion, rng: np.random.Generator) -> Float32:
    cell = max(region.size_px / grid.step, 3.0)
    loose = 1.2 * region.opacity * (1 - region.opacity)
    uneven = region.opacity + np.float32(loose) * value_noise(grid.shape, cell, rng)
    return np.clip(uneven, 0.05, 1).astype(np.float32)


def _rim_shade(grid: Grid, region: BrokenRegion, rng: np.random.Generator) -> Float32:
    """Return how dark the foot of the rim is; here and there only, as real breaks show."""
    cell = max(0.7 * region.size_px / grid.step, 3.0)
    dark = 0.05 + 0.22 * value_noise(grid.shape, cell, rng)
    return np.clip(dark * min(2 * region.rim_slope, 1.0), 0, 0.4).astype(np.float32)


def _albedo(grid: Grid, region: BrokenRegion, rng: np.random.Generator) -> Float32:
    cell = max(0.8 * region.size_px / grid.step, 3.0)
    slow = value_noise(grid.shape, cell, rng, octaves=3, hurst=0.6)
    # The variation grows with the contrast: a faint region must not turn into clouds.
    contrast = np.float32(0.03 + 0.1 * max(-np.log(region.albedo), 0.0))
    return np.asarray(region.albedo * np.exp(contrast * slow), dtype=np.float32)
