"""How varied a set is: Vendi score and near duplicates."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.sqe.kernel_distance import gaussian_kernel, squared_distances

Floats = NDArray[np.float64]

DUPLICATE = 0.05  # of the median distance between two samples


def vendi_score(features: Floats, width: float, weights: Floats | None = None) -> float:
    """Return the effective number of different samples, in [1, n].

    The exponential of the entropy of the eigenvalues of the similarity matrix over n.

    Parameters
    ----------
    features : (n, d)
    width : float
        Of the Gaussian similarity.
    weights : (n,), optional
        How often each sample is in the set; once by default.

    References
    ----------
    .. [1] D. Friedman and A. B. Dieng, "The Vendi score: a diversity evaluation metric for machine
       learning", TMLR 2023.
    """
    share = np.full(len(features), 1.0) if weights is None else weights
    root = np.sqrt(share / share.sum())
    similarity = root[:, None] * gaussian_kernel(features, features, width) * root
    values = np.linalg.eigvalsh(similarity)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def near_duplicates(features: Floats) -> NDArray[np.bool_]:
    """Tell of each sample whether another one of the set is nearly the same, (n,) bool."""
    distances = np.sqrt(squared_distances(features, features))
    upper = np.triu_indices(len(features), 1)
    limit = DUPLICATE * float(np.median(distances[upper]))
    np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.min(axis=1) <= limit, dtype=np.bool_)
