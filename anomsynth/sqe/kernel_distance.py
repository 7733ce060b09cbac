"""Kernel distances between two sets of features: KID, and MMD with a permutation test."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cubic_kernel(first: Floats, second: Floats) -> Floats:
    """Return ``(x . y / d + 1)^3``, the kernel of KID (Binkowski et al. 2018)."""
    return np.asarray((first @ second.T / first.shape[1] + 1) ** 3, dtype=np.float64)


def gaussian_kernel(first: Floats, second: Floats, width: float) -> Floats:
    """Return ``exp(-|x - y|^2 / (2 width^2))``."""
    return np.asarray(np.exp(-squared_distances(first, second) / (2 * width**2)), dtype=np.float64)


def squared_distances(first: Floats, second: Floats) -> Floats:
    """Return the (n, m) squared Euclidean distances, >= 0."""
    norms = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.asarray(np.maximum(norms - 2 * first @ second.T, 0), dtype=np.float64)


def median_width(pooled: Floats) -> float:
    """Return the median distance between two samples, the usual width (Gretton et al. 2012)."""
    upper = np.triu_indices(len(pooled), 1)
    return max(float(np.sqrt(np.median(squared_distances(pooled, pooled)[upper]))), 1e-9)


def unbiased_mmd2(kernel: Floats, first: Floats, second: Floats) -> Floats:
    """Return the unbiased squared MMD for several weightings of one pooled kernel matrix.

    Parameters
    ----------
    kernel : (n, n)
        Of the pooled samples.
    first, second : (n, r) >= 0
        How often each sample is in either set. Pairs of a sample with itself never count, so
        weights of a bootstrap do not bias the distance.

    Returns
    -------
    (r,), may be below 0
    """
    diagonal = np.diag(kernel)
    pulled = kernel @ second
    between = (first * pulled).sum(axis=0) - (first * second * diagonal[:, None]).sum(axis=0)
    pairs = first.sum(axis=0) * second.sum(axis=0) - (first * second).sum(axis=0)
    within = _within(kernel, diagonal, first) + _within(kernel, diagonal, second)
    return np.asarray(within - 2 * between / pairs, dtype=np.float64)


def permutation_p(kernel: Floats, size: int, rng: np.random.Generator, times: int = 500) -> float:
    """Return how often a random split of the pooled samples is as far apart as this one.

    Parameters
    ----------
    kernel : (n, n)
        The first `size` samples are one set, the others the other.
    """
    count = len(kernel)
    split = np.zeros((count, times + 1))
    split[:size, 0] = 1
    for turn in range(1, times + 1):
        split[rng.permutation(count)[:size], turn] = 1
    distance = unbiased_mmd2(kernel, split, 1 - split)
    return float((1 + np.count_nonzero(distance[1:] >= distance[0])) / (times + 1))


def _within(kernel: Floats, diagonal: Floats, weight: Floats) -> Floats:
    square = weight**2
    total = (weight * (kernel @ weight)).sum(axis=0) - (square * diagonal[:, None]).sum(axis=0)
    pairs = weight.sum(axis=0) ** 2 - square.sum(axis=0)
    return np.asarray(total / np.maximum(pairs, 1e-12), dtype=np.float64)
