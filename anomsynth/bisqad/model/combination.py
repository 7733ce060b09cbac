"""How much the maps of references count beside a decoder's, by what held-out images say."""

from dataclasses import dataclass
from itertools import chain, combinations

import torch
from torch import Tensor

from anomsynth.bisqad.model.network import image_score

WEIGHTS = (0.25, 0.5, 1.0)  # of all references together; the decoder's is 1
PRIOR = 0.5  # where there are no trusted defects to ask
GIVEN_UP = 0.01  # of quality on trusted defects, for what is unlike them
FAR = 6.0  # units of good photos from which on distances are compressed
TRUE = 0.5  # share of a cell from which on it is defective


@dataclass(frozen=True, slots=True, eq=False)
class MarkedMaps:
    """Maps of held-out images, the decoder's first.

    Attributes
    ----------
    good : (N, 1 + R, h, w)
        Of good photos.
    defects : (M, 1 + R, h, w)
        Of trusted defects.
    masks : (M, h, w) in [0, 1]
        Their truth.
    """

    good: Tensor
    defects: Tensor
    masks: Tensor


def combine(maps: Tensor, weights: Tensor) -> Tensor:
    """Return the decoder's map plus the weighted ones of the references, (B, 1, h, w).

    Distances from good photos grow with a defect's contrast, and references blur its outline: a
    gross defect would drown what the decoder knows of the place. So from `FAR` on they grow by
    their logarithm; without that, pixel AP on toothbrushes was 64 instead of 68 at a weight of 0.5.

    Parameters
    ----------
    maps : (B, 1 + R, h, w)
        Each in units of good photos.
    weights : (R,)
    """
    others = maps[:, 1:]
    others = torch.where(others > FAR, FAR * (1 + (others.clamp(min=FAR) / FAR).log()), others)
    return maps[:, :1] + (weights.to(maps).view(1, -1, 1, 1) * others).sum(1, keepdim=True)


def choose_weights(maps: MarkedMaps) -> Tensor:
    """Return the weights (R,) of the references.

    The trusted defects are synthetic ones as those that the decoder has learned from, so they
    favour it; a real defect may be like none of them, and then the references know more. So the
    best weight on them is not asked for, but the largest one of all references together, up to 1,
    that gives up at most 0.01 of the best quality on them. As many references as that allows share
    it equally. Quality is the mean of image AUROC and pixel AP.
    """
    count = maps.good.shape[1] - 1
    if not len(maps.defects):
        return torch.full((count,), PRIOR / count)
    every = range(count)
    sets = chain.from_iterable(combinations(every, size) for size in range(1, count + 1))
    tried = [(0.0, torch.zeros(count))]
    for chosen in sets:
        for weight in WEIGHTS:
            weights = torch.zeros(count)
            weights[list(chosen)] = weight / len(chosen)
            tried.append((weight, weights))
    rated = [(quality(maps, weights), weight, weights) for weight, weights in tried]
    enough = max(rating for rating, *_ in rated) - GIVEN_UP
    _, _, best = max(
        (one for one in rated if one[0] >= enough),
        key=lambda one: (one[1], int((one[2] > 0).sum()), one[0]),
    )
    return best


def quality(maps: MarkedMaps, weights: Tensor) -> float:
    """Return the mean of image AUROC and pixel average precision, in [0, 1]."""
    good, defects = combine(maps.good, weights), combine(maps.defects, weights)
    images = area_under_roc(image_score(good), image_score(defects))
    values = torch.cat([good.flatten(), defects.flatten()])
    truth = torch.cat([torch.zeros(good.numel()), (maps.masks.cpu() > TRUE).float().flatten()])
    return (images + average_precision(values.cpu(), truth)) / 2


def area_under_roc(low: Tensor, high: Tensor) -> float:
    """Return the chance that one of `high` is above one of `low`; ties count half."""
    above = (high[:, None] > low).double() + 0.5 * (high[:, None] == low).double()
    return float(above.mean())


def average_precision(values: Tensor, truth: Tensor) -> float:
    """Return the mean precision at the true values (N,), from the highest down."""
    ranked = truth[values.argsort(descending=True)].double()
    found = ranked.cumsum(0)
    precision = found / torch.arange(1, len(ranked) + 1)
    return float((precision * ranked).sum() / ranked.sum().clamp_min(1))
