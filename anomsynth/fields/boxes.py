"""Boxes around shapes, cut to the picture."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box


def box_of_discs(
    centres: NDArray[np.float64], radii: NDArray[np.float64], margin: float, shape: tuple[int, int]
) -> Box:
    """Return the box of (N, 2) discs with a margin, cut to an image of `shape`, never empty."""
    reach = radii[:, None]
    return box_around(np.concatenate([centres - reach, centres + reach]), margin, shape)


def box_around(corners: NDArray[np.float64], margin: float, shape: tuple[int, int]) -> Box:
    """Return the box of some points with a margin, cut to an image of `shape`, never empty."""
    low = np.floor(corners.min(axis=0) - margin).astype(int)
    high = np.ceil(corners.max(axis=0) + margin).astype(int) + 1
    top, left = (min(max(int(low[axis]), 0), shape[axis] - 1) for axis in (0, 1))
    bottom = min(max(int(high[0]), top + 1), shape[0])
    right = min(max(int(high[1]), left + 1), shape[1])
    return Box(top, left, bottom, right)
