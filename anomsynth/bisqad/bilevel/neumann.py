"""The Neumann series: an inverse as a sum of powers, cut off where it is good enough."""

from dataclasses import dataclass

import torch
from torch import Tensor

from anomsynth.bisqad.bilevel.hvp import Product

POWER_ITERATIONS = 10


@dataclass(frozen=True, slots=True)
class NeumannSeries:
    """Approximates ``A^-1 v`` by ``a sum_{j=0..terms} (I - a A)^j v`` [1]_.

    For A with eigenvalues in [mu, lambda] and a = 1 / lambda the error is at most
    ``(1 - a mu)^(terms + 1) |v| / mu``.

    Parameters
    ----------
    terms : int, >= 0
        0 gives ``a v``, the direction of one unrolled step.
    rate : float or None
        The factor a; None takes 1 / lambda, by power iterations from `right` on.

    References
    ----------
    .. [1] Lorraine, Vicol & Duvenaud, "Optimizing millions of hyperparameters by implicit
       differentiation", AISTATS 2020.
    """

    terms: int = 10
    rate: float | None = None

    def __call__(self, product: Product, right: Tensor) -> Tensor:
        """Return the approximate solution (P,) for the right-hand side `right` (P,)."""
        rate = self.rate
        if rate is None:
            rate = 1 / max(largest_eigenvalue(product, right), torch.finfo(right.dtype).tiny)
        power, total = right.clone(), right.clone()
        for _ in range(self.terms):
            power = power - rate * product(power)
            total = total + power
        return rate * total


def largest_eigenvalue(product: Product, start: Tensor) -> float:
    """Return the largest eigenvalue by size, by power iterations from `start` (P,) on.

    Raises
    ------
    ValueError
        If `start` is zero.
    """
    vector = start / torch.linalg.vector_norm(start)
    if not bool(torch.isfinite(vector).all()):
        msg = "power iterations cannot start from a zero vector"
        raise ValueError(msg)
    size = 0.0
    for _ in range(POWER_ITERATIONS):
        turned = product(vector)
        size = float(torch.linalg.vector_norm(turned))
        if size == 0:
            break
        vector = turned / size
    return size
