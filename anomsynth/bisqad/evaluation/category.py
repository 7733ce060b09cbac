"""The numbers of one category of a test set, with intervals."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anomsynth.bisqad.evaluation.bootstrap import Interval, intervals
from anomsynth.bisqad.evaluation.metrics import PredictionSet, measure
from anomsynth.bisqad.evaluation.pixels import count_pixels
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction
from anomsynth.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The result of one category.

    Attributes
    ----------
    category : str
    images : mapping
        Number of images that were looked at, by kind.
    unlocated : int
        Defects without a marked pixel: they count for images, not for pixels.
    grouped : bool
        Whether objects were resampled, not images.
    resamples : int
    values : mapping
        See `metrics.measure`.
    intervals : mapping
        See `bootstrap.intervals`; empty without resamples.
    """

    category: str
    images: Mapping[str, int]
    unlocated: int
    grouped: bool
    resamples: int
    values: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]]

    def as_json(self) -> dict[str, object]:
        """Return numbers only; None where a metric is not defined."""
        return {
            "category": self.category,
            "images": dict(self.images),
            "defects_without_marked_pixels": self.unlocated,
            "resampled": "objects" if self.grouped else "images",
            "resamples": self.resamples,
            "metrics": {
                subset: {name: self._entry(subset, name) for name in row}
                for subset, row in self.values.items()
            },
        }

    def _entry(self, subset: str, name: str) -> dict[str, float | None]:
        entry = {"value": _number(self.values[subset][name])}
        if self.intervals:
            low, high = self.intervals[subset][name]
            entry |= {"low": _number(low), "high": _number(high)}
        return entry


def evaluate_category(
    predictions: Sequence[LabelledPrediction], *, resamples: int, seed: int = 0
) -> Evaluation:
    """Measure what a detector said about the test images of one category.

    Pixels are compared at the run's size, where a mask is on if it covers a quarter of a pixel.

    Parameters
    ----------
    predictions : sequence of LabelledPrediction
    resamples : int
        For the intervals; 0 for none.
    seed : int

    Raises
    ------
    InputError
        If no good image or no defect could be read.
    """
    kinds = np.array([item.labelled.kind for item in predictions])
    if len({item.labelled.good for item in predictions}) < 2:
        msg = "no good images or no defects are left to compare"
        raise InputError(msg, hint="see which files could not be read")
    maps = [item.prediction.map for item in predictions]
    truths = [item.truth for item in predictions]
    scores = np.array([item.prediction.score for item in predictions])
    scored = PredictionSet(scores, kinds, count_pixels(maps, truths))
    groups = [item.group for item in predictions]
    return Evaluation(
        category=predictions[0].labelled.category,
        images=dict(sorted(Counter(map(str, kinds)).items())),
        unlocated=sum(truth is None for truth in truths),
        grouped=any(item.group != item.labelled.id for item in predictions),
        resamples=resamples,
        values=measure(scored),
        intervals=intervals(scored, groups, count=resamples, seed=seed) if resamples else {},
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
