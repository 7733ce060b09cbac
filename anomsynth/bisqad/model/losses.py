"""What a wrong map costs, sample by sample so that each can be weighted, and its curvature."""

import torch
from torch import Tensor
from torch.nn import functional

FOCAL_WEIGHT, CROSS_ENTROPY_WEIGHT = 20.0, 0.2
SMOOTH = 1.0  # pixels added to both sides of the Dice ratio


def sample_losses(logits: Tensor, masks: Tensor) -> Tensor:
    """Return the loss (B,) of each sample: focal and plain cross-entropy, and Dice.

    Parameters
    ----------
    logits : (B, 1, h, w) float
    masks : (B, 1, H, W) or (B, H, W), bool or in [0, 1]
        Truth, at the logits' size or a multiple of it; shares of a cell are kept as soft truth.

    Returns
    -------
    (B,) float, >= 0
        Of the logits' type, differentiable as often as wanted.

    Raises
    ------
    ValueError
        If the masks are of another number than the logits.

    Notes
    -----
    With p = sigmoid(z), truth t and cross-entropy c = -t log p - (1 - t) log(1 - p), a sample
    costs ``20 mean(|t - p|^2 c) + 0.2 mean(c) + D``: the focal term [1]_ (for soft truth) stops
    the many easy pixels from drowning the few hard ones, plain cross-entropy keeps a gradient
    where |t - p| is small. The Dice term ``D = 1 - (2 sum pt + 1) / (sum p^2 + sum t^2 + 1)``
    [2]_ weighs a small defect like a large one; a normal sample (t = 0 everywhere) has none, for
    there it would only ask again for p = 0, scaled by the size of the picture.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017.
    .. [2] F. Milletari et al., "V-Net", 3DV 2016.
    """
    truth = truth_at(logits, masks)
    probability = torch.sigmoid(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    hard = (truth - probability).square() * entropy
    plane = (1, 2, 3)
    pixelwise = FOCAL_WEIGHT * hard.mean(plane) + CROSS_ENTROPY_WEIGHT * entropy.mean(plane)
    overlap = 2 * (probability * truth).sum(plane) + SMOOTH
    size = probability.square().sum(plane) + truth.square().sum(plane) + SMOOTH
    defective = (truth.amax(plane) > 0).to(logits.dtype)
    return pixelwise + defective * (1 - overlap / size)


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


def truth_at(logits: Tensor, masks: Tensor) -> Tensor:
    """Return masks as (B, 1, h, w) of the logits' type and size: the share of each cell."""
    truth = masks.to(logits.dtype)
    if truth.ndim == 3:
        truth = truth[:, None]
    if len(truth) != len(logits):
        msg = f"{len(truth)} masks for {len(logits)} maps"
        raise ValueError(msg)
    if truth.shape[-2:] != logits.shape[-2:]:
        truth = functional.adaptive_avg_pool2d(truth, (logits.shape[-2], logits.shape[-1]))
    return truth
