"""Conjugate gradients: solve a linear system from products with its matrix alone."""

from dataclasses import dataclass

import torch
from torch import Tensor

from anomsynth.bisqad.bilevel.gauss_newton import Product


@dataclass(frozen=True, slots=True)
class ConjugateGradients:
    """Solves ``(A + damping I) p = v`` [1]_.

    Of a matrix that is not positive definite the iteration sees a direction of negative curvature;
    it stops there with what it has, which is still a direction of descent [2]_.

    Parameters
    ----------
    iterations : int
        At most.
    tolerance : float
        Stops when the residual's norm falls below this share of |v|.
    damping : float, >= 0

    References
    ----------
    .. [1] Hestenes & Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.
    .. [2] Steihaug, "The conjugate gradient method and trust regions in large scale optimization",
       SIAM J. Numer. Anal. 20(3), 1983.
    """

    iterations: int = 10
    tolerance: float = 1e-3
    damping: float = 0.0

    def __call__(self, product: Product, right: Tensor) -> Tensor:
        """Return the solution (P,) for the right-hand side `right` (P,)."""
        solution = torch.zeros_like(right)
        residual = right.clone()
        direction = residual.clone()
        square = residual @ residual
        enough = self.tolerance**2 * square
        for _ in range(self.iterations):
            if square <= enough:
                break
            applied = product(direction) + self.damping * direction
            curvature = direction @ applied
            if curvature <= 0:
                # Nothing solved yet: the right-hand side itself is the zeroth answer.
                return solution if solution.any() else right.clone()
            length = square / curvature
            solution = solution + length * direction
            residual = residual - length * applied
            before, square = square, residual @ residual
            direction = residual + square / before * direction
        return solution
