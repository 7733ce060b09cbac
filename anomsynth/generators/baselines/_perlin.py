"""Perlin's gradient noise, whose lattice makes the shapes of several baselines."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32


def gradient_noise(
    rows: Float32, cols: Float32, lattice: tuple[int, int], rng: np.random.Generator
) -> Float32:
    """Evaluate gradient noise at places given in cells of its lattice.

    Parameters
    ----------
    rows, cols : float32 arrays that broadcast to one shape
        Coordinates in cells, in [0, `lattice`].
    lattice : (int, int)
        Rows and columns of cells, >= 1.
    rng : Generator

    Returns
    -------
    float32 in [-1, 1], 0 at the lattice's points, of the broadcast shape

    References
    ----------
    .. [1] K. Perlin, "Improving noise", SIGGRAPH 2002; quintic fade ``6 t^5 - 15 t^4 + 10 t^3``.
    """
    turn = rng.uniform(0, 2 * np.pi, (lattice[0] + 1, lattice[1] + 1))
    down, right = np.sin(turn).astype(np.float32), np.cos(turn).astype(np.float32)
    row = np.clip(np.floor(rows), 0, lattice[0] - 1)
    col = np.clip(np.floor(cols), 0, lattice[1] - 1)
    from_row, from_col = rows - row, cols - col
    row_cell, col_cell = row.astype(np.intp), col.astype(np.intp)
    fade_row, fade_col = _fade(from_row), _fade(from_col)
    total = np.zeros(np.broadcast_shapes(rows.shape, cols.shape), dtype=np.float32)
    for step_row in (0, 1):
        for step_col in (0, 1):
            at = (row_cell + step_row, col_cell + step_col)
            ramp = _at(down, *at) * (from_row - step_row)
            ramp += _at(right, *at) * (from_col - step_col)
            ramp *= fade_row if step_row else 1 - fade_row
            ramp *= fade_col if step_col else 1 - fade_col
            total += ramp
    return np.float32(np.sqrt(2)) * total


def _at(field: Float32, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Float32:
    """Look a field up at rows and columns that broadcast; whole rows first on a grid: quicker."""
    if rows.shape[1:] == (1,) and cols.shape[:1] == (1,):
        return field.take(rows[:, 0], axis=0).take(cols[0], axis=1)
    return field[rows, cols]


def _fade(share: Float32) -> Float32:
    return share * share * share * (share * (6 * share - 15) + 10)
