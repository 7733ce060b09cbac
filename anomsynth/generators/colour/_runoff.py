"""Streaks that water draws from a source: carried along, spread sideways, laid down."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

OUTLET = 1.0  # standard deviation of what one cell gives off, cells


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
