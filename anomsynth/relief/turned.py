"""How a surface has turned where its points moved."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32
from anomsynth.relief.chart import chart_of, charted
from anomsynth.relief.normals import REACH, organised_normals
from anomsynth.relief.scan import Scan

OPPOSITE = -0.999  # cosine from which no turn is the shortest
Vectors = NDArray[np.float64]


def normals_of_both(good: Scan, scan: Scan, index: NDArray[np.intp]) -> tuple[Float32, Float32]:
    """Return unit normals of some points on the good part and with its defects, (n, 3) each.

    Parameters
    ----------
    good, scan : Scan
        With as many points.
    index : (n,) int
        Flat indices of points that both have.
    """
    if not scan.organised:
        chart = chart_of(good)
        return chart.normals_at(index), charted(chart, scan).normals_at(index)
    shape = scan.points.shape[0], scan.points.shape[1]
    marked = np.zeros(shape, dtype=np.bool_)
    marked.ravel()[index] = True
    box = Box.around(marked)
    if box is None:
        return np.empty((0, 3), np.float32), np.empty((0, 3), np.float32)
    here = box.grown(REACH + 1, shape).slices
    before, after = (
        organised_normals(one.points[here], scan.facing)[marked[here]] for one in (good, scan)
    )
    return before, after


def turned_with(vectors: Vectors, before: Float32, after: Float32) -> Vectors:
    """Return vectors that turn as the normals of a surface do, the shortest way, (n, 3).

    Parameters
    ----------
    vectors : (n, 3) float64
    before, after : (n, 3) float32
        Unit normals; vectors stay where one is not known.

    Examples
    --------
    >>> up, right = np.float32([[0, 0, 1]]), np.float32([[1, 0, 0]])
    >>> turned_with(np.array([[0.0, 0, -2]]), up, right)
    array([[-2.,  0.,  0.]])
    """
    first, last = before.astype(np.float64), after.astype(np.float64)
    axis = np.cross(first, last)
    cosine = (first * last).sum(axis=1, keepdims=True)
    once = np.cross(axis, vectors)
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = vectors + once + np.cross(axis, once) / (1 + cosine)
    known = np.isfinite(turned).all(axis=1, keepdims=True) & (cosine > OPPOSITE)
    return np.where(known, turned, vectors)
