"""Elliptic equations on a box with zero boundary, solved exactly by sine transforms."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dstn, idstn, next_fast_len

from anomsynth.core.pixels import on_channels

Float32 = NDArray[np.float32]
Symbol = Callable[[Float32], Float32]


def solve_screened_poisson(source: Float32, screening: float) -> Float32:
    """Solve ``-lap u + screening * u = source`` with u = 0 one pixel outside the array.

    Parameters
    ----------
    source : (h, w) or (h, w, C) float32
    screening : float, 1 / px**2, >= 0
        Inverse square of the screening length.

    Returns
    -------
    float32, of the shape of `source`

    Notes
    -----
    The five-point Laplacian is diagonal under the type-I sine transform with eigenvalues
    ``2 - 2 cos(pi i / (N + 1))`` per axis, so the solution is exact up to rounding. Boxes are
    padded with zero source to a fast transform size; the boundary moves outwards with them.
    """
    return _solve(source, lambda laplace: laplace + np.float32(screening))


def solve_plate(load: Float32, length: float) -> Float32:
    """Solve ``length**4 lap lap w + w = load`` with w = lap w = 0 outside (simply supported).

    The deflection of a Kirchhoff plate on a Winkler foundation [1]_ in units of load over
    foundation stiffness.

    Parameters
    ----------
    load : (h, w) float32
    length : float
        ``(D / k) ** (1 / 4)``, pixels, >= 0.

    Returns
    -------
    (h, w) float32, in the unit of `load`

    References
    ----------
    .. [1] S. Timoshenko, S. Woinowsky-Krieger, "Theory of Plates and Shells", 2nd ed., 1959, ch. 8.
    """
    stiffness = np.float32(length**4)
    return _solve(load, lambda laplace: stiffness * laplace * laplace + 1)


def inner_laplacian(field: Float32) -> Float32:
    """Return the five-point Laplacian of (h, w, ...) values at all pixels but one at each side."""
    total = field[:-2, 1:-1] + field[2:, 1:-1]
    total += field[1:-1, :-2]
    total += field[1:-1, 2:]
    total -= np.float32(4) * field[1:-1, 1:-1]
    return total


def plate_residual(deflection: Float32, load: Float32, length: float) -> float:
    """Return ``|length**4 lap lap w + w - q| / |q|``, by finite differences.

    Parameters
    ----------
    deflection, load : (h, w) float32, in one unit
    length : float, pixels

    Returns
    -------
    float >= 0, over all pixels but two at each side; 0 where there is no load
    """
    size = float(np.linalg.norm(load))
    if size == 0:
        return 0.0
    if min(load.shape) <= 4:
        return 0.0
    inner = (slice(2, -2), slice(2, -2))
    bend = np.float32(length**4) * inner_laplacian(inner_laplacian(deflection))
    return float(np.linalg.norm(bend + deflection[inner] - load[inner])) / size


def _solve(source: Float32, symbol: Symbol) -> Float32:
    height, width = source.shape[:2]
    rows, cols = _fast_size(height), _fast_size(width)
    spectrum = dstn(source, type=1, s=(rows, cols), axes=(0, 1))
    bent = symbol(_eigenvalues(rows)[:, None] + _eigenvalues(cols)[None, :])
    spectrum /= bent if source.ndim == 2 else on_channels(bent, source.shape[2])
    solution: Float32 = idstn(spectrum, type=1, axes=(0, 1), overwrite_x=True)[:height, :width]
    return np.ascontiguousarray(solution, dtype=np.float32)


def _fast_size(size: int) -> int:
    """Return the next size whose type-I sine transform is fast (2 (N + 1) factors well)."""
    return int(next_fast_len(size + 1, real=True)) - 1 if size > 1 else 1


@lru_cache(maxsize=64)
def _eigenvalues(size: int) -> Float32:
    return (2 - 2 * np.cos(np.pi * np.arange(1, size + 1) / (size + 1))).astype(np.float32)
