"""What may be said of a curve, and why not more: a50, a90 and a90/95."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2, fisher_exact

from anomsynth.core.counted import counted
from anomsynth.detectability.curve import PodCurve, fit_curve
from anomsynth.detectability.likelihood import Float64, Link
from anomsynth.detectability.response import ResponseCurve

FEWEST = 30  # flaws; below, no bound is stated
ASKED = {"hits": 60, "answers": 40}  # flaws that MIL-HDBK-1823A asks for
DOUBT = 0.05  # level of the tests that a curve has to stand
BENT = 0.01  # level of the test that answers follow a straight line
DISTINCT = 10  # answers of different strength that a regression needs
KNOWN = 1 / 3  # least share of answers that are neither in the noise nor saturated
GROUPS = 8  # of sizes, where there is no grid of them
GOAL = 0.9
# With 22 to 24 of 60 flaws between 10 and 90 %, bounds held in 91 to 93 of 100 studies, with 38 in
# 94 (tests/detectability/test_curve.py simulates the latter).
FEWEST_RISING = 30


@dataclass(frozen=True, slots=True)
class Level:
    """Flaws of about one size.

    Attributes
    ----------
    size : float
        Their median size.
    flaws, hits : int
    """

    size: float
    flaws: int
    hits: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the data bear out.

    Attributes
    ----------
    flaws, hits : int
    levels : tuple of Level
    curve : PodCurve, ResponseCurve or None
        None where there is none: all found, all missed, or too few answers.
    a50, a90, a90_95 : float or None
        None where it may not be stated.
    reasons : tuple of str
        Why something is not stated, and what to add.
    notes : tuple of str
        What to keep in mind about what is stated.
    """

    flaws: int
    hits: int
    levels: tuple[Level, ...]
    curve: PodCurve | ResponseCurve | None = field(repr=False)
    a50: float | None = None
    a90: float | None = None
    a90_95: float | None = None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def state_hits(sizes: Float64, hits: NDArray[np.bool_], link: Link = "logit") -> Statement:
    """Fit hits and misses against size and say what they bear out.

    Parameters
    ----------
    sizes : (n,) float64 > 0
    hits : (n,) bool
    link : {"logit", "probit"}
    """
    levels = levels_of(sizes, hits)
    if len(hits) == 0:
        return Statement(0, 0, (), None, reasons=("there are no flaws",))
    if hits.all() or not hits.any():
        why = (
            "every flaw was found: add smaller ones"
            if hits.all()
            else "no flaw was found: add larger ones"
        )
        return Statement(len(hits), int(hits.sum()), levels, None, reasons=(why,))
    curve = fit_curve(sizes, hits, link=link)
    notes = ["hits separate from misses: the likelihood was penalised (Firth)"]
    return _state(curve, (sizes, hits), levels, notes if curve.separated else [])


def state_answers(curve: ResponseCurve, sizes: Float64) -> Statement:
    """Say what a regression of answers bears out.

    Parameters
    ----------
    curve : ResponseCurve
    sizes : (n,) float64 > 0
    """
    hits = curve.answers > curve.threshold
    below, above = curve.censored
    notes = [f"{below} answers in the noise and {above} saturated were taken as such"]
    stated = _state(curve, (sizes, hits), levels_of(sizes, hits), notes if below + above else [])
    doubts = tuple(_doubts(curve))
    if not doubts:
        return stated
    return replace(stated, a50=None, a90=None, a90_95=None, reasons=(*doubts, *stated.reasons))


def _doubts(curve: ResponseCurve) -> Iterator[str]:
    """Yield why a line with even scatter does not describe the answers (MIL-HDBK-1823A asks)."""
    total, censored = len(curve.answers), sum(curve.censored)
    within = (curve.answers > curve.noise) & (curve.answers < curve.saturation)
    distinct = len(np.unique(curve.answers[within]))
    if distinct < DISTINCT:
        found = counted(distinct, "strength")
        yield f"answers have {found} only, a regression needs {DISTINCT}: go by hits"
    elif total - censored < KNOWN * total:
        yield (
            f"{censored} of {total} answers lie in the noise or are saturated, too many for a "
            "regression: go by hits"
        )
    elif chi2.sf(curve.ratio_of_bend, 1) < BENT:
        yield "answers do not follow a straight line over ln size: go by hits"


def levels_of(sizes: Float64, hits: NDArray[np.bool_], most: int = GROUPS) -> tuple[Level, ...]:
    """Sort flaws into groups of about one size, as many in each as goes.

    Parameters
    ----------
    sizes : (n,) float64
    hits : (n,) bool
    most : int
        Groups at most.
    """
    order = np.argsort(sizes, kind="stable")
    groups = np.array_split(order, min(most, len(sizes))) if len(sizes) else []
    return tuple(
        Level(float(np.median(sizes[group])), len(group), int(hits[group].sum()))
        for group in groups
    )


def fall_between(levels: Sequence[Level]) -> tuple[Level, Level] | None:
    """Return two levels of which the larger one is found less often beyond doubt, else None.

    Fisher's exact test of each pair, at 5 % for all together (Bonferroni).
    """
    pairs = list(combinations(levels, 2))
    worst, found = DOUBT / max(len(pairs), 1), None
    for small, large in pairs:
        if large.hits * small.flaws >= small.hits * large.flaws:
            continue
        table = np.array(
            [[small.hits, small.flaws - small.hits], [large.hits, large.flaws - large.hits]]
        )
        chance = float(fisher_exact(table, alternative="greater").pvalue)
        if chance < worst:
            worst, found = chance, (small, large)
    return found


def _state(
    curve: PodCurve | ResponseCurve,
    data: tuple[Float64, NDArray[np.bool_]],
    levels: tuple[Level, ...],
    notes: list[str],
) -> Statement:
    sizes, hits = data
    count, asked = len(sizes), ASKED["hits" if isinstance(curve, PodCurve) else "answers"]
    least, most = float(sizes.min()), float(sizes.max())
    reasons: list[str] = []
    if count < FEWEST:
        reasons.append(
            f"{counted(count, 'flaw')}, too few: {FEWEST} are needed, make more of each size"
        )
    elif count < asked:
        notes.append(f"{counted(count, 'flaw')}: the handbook asks for {asked}")
    rising = curve.at(sizes)
    between = int(((rising > 1 - GOAL) & (rising < GOAL)).sum())
    fall = fall_between(levels)
    if not curve.rises:
        reasons.append(
            "larger flaws are not found more often beyond doubt: add larger and smaller ones"
        )
    elif fall is not None:
        small, large = fall
        reasons.append(
            f"not monotone: {small.hits} of {small.flaws} found at {small.size:.3g}, but "
            f"{large.hits} of {large.flaws} at {large.size:.3g}: look at the largest missed"
        )
    a50, a90 = curve.size_at(0.5), curve.size_at(GOAL)
    bound = curve.bound_at(GOAL) if curve.rises else float("inf")
    if curve.rises and a90 > most:
        reasons.append(f"a90 lies beyond the largest flaw, {most:.3g}: add larger ones")
    elif curve.rises and bound > most:
        reasons.append(f"a90/95 lies beyond the largest flaw, {most:.3g}: add more and larger ones")
    elif curve.rises and a90 < least:
        reasons.append(f"a90 lies below the smallest flaw, {least:.3g}: add smaller ones")
    larger = hits[sizes >= bound]
    if larger.size and binom.cdf(int(larger.sum()), larger.size, GOAL) < DOUBT:
        reasons.append(
            f"the curve does not fit: of {larger.size} flaws of {bound:.3g} or more only "
            f"{int(larger.sum())} were found: look at the largest missed"
        )
    if not reasons and isinstance(curve, PodCurve) and between < FEWEST_RISING:
        notes.append(
            f"only {counted(between, 'flaw')} where the curve rises (10 to 90 %): the bound holds"
            " in some 92 of 100 studies, not in 95; add sizes there"
        )
    shown = curve.rises and fall is None
    return Statement(
        count,
        int(hits.sum()),
        levels,
        curve,
        a50=a50 if shown and least <= a50 <= most else None,
        a90=a90 if shown and least <= a90 <= most else None,
        a90_95=bound if not reasons else None,
        reasons=tuple(reasons),
        notes=tuple(notes),
    )
