"""The hand-made quality estimate of a sample, as inputs of the learned one."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Mask
from anomsynth.sqe.all_terms import TERMS
from anomsynth.sqe.estimator import Estimator, Quality

CERTAIN = 0.01  # scores are taken as at least this far from 0 and 1
NAMES = ("score", *(term.name for term in TERMS))


def term_measure() -> Callable[[NDArray[np.generic], Mask], Sequence[float]]:
    """Return a function from an image and its mask to the logits of score and terms.

    They come in the order of `NAMES`; a term that cannot be measured counts as undecided, 0.
    """
    estimator = Estimator.default()

    def measure(image: NDArray[np.generic], mask: Mask) -> list[float]:
        return logits_of(estimator.score(image, mask))

    return measure


def logits_of(quality: Quality) -> list[float]:
    """Return the logits of score and terms in the order of `NAMES`."""
    rated = (quality.terms.get(term.name, 0.5) for term in TERMS)
    return [logit(value) for value in (quality.score, *rated)]


def logit(share: float) -> float:
    """Return ``ln(s / (1 - s))`` of a share, which is kept away from 0 and 1."""
    inside = min(max(share, CERTAIN), 1 - CERTAIN)
    return math.log(inside / (1 - inside))
