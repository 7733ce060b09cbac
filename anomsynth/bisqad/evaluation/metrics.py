"""How well a detector finds defects: of images, of pixels, of regions, overall and by kind."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.bisqad.evaluation.aupro import area_of_overlap
from anomsynth.bisqad.evaluation.pixels import Floats, PixelCounts
from anomsynth.dataset.layout import GOOD

METRICS = (
    "image_auroc",
    "image_ap",
    "image_f1",
    "pixel_auroc",
    "pixel_ap",
    "pixel_f1",
    "aupro",
)
ALL, MACRO = "all", "macro"
Row = Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSet:
    """What a detector said about the images of a test set, and the truth.

    Attributes
    ----------
    scores : (N,) float64
        Of the images; higher is more anomalous.
    kinds : (N,) of str
        Kind of defect, "good" for good images.
    pixels : PixelCounts
        Of the same images.
    """

    scores: Floats
    kinds: NDArray[np.str_]
    pixels: PixelCounts

    @property
    def defects(self) -> list[str]:
        """The kinds of defects, sorted."""
        return sorted({str(kind) for kind in self.kinds} - {GOOD})


def measure(
    predictions: PredictionSet, weights: Floats | None = None
) -> dict[str, dict[str, float]]:
    """Return every metric for all defects, for each kind, and the mean over the kinds.

    A kind is measured on its own images and all good ones.

    Parameters
    ----------
    predictions : PredictionSet
    weights : (N,) float64, optional
        How often each image counts, for resampling.

    Returns
    -------
    dict
        Keys "all", the kinds, "macro"; values map the names of `METRICS` to numbers in [0, 1],
        NaN where there is nothing to measure (no truth masks, no good image).
    """
    if weights is None:
        weights = np.ones(len(predictions.scores))
    good = predictions.kinds == GOOD
    table = {ALL: _measure(predictions, weights)}
    kinds = predictions.defects
    for kind in kinds:
        table[kind] = _measure(predictions, weights * (good | (predictions.kinds == kind)))
    table[MACRO] = {name: _mean([table[kind][name] for kind in kinds]) for name in METRICS}
    return table


def rank_metrics(negative: Floats, positive: Floats) -> Floats:
    """Return AUROC, average precision and best F1 from histograms over rising values.

    Parameters
    ----------
    negative, positive : (K,) float64, >= 0
        Weight of good and of defective things in each bin; those in one bin are tied.

    Returns
    -------
    (3,) float64 in [0, 1]
        NaN if either side is empty.

    Notes
    -----
    AUROC is the chance that a defective thing ranks above a good one, ties counting half
    [1]_. Average precision is ``sum (R_k - R_(k-1)) P_k`` without interpolation, best F1
    ``max 2 TP / (positives + TP + FP)``, both over all thresholds. scikit-learn defines them so
    too, but checks its input anew each time, and a bootstrap asks some thousand times.

    References
    ----------
    .. [1] J. Hanley and B. McNeil, "The meaning and use of the area under a receiver operating
       characteristic (ROC) curve", Radiology 143, 1982.
    """
    good, bad = negative.sum(), positive.sum()
    if good <= 0 or bad <= 0:
        return np.full(3, np.nan)
    below = np.cumsum(negative) - negative
    area = np.sum(positive * (below + negative / 2)) / (good * bad)
    hits, alarms = np.cumsum(positive[::-1]), np.cumsum(negative[::-1])
    precision = hits / np.maximum(hits + alarms, 1e-12)
    average = np.sum(precision * positive[::-1]) / bad
    best = np.max(2 * hits / (bad + hits + alarms))
    return np.array([area, average, best])


def rank_scores(scores: Floats, defective: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return `rank_metrics` of things with a score, a label and a weight each, all (N,)."""
    _, place = np.unique(scores, return_inverse=True)
    negative, positive = (
        np.bincount(place, weights * side).astype(np.float64) for side in (~defective, defective)
    )
    return rank_metrics(negative, positive)


def _measure(predictions: PredictionSet, weights: Floats) -> dict[str, float]:
    images = rank_scores(predictions.scores, predictions.kinds != GOOD, weights)
    pixels = predictions.pixels
    counted = weights.astype(np.float32)
    # Weighted sums over images; zero weights are most of a kind's and cost nothing when left out.
    rows = np.flatnonzero(counted > 0)
    negative, positive, overlap = (
        (counted[rows] @ part[rows]).astype(np.float64)
        for part in (pixels.negative, pixels.positive, pixels.overlap)
    )
    places = rank_metrics(negative, positive)
    regions = float(np.sum(weights[rows] * pixels.regions[rows]))
    values = [*images, *places, area_of_overlap(negative, overlap, regions)]
    return dict(zip(METRICS, map(float, values), strict=True))


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
