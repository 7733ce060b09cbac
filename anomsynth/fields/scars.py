"""What a region of lost surface looks like: sharp rim, rough floor, another reflectance."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import EDGE_PX

FRACTURE_HURST = 0.8  # Bouchaud, Lapasset and Planes 1990
FLOOR_GRAIN_PX = 0.35  # blur of the floor's relief: finer facets average out within a pixel
CELL_BLUR = 0.8  # of a coarse grid's relief, cells: what bicubic refinement carries
GRAIN_CELLS = 256  # side of the periodic tile that carries on the spectrum below a grid's cells


@dataclass(frozen=True, slots=True)
class Scar:
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
class ScarFields:
    """Arrays of the grid's box, (h, w) float32 but for `support` (bool); `height` in pixels."""

    support: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]"
    coverage: Float32
    albedo: Float32
    height: Float32
    openness: Float32


def break_away(phi: Float32, scar: Scar, grid: Grid, rng: np.random.Generator) -> ScarFields:
    """Turn a signed distance on the grid into fields on the pixels.

    Slow variation is computed on the grid; the outline stays one pixel sharp at any size.

    Parameters
    ----------
    phi : float32 of grid.shape
        Distance from the outline, pixels, > 0 inside.
    scar : Scar
    grid : Grid
    rng : Generator

    Returns
    -------
    ScarFields
        Arrays of grid.box.shape.
    """
    floor = _floor(phi, scar, grid, rng)
    opacity, albedo = _opacity(grid, scar, rng), _albedo(grid, scar, rng)
    # All in place below: a region may cover most of a large picture, and memory is what costs.
    step = grid.refine(phi)
    support = step > -EDGE_PX / 2
    coverage = step * np.float32(1 / EDGE_PX)
    coverage += np.float32(0.5)
    np.clip(coverage, 0, 1, out=coverage)
    scratch = grid.refine(opacity)
    coverage *= scratch
    step *= np.float32(1 / scar.rim_px)
    np.clip(step, 0, 1, out=step)
    np.multiply(step, -2, out=scratch)
    scratch += 3
    scratch *= step
    step *= scratch  # 3 t^2 - 2 t^3: 0 with zero slope on the rim, 1 on the floor
    height = grid.refine(floor, smooth=True)
    if grid.step > 1:
        _add_grain(height, scar, grid.step, rng)
    height -= np.float32(scar.rim_slope * scar.rim_px)
    height *= step
    openness = step
    openness -= 1
    openness *= grid.refine(_rim_shade(grid, scar, rng))
    openness += 1
    np.copyto(openness, 1, where=~support)
    return ScarFields(support, coverage, grid.refine(albedo), height, openness)


def _floor(phi: Float32, scar: Scar, grid: Grid, rng: np.random.Generator) -> Float32:
    """Return the relief of the fracture down to the cells of the grid, pixels."""
    relief = fbm(phi.shape, FRACTURE_HURST, rng)
    blur = FLOOR_GRAIN_PX if grid.step == 1 else CELL_BLUR
    relief = np.asarray(cv2.GaussianBlur(relief, (0, 0), blur), dtype=np.float32)
    share = math.sqrt(_coarse_share(grid.step))
    return relief * np.float32(scar.roughness * share * grid.step / _rms_slope(relief))


def _add_grain(height: Float32, scar: Scar, step: int, rng: np.random.Generator) -> None:
    """Carry the relief on below the grid's cells, in place: a periodic tile, shifted at random."""
    tile = _grain(step)
    scale = np.float32(scar.roughness * math.sqrt(1 - _coarse_share(step)))
    down, right = rng.integers(0, GRAIN_CELLS, 2)
    rows, cols = height.shape
    for top in range(-int(down), rows, GRAIN_CELLS):
        for left in range(-int(right), cols, GRAIN_CELLS):
            here = slice(max(top, 0), top + GRAIN_CELLS), slice(max(left, 0), left + GRAIN_CELLS)
            patch = height[here]
            first = max(-top, 0), max(-left, 0)
            patch += scale * tile[first[0] :, first[1] :][: patch.shape[0], : patch.shape[1]]


@lru_cache(maxsize=8)
def _grain(step: int) -> Float32:
    """Return self-affine relief of wavelengths a grid of `step` px does not hold, rms slope 1."""
    side = (GRAIN_CELLS, GRAIN_CELLS)
    down, right = np.fft.fftfreq(side[0])[:, None], np.fft.rfftfreq(side[1])[None, :]
    wavenumber = np.hypot(down, right)
    wavenumber[0, 0] = 1
    power = 2 * (np.pi * wavenumber) ** 2  # of a Gaussian blur of 1 px, in its exponent
    gain = wavenumber ** -(FRACTURE_HURST + 1) * np.exp(-power * FLOOR_GRAIN_PX**2)
    gain *= -np.expm1(-power * (CELL_BLUR * step) ** 2)
    white = np.random.default_rng(step).standard_normal(side)  # one tile: its place is drawn
    tile = np.fft.irfft2(np.fft.rfft2(white) * gain, s=side).astype(np.float32)
    return tile / np.float32(_rms_slope(tile))


def _coarse_share(step: int) -> float:
    """Return the share of the slope's variance on wavelengths that a grid holds.

    The slope of a self-affine surface has the power ``k**(1 - 2 H)`` per wave number, so its
    variance up to ``k`` grows as ``k**(2 - 2 H)``.
    """
    if step == 1:
        return 1.0
    return (FLOOR_GRAIN_PX / (CELL_BLUR * step)) ** (2 - 2 * FRACTURE_HURST)


def _rms_slope(relief: Float32) -> float:
    """Return the root-mean-square slope per cell."""
    down, right = np.diff(relief, axis=0), np.diff(relief, axis=1)
    power = (float(np.mean(part**2)) if part.size else 0.0 for part in (down, right))
    return max(math.sqrt(sum(power)), 1e-9)


def _opacity(grid: Grid, scar: Scar, rng: np.random.Generator) -> Float32:
    cell = max(scar.size_px / grid.step, 3.0)
    loose = 1.2 * scar.opacity * (1 - scar.opacity)
    uneven = scar.opacity + np.float32(loose) * value_noise(grid.shape, cell, rng)
    return np.clip(uneven, 0.05, 1).astype(np.float32)


def _rim_shade(grid: Grid, scar: Scar, rng: np.random.Generator) -> Float32:
    """Return how dark the foot of the rim is; here and there only, as real breaks show."""
    cell = max(0.7 * scar.size_px / grid.step, 3.0)
    dark = 0.05 + 0.22 * value_noise(grid.shape, cell, rng)
    return np.clip(dark * min(2 * scar.rim_slope, 1.0), 0, 0.4).astype(np.float32)


def _albedo(grid: Grid, scar: Scar, rng: np.random.Generator) -> Float32:
    cell = max(0.8 * scar.size_px / grid.step, 3.0)
    slow = value_noise(grid.shape, cell, rng, octaves=3, hurst=0.6)
    # The variation grows with the contrast: a faint region must not turn into clouds.
    contrast = np.float32(0.03 + 0.1 * max(-np.log(scar.albedo), 0.0))
    return np.asarray(scar.albedo * np.exp(contrast * slow), dtype=np.float32)
