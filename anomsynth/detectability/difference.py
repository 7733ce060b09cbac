"""Two inspections of the same flaws: by how much their a90 differ, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from anomsynth.core.rng import stream
from anomsynth.detectability.likelihood import Float64, Link, hit_terms, maximize, quantile

LEVEL = 0.95  # of the interval, on both sides together
RESAMPLES = 2000
TOGETHER = 200  # resamples that are fitted at once
FEWEST_GROUPS = 10  # photos; with fewer, flaws are drawn
MOST_LOST = 0.05  # share of resamples whose curves may not rise


@dataclass(frozen=True, slots=True)
class Difference:
    """The a90 of an inspection less that of another on the same flaws.

    Attributes
    ----------
    value : float
        Second less first, in the unit of the sizes: above 0 if the second needs larger flaws.
    low, high : float
        95 % interval by the paired bootstrap; NaN where too many resamples have no a90.
    ratio, ratio_low, ratio_high : float
        Second over first, and its interval.
    only_first, only_second : int
        Flaws that one found and the other did not.
    chance : float
        Of such counts if both were equally good (McNemar's exact test).
    resampled : {"photos", "flaws"}
        What was drawn: flaws on one photo share its surface.
    """

    value: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    only_first: int
    only_second: int
    chance: float
    resampled: str


def compare_hits(
    sizes: Float64,
    hits: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    photos: Sequence[str],
    *,
    link: Link = "logit",
    resamples: int = RESAMPLES,
) -> Difference:
    """Return the paired difference of a90 with its interval [1]_.

    Parameters
    ----------
    sizes : (n,) float64 > 0
    hits : two of (n,) bool
        Of both inspections, on the same flaws. Each needs a hit and a miss.
    photos : n of str
        The photo each flaw is on.
    link : {"logit", "probit"}
    resamples : int

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    names, place = np.unique(np.asarray(photos), return_inverse=True)
    resampled = "photos" if len(names) >= FEWEST_GROUPS else "flaws"
    groups = place if resampled == "photos" else np.arange(len(sizes))
    count = int(groups.max()) + 1
    rng = stream(0, "pod", "difference")
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    weights = drawn[:, groups].astype(np.float64)
    whole = np.ones((1, len(sizes)))
    first, second = (
        np.concatenate([_logs_at(sizes, one, whole, link), _logs_at(sizes, one, weights, link)])
        for one in hits
    )
    with np.errstate(over="ignore", invalid="ignore"):  # curves that hardly rise: no a90 there
        difference = np.exp(second) - np.exp(first)
    low, high = _interval(difference[1:])
    narrow, wide = _interval((second - first)[1:])
    only_first, only_second = int((hits[0] & ~hits[1]).sum()), int((hits[1] & ~hits[0]).sum())
    differing = only_first + only_second
    return Difference(
        value=float(difference[0]),
        low=low,
        high=high,
        ratio=float(np.exp(second[0] - first[0])),
        ratio_low=float(np.exp(narrow)),
        ratio_high=float(np.exp(wide)),
        only_first=only_first,
        only_second=only_second,
        chance=float(binomtest(only_first, differing).pvalue) if differing else 1.0,
        resampled=resampled,
    )


def _logs_at(sizes: Float64, hits: NDArray[np.bool_], weights: Float64, link: Link) -> Float64:
    """Return ln a90 of each resample, NaN where its curve does not rise."""
    logs = np.log(sizes)
    middle = logs.mean()
    design = np.stack([np.ones(len(logs)), logs - middle], axis=1)
    wanted, found = quantile(link, 0.9), []
    for begin in range(0, len(weights), TOGETHER):
        some = weights[begin : begin + TOGETHER]
        shape = (len(some), *design.shape)
        terms = hit_terms(link, hits, some)
        peak = maximize(
            terms, np.broadcast_to(design, shape), np.zeros(1), np.zeros((len(some), 2))
        )
        offset, slope = peak.at.T
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(np.where(slope > 0, middle + (wanted - offset) / slope, np.nan))
    return np.concatenate(found)


def _interval(values: Float64) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if len(known) < (1 - MOST_LOST) * len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
