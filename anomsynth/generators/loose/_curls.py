"""Lines with a bend of their own."""

import numpy as np

from anomsynth.fields.paths import Float64


def curled(line: Float64, turn: float) -> Float64:
    """Add an even curvature to a line, keeping its length and its first point.

    Parameters
    ----------
    line : (N, 2) float64, N >= 2
        Rows and columns.
    turn : float
        Angle by which the bend turns from the first to the last step, radians; half of it to
        either side of the line's own direction.
    """
    step = np.diff(line, axis=0)
    extra = np.linspace(-0.5, 0.5, len(step)) * turn
    cos, sin = np.cos(extra), np.sin(extra)
    row, col = step[:, 0], step[:, 1]
    bent = np.empty_like(line)
    bent[0] = line[0]
    bent[1:, 0] = line[0, 0] + np.cumsum(row * cos + col * sin)
    bent[1:, 1] = line[0, 1] + np.cumsum(col * cos - row * sin)
    return bent
