"""Mean, spread and quantiles of a few pixels, with a fraction of NumPy's overhead.

All but `order_statistic` return the very number that NumPy's function returns; none accepts an
empty array.
"""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32


def mean(values: Float32) -> np.float32:
    """Return ``values.mean()`` of a float32 array of any shape."""
    return np.float32(float(np.add.reduce(values, axis=None)) / values.size)


def deviation(values: Float32) -> np.float32:
    """Return ``values.std()`` of a float32 array of any shape."""
    off = values - mean(values)
    off *= off
    return np.sqrt(mean(off))


def median(values: Float32) -> np.float32:
    """Return ``np.median(values)`` of a float32 array without NaN."""
    middle = values.size // 2
    parted = np.partition(values, middle, axis=None)
    if values.size % 2:
        return np.float32(parted[middle])
    return np.float32((np.maximum.reduce(parted[:middle]) + parted[middle]) / np.float32(2))


def quantile(values: Float32, share: float) -> np.float32:
    """Return ``np.quantile(values, share)`` of a float32 array without NaN, to its last bit."""
    place = share * (values.size - 1)
    index = int(place)
    parted = np.partition(values, index, axis=None)
    low = parted[index]
    high = np.minimum.reduce(parted[index + 1 :]) if index + 1 < values.size else low
    part = np.float32(place - index)
    rise = high - low
    return np.float32(high - rise * (1 - part) if part >= 0.5 else low + rise * part)


def order_statistic(values: NDArray[np.generic], share: float) -> float:
    """Return the value that `share` of the values lie below: one of them, not interpolated."""
    index = int(share * (values.size - 1))
    return float(np.partition(values, index)[index])
