"""Weights of samples: positive, one on average, never on a few samples alone."""

import torch
from torch import Tensor

LARGEST = 2.0  # of a weight before normalising
LEAST_SHARE = 0.25  # of the samples that always count: effective sample size over number


def weights_of(logits: Tensor, *, least_share: float = LEAST_SHARE) -> Tensor:
    """Turn quality logits (n,) into weights (n,), > 0, with mean 1.

    ``e_i = 2 sigmoid(logit_i)``, ``w_i = n e_i / sum e``; then weights are drawn towards 1 as far
    as the floor of the effective sample size asks. Differentiable.

    Parameters
    ----------
    logits : (n,) tensor
        0 for all gives weight 1 for all.
    least_share : float in (0, 1]
        Floor of the effective sample size, as a share of n.
    """
    raw = LARGEST * torch.sigmoid(logits)
    weights = raw * (raw.numel() / raw.sum())
    # mean w^2 = 1 + var: shrinking 1 - w by s turns it into 1 + s^2 var, wanted <= 1 / share.
    variance = (weights.square().mean() - 1).clamp(min=0)
    allowed = 1 / least_share - 1
    if variance <= allowed:
        return weights
    return 1 + torch.sqrt(allowed / variance) * (weights - 1)


def effective_size(weights: Tensor) -> float:
    """Return the effective sample size ``(sum w)^2 / sum w^2``, in [1, n]; 0 without weights."""
    if weights.numel() == 0:
        return 0.0
    return float(weights.sum().square() / weights.square().sum())


def spread_penalty(weights: Tensor) -> Tensor:
    """Return ``mean (w - 1)^2``: what leaving equal weights costs."""
    return (weights - 1).square().mean()
