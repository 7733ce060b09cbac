"""How rust spreads: patches that nucleate and round off, streaks that water draws from them."""

from functools import lru_cache

import cv2
import numpy as np
import scipy.fft

from anomsynth.core.types import Float32
from anomsynth.fields.noise import unit_variance

LARGEST_STEP = 0.15  # of time: with the reaction, checkerboards grow from 0.2 on
OUTLET = 1.0  # standard deviation of what one cell gives off, cells


def band_noise(
    shape: tuple[int, int], wavelength: float, band: float, rng: np.random.Generator
) -> Float32:
    """Draw Gaussian noise of about one wavelength: the early stage of phase separation [1]_.

    The area above a threshold t is Phi(-t): worms at t = 0, islands above 0.6.

    Parameters
    ----------
    shape : (int, int)
    wavelength : float
        Cells, >= 2.
    band : float
        Relative width of the band of wave numbers: 0.15-0.4 gives even worms, 0.8 all sizes.
    rng : Generator

    Returns
    -------
    (H, W) float32, variance 1 over many draws

    References
    ----------
    .. [1] J. W. Cahn, "Phase separation by spinodal decomposition in isotropic systems", Journal
       of Chemical Physics 42, 1965.
    """
    # A quarter more than needed, so that opposite borders do not match.
    grid = tuple(scipy.fft.next_fast_len(side + max(side // 4, 4), real=True) for side in shape)
    gain = _band_gain((grid[0], grid[1]), round(max(wavelength, 2.0), 1), round(band, 2))
    white = rng.standard_normal(grid, dtype=np.float32)
    field = scipy.fft.irfft2(scipy.fft.rfft2(white) * gain, s=grid)
    return np.ascontiguousarray(field[: shape[0], : shape[1]], dtype=np.float32)


@lru_cache(maxsize=16)
def _band_gain(grid: tuple[int, int], wavelength: float, band: float) -> Float32:
    down = np.fft.fftfreq(grid[0])[:, None]
    right = np.fft.rfftfreq(grid[1])[None, :]
    detuned = (np.hypot(down, right) * wavelength - 1) / band
    gain = np.exp(-(detuned**2) / 4)
    gain[0, 0] = 0.0
    return unit_variance(gain, grid)


def coarsen(phase: Float32, time: float) -> Float32:
    """Let fronts between the phases -1 and 1 move by their curvature (Allen & Cahn 1979).

    ``c_t = lap c + c - c**3`` by explicit steps. A disc of either phase shrinks with
    ``dA/dt = -2 pi``.

    Parameters
    ----------
    phase : (h, w) float32, about [-1, 1]
    time : float >= 0
        In units where interfaces are about 2.8 cells wide.

    Returns
    -------
    (h, w) float32, a new array; no flux through the border
    """
    steps = int(np.ceil(time / LARGEST_STEP))
    state = phase.copy()
    if steps == 0:
        return state
    pace = np.float32(time / steps)
    for _ in range(steps):
        laplacian = cv2.Laplacian(state, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REPLICATE)
        state += pace * (laplacian + state - state * state * state)
    return state


def run_off(source: Float32, spread: float, decay: float, lean: float = 0.0) -> Float32:
    """Solve ``v c_y = D c_xx - lambda c + S`` down the rows.

    Parameters
    ----------
    source : (h, w) float32 >= 0
        What each cell gives off.
    spread : float >= 0
        ``D / v`` in cells: the variance of a plume grows by ``2 D / v`` a row.
    decay : float > 0
        Rows after which 1/e is left, ``v / lambda``.
    lean : float
        Columns by which the flow moves sideways in a row.

    Returns
    -------
    (h, w) float32 >= 0, without the source's own row

    Notes
    -----
    Each wave number along a row obeys a first-order recursion. The row is padded, so that nothing
    that leaves on one side enters on the other.
    """
    height, width = source.shape
    length = scipy.fft.next_fast_len(2 * width, real=True)
    wave = 2 * np.pi * scipy.fft.rfftfreq(length)
    step = np.exp(-(spread * wave**2) - 1 / decay - 1j * wave * lean).astype(np.complex64)
    # An outlet is about a cell wide; sharper ones would ring where the flow leans.
    given = scipy.fft.rfft(source, n=length, axis=1) * np.exp(-((OUTLET * wave) ** 2) / 2)
    given = given.astype(np.complex64)
    carried = np.empty_like(given)
    state = np.zeros(given.shape[1], dtype=given.dtype)
    for row in range(height):
        carried[row] = state
        state = (state + given[row]) * step
    plume = scipy.fft.irfft(carried, n=length, axis=1)[:, :width]
    return np.maximum(plume, 0).astype(np.float32)
