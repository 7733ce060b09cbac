"""Which mechanisms made the real defects: a mixture of them and of none, by expectation maximising.

A. P. Dempster, N. M. Laird, D. B. Rubin, J. R. Stat. Soc. B, 1977; the weights have a Dirichlet
prior, so that few defects move them little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.fitting.space import Cloud

Floats = NDArray[np.float64]

PRIOR = 2.0  # defects' worth of what is believed before any is seen
NONE = 0.1  # of the prior: that no mechanism explains a defect
UNUSUAL = 0.01  # share of the simulated layers themselves that would count as unexplained
STEPS = 100
STILL = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Weights of the mechanisms, and who made what.

    Attributes
    ----------
    weights : (k + 1,) float64
        Of the mechanisms, and last of none; they sum to 1.
    shares : (n, k + 1) float64
        How likely each made each defect; rows sum to 1.
    """

    weights: Floats
    shares: Floats


def floor_of(clouds: Sequence[Cloud]) -> float:
    """Return the log density below which a defect is unlike all that the mechanisms make."""
    own = np.concatenate([cloud.own_density() for cloud in clouds])
    return float(np.quantile(own, UNUSUAL))


def unmix(densities: Floats, floor: float, prior: Floats, counts: Floats) -> Mixture:
    """Find the weights of mechanisms that explain defects best.

    Parameters
    ----------
    densities : (n, k) float64
        Log density of each defect by each mechanism.
    floor : float
        Log density of what no mechanism explains, the same everywhere.
    prior : (k,) float64
        How likely mechanisms are before; sums to 1.
    counts : (n,) float64
        How much each defect counts.
    """
    with_none = np.column_stack([densities, np.full(len(densities), floor)])
    believed = np.append((1 - NONE) * prior, NONE)
    weights = believed
    shares = np.zeros_like(with_none)
    for _ in range(STEPS):
        joint = with_none + np.log(weights)
        joint -= joint.max(axis=1, keepdims=True)
        shares = np.exp(joint)
        shares /= shares.sum(axis=1, keepdims=True)
        fresh = counts @ shares + PRIOR * believed
        fresh /= fresh.sum()
        moved = float(np.abs(fresh - weights).max())
        weights = fresh
        if moved < STILL:
            break
    return Mixture(weights, shares)
