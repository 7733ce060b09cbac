"""Random fields: self-affine and lattice noise."""

import math
from functools import lru_cache

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from anomsynth.core.statistics import mean
from anomsynth.core.types import Float32

MOST_CACHED = 1 << 18  # cells of a filter worth keeping, about half a megabyte
LATTICE_SD = 0.863  # standard deviation of bicubically interpolated white noise, measured


def fbm(shape: tuple[int, int], hurst: float, rng: np.random.Generator) -> Float32:
    """Draw fractional Brownian noise with power spectrum ``k**-(2 hurst + 2)``.

    The field is cut from a larger periodic one, so opposite borders do not match.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    hurst : float in (0, 1)
        Hurst exponent; fracture surfaces have 0.75-0.8 [1]_.
    rng : Generator

    Returns
    -------
    (H, W) float32 with mean 0 and standard deviation 1 (all 0 for a single pixel)

    References
    ----------
    .. [1] E. Bouchaud, G. Lapasset, J. Planes, "Fractal dimension of fractured surfaces",
       Europhysics Letters 13, 1990.
    """
    return _standard(_self_affine(shape, hurst, rng))


def value_noise(
    shape: tuple[int, int],
    cell_px: float,
    rng: np.random.Generator,
    *,
    octaves: int = 1,
    hurst: float = 0.7,
) -> Float32:
    """Draw smooth lattice noise, the cheap stand-in for Perlin noise.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    cell_px : float
        Distance of lattice points, about half a wavelength of the first octave, pixels, > 0.
    rng : Generator
    octaves : int
        Each one halves the cell and has ``2**-hurst`` of the amplitude.
    hurst : float

    Returns
    -------
    (H, W) float32, mean 0 and standard deviation about 1 over many draws; not normalised per
    draw, so a patch smaller than a cell is nearly constant
    """
    total = np.zeros(shape, dtype=np.float32)
    power = 0.0
    for octave in range(octaves):
        cell = max(cell_px / 2**octave, 1.0)
        gain = 2.0 ** (-hurst * octave)
        power += gain**2
        field = _lattice(shape, cell, rng)
        field *= np.float32(gain / LATTICE_SD)
        total += field
    if power != 1:
        total /= np.float32(math.sqrt(power))
    return total


def _lattice(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> Float32:
    # Two nodes of margin keep the replicated border of the interpolation out of the picture.
    nodes = tuple(int(np.ceil(side / cell)) + 5 for side in shape)
    start = rng.uniform(1.5, 2.5, size=2)
    white = rng.standard_normal(nodes, dtype=np.float32)
    scale = np.array([[1 / cell, 0, start[1]], [0, 1 / cell, start[0]]], dtype=np.float64)
    field = cv2.warpAffine(
        white,
        scale,
        (shape[1], shape[0]),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(field, dtype=np.float32).reshape(shape)


def _self_affine(shape: tuple[int, int], hurst: float, rng: np.random.Generator) -> Float32:
    """Shape white noise by a filter on a grid a little larger than `shape`."""
    grid = _fast_size(shape[0]), _fast_size(shape[1])
    cached = grid[0] * grid[1] <= MOST_CACHED
    gain = _gain(grid, hurst) if cached else _gain.__wrapped__(grid, hurst)
    white = rng.standard_normal(grid, dtype=np.float32)
    field = scipy.fft.irfft2(scipy.fft.rfft2(white) * gain, s=grid)
    return np.ascontiguousarray(field[: shape[0], : shape[1]], dtype=np.float32)


def _fast_size(side: int) -> int:
    """Return a side with a fast transform, from a short list so that filters are reused."""
    side = side + max(side // 8, 4)
    unit = max(16, 1 << max(side.bit_length() - 3, 0))
    return -(-side // unit) * unit


@lru_cache(maxsize=32)
def _gain(grid: tuple[int, int], hurst: float) -> Float32:
    """Return the filter's gain on the half plane of `rfft2`; the field has unit variance."""
    down = np.fft.fftfreq(grid[0])[:, None]
    right = np.fft.rfftfreq(grid[1])[None, :]
    wavenumber = np.hypot(down, right)
    wavenumber[0, 0] = 1.0
    gain = wavenumber ** -(hurst + 1)
    gain[0, 0] = 0.0
    return unit_variance(gain, grid)


def unit_variance(gain: NDArray[np.float64], grid: tuple[int, int]) -> Float32:
    """Return a filter, scaled so that it makes a field of unit variance of white noise.

    Parameters
    ----------
    gain : (h, w // 2 + 1) float64
        On the half plane of `rfft2`.
    grid : (h, w)

    Returns
    -------
    float32 of the shape of `gain`, read-only
    """
    # Columns between 0 and Nyquist stand for two frequencies each.
    weight = np.full(gain.shape[1], 2.0)
    weight[0] = 1.0
    if grid[1] % 2 == 0:
        weight[-1] = 1.0
    power = float((gain**2 * weight).sum()) / (grid[0] * grid[1])
    scaled: Float32 = (gain / np.sqrt(max(power, 1e-30))).astype(np.float32)
    scaled.setflags(write=False)
    return scaled


def _standard(field: Float32) -> Float32:
    field = field - mean(field)
    spread = math.sqrt(float(mean(field * field)))
    if spread > 1e-12:
        field *= np.float32(1 / spread)
    return field
