"""How far a measured number would move if other parts had been photographed."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from anomsynth.bisqad.evaluation.metrics import METRICS, PredictionSet, measure
from anomsynth.bisqad.evaluation.pixels import Floats
from anomsynth.core.rng import stream

LEVEL = 0.95
Interval = tuple[float, float]


def intervals(
    predictions: PredictionSet, groups: Sequence[str], *, count: int, seed: int = 0
) -> dict[str, dict[str, Interval]]:
    """Return the 95 % interval of every number of `measure`, by the percentile bootstrap [1]_.

    Parameters
    ----------
    predictions : PredictionSet
    groups : N of str
        The physical object on each image; images of one object are drawn together. With one
        group an image, images are drawn.
    count : int, >= 1
        Resamples.
    seed : int
        Resample i is the same for every detector, so differences can be paired.

    Returns
    -------
    dict
        As `measure`, with (low, high); NaN where the metric is not defined.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    drawn: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(count):
        weights = resample(predictions, groups, stream(seed, "bootstrap", number))
        for subset, row in measure(predictions, weights).items():
            for name, value in row.items():
                drawn[subset][name].append(value)
    return {
        subset: {name: _interval(row[name]) for name in METRICS} for subset, row in drawn.items()
    }


def resample(predictions: PredictionSet, groups: Sequence[str], rng: np.random.Generator) -> Floats:
    """Draw objects with replacement and return how often each image counts, (N,) float64.

    Objects that show the same kinds of defects are drawn among each other, so every resample has
    good images and each kind.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    strata: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for group, images in members.items():
        shown = tuple(sorted({str(predictions.kinds[index]) for index in images}))
        strata[shown].append(group)
    weights = np.zeros(len(predictions.scores))
    for shown in sorted(strata):
        names = strata[shown]
        for pick in rng.integers(0, len(names), len(names)):
            weights[members[names[pick]]] += 1
    return weights


def _interval(values: Sequence[float]) -> Interval:
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
