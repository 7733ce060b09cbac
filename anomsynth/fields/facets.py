"""Relief of broken material: self-affine down to the pixel, whatever grid it is drawn on."""

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm

FRACTURE_HURST = 0.8  # Bouchaud, Lapasset and Planes 1990
FACET_PX = 0.35  # blur of the relief: finer facets average out within a pixel
CELL_BLUR = 0.8  # of a coarse grid's relief, cells: what bicubic refinement carries
TILE = 256  # pixels a side of the periodic tile that goes on below a grid's cells


def facets(grid: Grid, slope: float, rng: np.random.Generator) -> Float32:
    """Draw the relief of a fracture surface [1]_.

    Parameters
    ----------
    grid : Grid
        Its cells carry the long waves, a periodic tile those below.
    slope : float
        Root-mean-square slope.
    rng : Generator

    Returns
    -------
    float32 of grid.box.shape, pixels, power spectrum ``k**-(2 H + 2)``

    References
    ----------
    .. [1] E. Bouchaud, G. Lapasset, J. Planes, "Fractal dimension of fractured surfaces",
       Europhysics Letters 13, 1990.
    """
    relief = fbm(grid.shape, FRACTURE_HURST, rng)
    blur = FACET_PX if grid.step == 1 else CELL_BLUR
    relief = np.asarray(cv2.GaussianBlur(relief, (0, 0), blur), dtype=np.float32)
    share = _coarse_share(grid.step)
    relief *= np.float32(slope * math.sqrt(share) * grid.step / _rms_slope(relief))
    if grid.step == 1:
        return relief
    height = grid.refine(relief, smooth=True)
    rows, cols = (np.arange(side) for side in height.shape)
    tile, down, right = _placed_tile(grid.step, rng)
    fine = tile.take((rows + down) % TILE, axis=0).take((cols + right) % TILE, axis=1)
    height += fine * np.float32(slope * math.sqrt(1 - share))
    return height


def fine_facets(
    rows: NDArray[np.intp], cols: NDArray[np.intp], longest: int, rng: np.random.Generator
) -> Float32:
    """Return facets alone: the same relief without waves much longer than `longest` pixels.

    Parameters
    ----------
    rows, cols : (n,) int
        Pixels that are wanted.
    longest : int
        Pixels, > 1.
    rng : Generator
        Draws where the tile lies.

    Returns
    -------
    (n,) float32, pixels, rms slope 1; repeats every 256 pixels
    """
    tile, down, right = _placed_tile(longest, rng)
    return tile.ravel().take((rows + down) % TILE * TILE + (cols + right) % TILE)


def _placed_tile(longest: int, rng: np.random.Generator) -> tuple[Float32, int, int]:
    down, right = (int(start) for start in rng.integers(0, TILE, 2))
    return _tile(longest), down, right


@lru_cache(maxsize=8)
def _tile(longest: int) -> Float32:
    """Return one fixed periodic tile: its place is what is drawn."""
    shape = (TILE, TILE)
    wavenumber = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None, :])
    wavenumber[0, 0] = 1
    power = 2 * (np.pi * wavenumber) ** 2  # of a Gaussian blur of 1 px, in its exponent
    gain = wavenumber ** -(FRACTURE_HURST + 1) * np.exp(-power * FACET_PX**2)
    gain *= -np.expm1(-power * (CELL_BLUR * longest) ** 2)
    white = np.random.default_rng(longest).standard_normal(shape)
    tile = np.fft.irfft2(np.fft.rfft2(white) * gain, s=shape).astype(np.float32)
    return tile / np.float32(_rms_slope(tile))


def _coarse_share(step: int) -> float:
    """Return the share of the slope's variance on wavelengths that a grid holds.

    The slope of a self-affine surface has the power ``k**(1 - 2 H)`` per wave number, so its
    variance up to ``k`` grows as ``k**(2 - 2 H)``.
    """
    if step == 1:
        return 1.0
    return (FACET_PX / (CELL_BLUR * step)) ** (2 - 2 * FRACTURE_HURST)


def _rms_slope(relief: Float32) -> float:
    """Return the root-mean-square slope per cell."""
    down, right = np.diff(relief, axis=0), np.diff(relief, axis=1)
    power = (float(np.mean(part**2)) if part.size else 0.0 for part in (down, right))
    return max(math.sqrt(sum(power)), 1e-9)
