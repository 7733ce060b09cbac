"""How two sets overlap, by balls around samples that reach to their k-th neighbour.

Precision and recall: T. Kynkaanniemi et al., "Improved precision and recall metric for assessing
generative models", NeurIPS 2019. Density and coverage: M. F. Naeem et al., "Reliable fidelity and
diversity metrics for generative models", ICML 2020. For equal distributions density is 1 and
coverage ``1 - 2^-k``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.sqe.kernel_distance import squared_distances

Floats = NDArray[np.float64]

MANIFOLD = 3  # k of precision and recall
BALLS = 5  # k of density and coverage


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Contributions of single samples; their means are the measures.

    Attributes
    ----------
    precision : (m,)
        1 where a synthetic sample lies in the ball of a real one.
    recall : (n,)
        1 where a real sample lies in the ball of a synthetic one.
    density : (m,)
        Balls of real samples that hold a synthetic one, over k.
    coverage : (n,)
        1 where the ball of a real sample holds a synthetic one.
    """

    precision: Floats
    recall: Floats
    density: Floats
    coverage: Floats


def measure_overlap(real: Floats, synthetic: Floats) -> Overlap:
    """Return the overlap of (n, d) real and (m, d) synthetic features; n and m > 5."""
    between = squared_distances(real, synthetic)
    reach_real, balls = _reaches(real, MANIFOLD), _reaches(real, BALLS)
    reach_synthetic = _reaches(synthetic, MANIFOLD)
    inside = between <= balls[:, None]
    return Overlap(
        precision=np.array((between <= reach_real[:, None]).any(axis=0), dtype=np.float64),
        recall=np.array((between <= reach_synthetic[None, :]).any(axis=1), dtype=np.float64),
        density=inside.sum(axis=0) / BALLS,
        coverage=np.array(inside.any(axis=1), dtype=np.float64),
    )


def _reaches(samples: Floats, k: int) -> Floats:
    """Return the squared distance of each sample to its k-th neighbour."""
    distances = squared_distances(samples, samples)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(np.partition(distances, k - 1, axis=1)[:, k - 1], dtype=np.float64)
