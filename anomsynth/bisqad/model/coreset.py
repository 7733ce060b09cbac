"""A few points that stand for many."""

import torch
from torch import Tensor


def farthest_points(points: Tensor, count: int) -> Tensor:
    """Return the places (count,) of points (N, d) that cover the others best, one by one [1]_.

    Begins with the first; each next one is the farthest from all before. No other choice of as
    many leaves less than half the largest distance to the nearest.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
       Computer Science 38, 1985.
    """
    square = points.square().sum(1)
    chosen = torch.zeros(count, dtype=torch.int64)
    least = torch.full((len(points),), torch.inf)
    for nth in range(1, count):
        last = chosen[nth - 1]
        least = torch.minimum(least, square + square[last] - 2 * points @ points[last])
        chosen[nth] = least.argmax()
    return chosen
