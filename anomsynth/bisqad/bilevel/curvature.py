"""A curvature of the detector's loss that is never negative, for Gauss-Newton products."""

import torch
from torch import Tensor

from anomsynth.bisqad.model.losses import CROSS_ENTROPY_WEIGHT, FOCAL_WEIGHT, SMOOTH, truth_at


def loss_curvature(logits: Tensor, masks: Tensor, weights: Tensor) -> Tensor:
    """Return second derivatives (B, 1, h, w) of the weighted mean loss by the logits, >= 0.

    The convex parts of `sample_losses` at each pixel, with p = sigmoid(z) and q = p (1 - p):
    cross-entropy has curvature q, the focal term that times its frozen factor ``|t - p|^2``, and
    of the Dice ratio O / S the part ``2 O / S^2 q^2`` that comes from the square in S.

    Parameters
    ----------
    logits : (B, 1, h, w)
    masks : (B, H, W) in [0, 1]
    weights : (B,)
    """
    truth = truth_at(logits, masks)
    probability = torch.sigmoid(logits)
    slope = probability * (1 - probability)
    plane = (1, 2, 3)
    pixels = logits[0].numel()
    factor = FOCAL_WEIGHT * (truth - probability).square() + CROSS_ENTROPY_WEIGHT
    overlap = 2 * (probability * truth).sum(plane, keepdim=True) + SMOOTH
    size = probability.square().sum(plane, keepdim=True)
    size = size + truth.square().sum(plane, keepdim=True) + SMOOTH
    defective = (truth.amax(plane, keepdim=True) > 0).to(logits.dtype)
    dice = defective * 2 * overlap / size.square() * slope.square()
    return (factor * slope / pixels + dice) * (weights / len(weights)).view(-1, 1, 1, 1)
