"""How good a sample is by the run's own measures, before any learned estimator.

Three terms in [0, 1], and their geometric mean as the score:

- `visibility`: d' of the weakest instance over 3, at most 1 (d' = 3 is seen at once),
- `agreement`: visible pixels over labelled pixels, 1 if the label is all visible change,
- `consistency`: exp(-r / 0.1) of the largest refiner residual r (names ending in ``_residual``).

They come from the very pixels and solvers of the run, so they say whether a sample is what it
claims to be, not whether a detector learns from it.
"""

import math
from collections.abc import Sequence

import numpy as np

from anomsynth.core.sample import Sample

TERMS = ("visibility", "agreement", "consistency")
SEEN_AT_ONCE = 3.0  # d'
RESIDUAL_SCALE = 0.1


def score_terms(sample: Sample) -> dict[str, float]:
    """Return the terms by name, each in [0, 1]."""
    weakest = min((item.visibility for item in sample.instances), default=0.0)
    labelled = int(np.count_nonzero(sample.mask))
    visible = int(np.count_nonzero(sample.strict))
    residuals = [
        value
        for item in sample.instances
        for name, value in item.residuals.items()
        if name.endswith("_residual")
    ]
    return {
        "visibility": _unit(weakest / SEEN_AT_ONCE),
        "agreement": _unit(visible / labelled) if labelled else 0.0,
        "consistency": _unit(math.exp(-max(residuals, default=0.0) / RESIDUAL_SCALE)),
    }


def score(terms: Sequence[float]) -> float:
    """Return the geometric mean of the terms, in [0, 1]."""
    return math.prod(terms) ** (1 / len(terms))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
