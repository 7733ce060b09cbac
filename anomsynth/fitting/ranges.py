"""Ranges of a mechanism's parameters that fit the real defects, widened as far as chance asks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import CountRange, LogRange, Range
from anomsynth.core.rng import stream

Floats = NDArray[np.float64]

TAILS = (0.05, 0.95)  # quantiles of the layers that look like the real defects
RESAMPLED = 200  # draws of the bootstrap
DOUBT = (0.1, 0.9)  # quantiles of the bootstrap's low and high ends
NARROW = 0.75  # of the width of what was drawn from: wider ranges say nothing new
DIGITS = 3  # that a number of a recipe has


@dataclass(frozen=True, slots=True)
class Fit:
    """A range found for a parameter.

    Attributes
    ----------
    low, high : float
    share : float
        Its width over that of the range that was drawn from, in that range's own scale.
    """

    low: float
    high: float
    share: float


def fit_range(values: Floats, likeness: Floats, span: Range, name: str) -> Fit:
    """Return the range of a parameter among the layers that look like the real defects.

    Parameters
    ----------
    values : (m,) float64
        What was drawn for each layer.
    likeness : (n, m) float64
        How much each real defect (that counts for this mechanism) says for each layer; a row sums
        to what the defect counts.
    span : Range
        What was drawn from.
    name : str
        Keys the bootstrap's stream.
    """
    scale = np.log if isinstance(span, LogRange) else np.asarray
    order = np.argsort(values)
    placed = np.asarray(scale(values[order]), np.float64)
    weights = likeness[:, order]
    count = max(len(weights), 1)
    drawn = stream(0, "fit", "bootstrap", name).multinomial(
        count, np.full(count, 1 / count), RESAMPLED
    )
    ends = np.array([_ends(placed, row @ weights) for row in drawn.astype(np.float64)])
    low = float(np.quantile(ends[:, 0], DOUBT[0]))
    high = float(np.quantile(ends[:, 1], DOUBT[1]))
    # The range of a few values from a wider one: what lies between them is (n - 1) / (n + 1) of it.
    seen = max(_effective(likeness), 1.0)
    slack = (high - low) / seen / 2
    least, most = float(scale(np.float64(span.low))), float(scale(np.float64(span.high)))
    low, high = max(low - slack, least), min(high + slack, most)
    share = (high - low) / max(most - least, 1e-12)
    if isinstance(span, LogRange):
        low, high = float(np.exp(low)), float(np.exp(high))
    if isinstance(span, CountRange):
        low, high = float(np.floor(low)), float(np.ceil(high))
    low, high = _rounded(low), _rounded(high)
    return Fit(max(low, span.low), max(min(high, span.high), span.low), share)


def informative(fits: Mapping[str, Fit]) -> dict[str, Fit]:
    """Return the ranges that are clearly narrower than what was drawn from."""
    return {name: fit for name, fit in fits.items() if fit.share < NARROW}


def _ends(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the weighted quantiles `TAILS` of sorted values."""
    total = weights.sum()
    if total <= 0:
        return float(values[0]), float(values[-1])
    reached = (np.cumsum(weights) - weights / 2) / total
    low, high = np.interp(TAILS, reached, values)
    return float(low), float(high)


def _effective(likeness: Floats) -> float:
    """Return how many real defects stand behind it: rows that hardly count, count little."""
    return float(likeness.sum())


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
