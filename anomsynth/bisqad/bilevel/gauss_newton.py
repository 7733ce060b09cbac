"""Products with the Gauss-Newton matrix of a loss, which is never formed."""

from collections.abc import Callable

import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]  # parameters (P,) -> scalar
Losses = Callable[[Tensor], Tensor]  # parameters (P,) -> one loss a sample, (n,)
Product = Callable[[Tensor], Tensor]  # direction (P,) -> matrix times direction, (P,)


def gradient(loss: Loss, theta: Tensor) -> Tensor:
    """Return the gradient (P,) of a loss at the parameters `theta` (P,), detached."""
    at = theta.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(loss(at), at)
    return slope


def gauss_newton_product(
    outputs: Callable[[Tensor], Tensor], curvature: Callable[[Tensor], Tensor], theta: Tensor
) -> Product:
    """Return ``z -> J^T D J z``, positive semidefinite whatever the network [1]_.

    Parameters
    ----------
    outputs : callable
        Parameters (P,) -> outputs of the network of any shape, with Jacobian J.
    curvature : callable
        Outputs -> diagonal D of the loss's second derivatives, same shape, >= 0.
    theta : (P,) tensor

    References
    ----------
    .. [1] Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent",
       Neural Computation 14(7), 2002.
    """
    at = theta.detach().requires_grad_()
    with torch.enable_grad():
        out = outputs(at)
        # J z is the derivative of (J^T u) . z with respect to u: two reverse passes, no
        # forward-mode rule is needed.
        probe = torch.zeros_like(out, requires_grad=True)
        (pulled,) = torch.autograd.grad(out, at, probe, create_graph=True)
    weight = curvature(out.detach())

    def product(direction: Tensor) -> Tensor:
        (pushed,) = torch.autograd.grad(pulled, probe, direction, retain_graph=True)
        (turned,) = torch.autograd.grad(out, at, weight * pushed, retain_graph=True)
        return turned

    return product
