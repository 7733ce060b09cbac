"""What the quality network is given of a sample: hand-made terms, and features around the mask."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from anomsynth.bisqad.model.losses import truth_at
from anomsynth.bisqad.model.network import DetectorNetwork
from anomsynth.core.sample import Quality
from anomsynth.core.types import Mask
from anomsynth.sqe.all_terms import builtin_terms
from anomsynth.sqe.estimator import Estimator

RING = 2  # cells of the level that the ring around a mask is wide
TINY = 1e-3
POOLED = ("inside", "ring", "contrast", "spread", "elsewhere")
CERTAIN = 0.01  # scores are taken as at least this far from 0 and 1
# A plugin's term has its say in the score; what is learned must not depend on what is installed.
TERM_NAMES = ("score", *(term.name for term in builtin_terms()))


def term_measure() -> Callable[[NDArray[np.generic], Mask], Sequence[float]]:
    """Return a function from an image and its mask to the logits of score and terms.

    They come in the order of `TERM_NAMES`; a term that cannot be measured counts as undecided, 0.
    """
    estimator = Estimator.default()

    def measure(image: NDArray[np.generic], mask: Mask) -> list[float]:
        return logits_of(estimator.score(image, mask))

    return measure


def logits_of(quality: Quality) -> list[float]:
    """Return the logits of score and terms in the order of `TERM_NAMES`."""
    rated = (quality.terms.get(term.name, 0.5) for term in builtin_terms())
    return [logit(value) for value in (quality.score, *rated)]


def logit(share: float) -> float:
    """Return ``ln(s / (1 - s))`` of a share, which is kept away from 0 and 1."""
    inside = min(max(share, CERTAIN), 1 - CERTAIN)
    return math.log(inside / (1 - inside))


def pooled_names(levels: int) -> tuple[str, ...]:
    """Return the names of what `pool_features` gives for this many levels."""
    return tuple(f"level{level}_{name}" for level in range(levels) for name in POOLED)


def pool_features(
    features: Sequence[Tensor], masks: Tensor, normal: Sequence[tuple[Tensor, Tensor]]
) -> Tensor:
    """Describe masked samples by features in the mask, in a ring around it, and elsewhere.

    Parameters
    ----------
    features : (B, C, h, w) each, finest first
        What comes after the levels of `normal` is left out.
    masks : (B, H, W) in [0, 1]
    normal : (mean, sd) of each level, (1, C, 1, 1) each
        Of normal photos.

    Returns
    -------
    (B, 5 * levels) float
        Of each level: log deviation from normal inside, in the ring, between the means of the
        two, log spread inside over that outside, and the strongest deviation elsewhere.
        Deviations are root mean squares over channels in units of the normal sd. A mask on a
        sound place differs little from its ring; a flat fill has no spread; a defect outside its
        mask deviates elsewhere.
    """
    columns: list[Tensor] = []
    for level, (mean, sd) in zip(features[: len(normal)], normal, strict=True):
        scaled = (level.to(mean.dtype) - mean) / sd
        inside = truth_at(scaled[:, :1], masks)
        grown = functional.max_pool2d(inside, 2 * RING + 1, stride=1, padding=RING)
        ring = (grown - inside).clamp(min=0)
        rest = 1 - grown
        mean_in, spread_in = _moments(scaled, inside)
        mean_ring, _ = _moments(scaled, ring)
        _, spread_rest = _moments(scaled, rest)
        deviation = scaled.square().mean(1, keepdim=True).sqrt()
        strongest = (deviation * (rest > 0.5)).amax((1, 2, 3))
        columns += [
            _share(deviation, inside),
            _share(deviation, ring),
            (mean_in - mean_ring).square().mean(1).sqrt(),
            spread_in / (spread_rest + TINY),
            strongest,
        ]
    return torch.log(torch.stack(columns, dim=1) + TINY)


def normal_features(detector: DetectorNetwork) -> list[tuple[Tensor, Tensor]]:
    """Return mean and spread of each level's features over normal photos."""
    return [
        (detector.get_buffer(f"mean{level}"), detector.get_buffer(f"scale{level}"))
        for level in range(len(detector.channels))
    ]


def _share(values: Tensor, where: Tensor) -> Tensor:
    """Return the mean (B,) of (B, 1, h, w) values, weighted by `where`."""
    return (values * where).sum((1, 2, 3)) / (where.sum((1, 2, 3)) + TINY)


def _moments(values: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Return weighted means (B, C) and the rms (B,) of the deviations from them."""
    total = where.sum((2, 3)) + TINY
    mean = (values * where).sum((2, 3)) / total
    square = (values.square() * where).sum((2, 3)) / total - mean.square()
    return mean, square.clamp(min=0).mean(1).sqrt()
