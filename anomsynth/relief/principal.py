"""The plane in which a cloud of points spreads most."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32
from anomsynth.errors import InputError

ENOUGH = 1 << 16  # points from which the axes are found
SLENDER = 1e-3  # second extent over the first: below, the points lie on a line


def principal_axes(points: Float32, path: Path | None = None) -> NDArray[np.float64]:
    """Return the axes of a cloud, by how far it spreads along them, (3, 3) float64, one a row.

    They are right-handed; each of the first two has its largest component positive.

    Parameters
    ----------
    points : (N, 3) float32
        All measured.
    path : Path, optional
        For the message.

    Raises
    ------
    InputError
        If all points lie on a line.

    Examples
    --------
    >>> rows, cols = np.mgrid[:4, :9].astype(np.float32)
    >>> principal_axes(np.stack([rows.ravel(), cols.ravel(), 0 * rows.ravel()], axis=1))[0]
    array([0., 1., 0.])
    """
    some = points[:: max(len(points) // ENOUGH, 1)].astype(np.float64)
    away = some - some.mean(axis=0)
    variances, vectors = np.linalg.eigh(away.T @ away / len(away))
    if not variances[1] > SLENDER**2 * variances[2]:
        where = f"{path}: " if path is not None else ""
        msg = f"{where}its points lie on a line"
        raise InputError(msg, hint="a part needs a surface: remove the file from the input")
    first, second = (
        axis * np.sign(axis[np.argmax(np.abs(axis))]) for axis in (vectors[:, 2], vectors[:, 1])
    )
    return np.stack([first, second, np.cross(first, second)])
