"""Weights of samples: positive, one on average, never on a few samples alone."""

import torch
from torch import Tensor

LEAST_SHARE = 0.25  # of the samples that always count: effective sample size over number
OTHERS = 5.0  # average samples that each group is taken to have beside its own


def weights_of(
    logits: Tensor, groups: Tensor | None = None, *, least_share: float = LEAST_SHARE
) -> Tensor:
    """Turn quality logits (n,) into weights (n,), > 0, with mean 1.

    ``e_i = sigmoid(logit_i)``, ``w_i = c e_i / m_k``, with m_k the mean of e over the sample's
    group and five more samples of the mean over all, and c such that the mean is 1: samples compete
    within their group, and the mix of kinds and sizes stays much as it was. Then weights are drawn
    towards 1 as far as the floor of the effective sample size asks. Differentiable.

    Parameters
    ----------
    logits : (n,) tensor
        The same for all gives weight 1 for all.
    groups : (n,) int tensor, optional
        Number of the group of each sample, from 0; all of one group by default.
    least_share : float in (0, 1]
        Floor of the effective sample size, as a share of n.
    """
    quality = torch.sigmoid(logits)
    raw = quality if groups is None else quality / _means(quality, groups)[groups]
    weights = raw * (raw.numel() / raw.sum())
    # mean w^2 = 1 + var: shrinking 1 - w by s turns it into 1 + s^2 var, wanted <= 1 / share.
    variance = (weights.square().mean() - 1).clamp(min=0)
    allowed = 1 / least_share - 1
    if variance <= allowed:
        return weights
    return 1 + torch.sqrt(allowed / variance) * (weights - 1)


def _means(quality: Tensor, groups: Tensor) -> Tensor:
    """Return the mean quality of each group, drawn towards that of all where there are few."""
    count = torch.bincount(groups).to(quality)
    total = torch.zeros_like(count).index_add(0, groups, quality)
    return (total + OTHERS * quality.mean()) / (count + OTHERS)


def effective_size(weights: Tensor) -> float:
    """Return the effective sample size ``(sum w)^2 / sum w^2``, in [1, n]; 0 without weights."""
    if weights.numel() == 0:
        return 0.0
    return float(weights.sum().square() / weights.square().sum())


def effective_share(weights: Tensor) -> float:
    """Return the effective sample size as a share of the samples."""
    return effective_size(weights) / max(len(weights), 1)


def spread_penalty(weights: Tensor) -> Tensor:
    """Return ``mean (w - 1)^2``: what leaving equal weights costs."""
    return (weights - 1).square().mean()
