"""The study of an inspection by a sweep: false calls, and curves for each kind and for all."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom, chi2

from anomsynth.bisqad.evaluation.threshold import choose_threshold, normals_for
from anomsynth.core.counted import counted
from anomsynth.detectability.answers import Answers
from anomsynth.detectability.curve import PodCurve, fit_curve
from anomsynth.detectability.difference import Difference, compare_hits
from anomsynth.detectability.inputs import SweptSet
from anomsynth.detectability.likelihood import CONFIDENCE, Float64, Link, quantile
from anomsynth.detectability.response import fit_response
from anomsynth.detectability.statement import (
    ASKED,
    DOUBT,
    GOAL,
    Statement,
    state_answers,
    state_hits,
)

ALL = "all kinds"
D_LEVELS = 4  # of d' at which a90 is told where both count
WIDE_D = 1.3  # ratio of d' from which on it can explain anything
NOISE = 0.95  # quantile of answers without a flaw: what lies below is in the noise
SATURATED = 3  # answers that equal the highest one are more than chance


@dataclass(frozen=True, slots=True)
class Limit:
    """From which answer on an inspection calls a defect.

    Attributes
    ----------
    value : float
        An answer above it is a call.
    false_alarms : float or None
        Share of good pictures expected above it; None where it was given.
    wanted : float or None
        The share that was asked for.
    """

    value: float
    false_alarms: float | None = None
    wanted: float | None = None

    @property
    def needed(self) -> int:
        """How many good pictures it takes for the wanted share; 0 if there are enough."""
        if self.wanted is None or self.false_alarms is None or self.false_alarms <= self.wanted:
            return 0
        return normals_for(self.wanted)


@dataclass(frozen=True, slots=True)
class FalseCalls:
    """What an inspection calls on good pictures.

    Attributes
    ----------
    pictures : int
        Good ones.
    called : int
        Those with a call.
    calls : int
        Separate places called.
    area_cm2 : float
        Of the good pictures whose scale is known, as a flaw was made on the same photo.
    calls_there : int
        Separate places called on these.
    """

    pictures: int
    called: int
    calls: int
    area_cm2: float
    calls_there: int

    @property
    def rate(self) -> float:
        """Share of good pictures with a call."""
        return self.called / self.pictures

    @property
    def rate_bound(self) -> float:
        """Upper 95 % bound of that share (Clopper & Pearson 1934)."""
        if self.called >= self.pictures:
            return 1.0
        return float(beta.ppf(CONFIDENCE, self.called + 1, self.pictures - self.called))

    @property
    def calls_bound(self) -> float:
        """Upper 95 % bound of `calls_there` to be expected (Poisson, Garwood 1936)."""
        return float(chi2.ppf(CONFIDENCE, 2 * (self.calls_there + 1)) / 2)

    @property
    def rate_least(self) -> float:
        """Lower 95 % bound of the share of good pictures with a call (Clopper & Pearson 1934)."""
        if self.called == 0:
            return 0.0
        return float(beta.ppf(1 - CONFIDENCE, self.called, self.pictures - self.called + 1))


@dataclass(frozen=True, slots=True)
class BothCovariates:
    """The curve over size and d' together.

    Attributes
    ----------
    curve : PodCurve or None
    levels : tuple of (d', a90, a90/95)
        None where it lies beyond the sizes of the sweep.
    reasons : tuple of str
        Why there is no curve.
    """

    curve: PodCurve | None
    levels: tuple[tuple[float, float | None, float | None], ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subset:
    """Curves of one kind, or of all.

    Attributes
    ----------
    name : str
    chosen : (n,) int
        Which flaws of the sweep these are.
    by_size, by_d_prime : Statement
    both : BothCovariates or None
        None where d' does not vary.
    by_answer : Statement or None
        From the regression of answers, where that was wanted.
    against : Statement or None
        Of the other inspection, by size.
    difference : Difference or None
        Of a90, the other's less ours; None where either may not be stated.
    """

    name: str
    chosen: NDArray[np.intp] = field(repr=False)
    by_size: Statement
    by_d_prime: Statement | None
    both: BothCovariates | None
    by_answer: Statement | None = None
    against: Statement | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """One inspection of the sweep.

    Attributes
    ----------
    answers : Answers
    limit : Limit
    hits : (n,) bool
    false_calls : FalseCalls
    """

    answers: Answers
    limit: Limit
    hits: NDArray[np.bool_]
    false_calls: FalseCalls


def inspect(swept: SweptSet, answers: Answers, rate: float, threshold: float | None) -> Inspection:
    """Decide which flaws were found and what was called on good pictures.

    Parameters
    ----------
    swept : SweptSet
    answers : Answers
    rate : float
        Wanted share of false alarms, by which the threshold is chosen on the good pictures.
    threshold : float or None
        Instead.
    """
    if threshold is not None:
        limit = Limit(threshold)
    else:
        chosen = choose_threshold([float(value) for value in answers.good], rate)
        limit = Limit(chosen.value, chosen.false_alarms, rate)
    calls = answers.calls(limit.value)
    scales = [np.nan if good.mm_per_px is None else good.mm_per_px for good in swept.good]
    area = answers.sizes_px * np.square(scales) / 100
    known = np.isfinite(area)  # a photo that bears no flaw may have no scale
    return Inspection(
        answers,
        limit,
        answers.signals > limit.value,
        FalseCalls(
            len(calls),
            int((calls > 0).sum()),
            int(calls.sum()),
            float(area[known].sum()),
            int(calls[known].sum()),
        ),
    )


def study(
    swept: SweptSet,
    ours: Inspection,
    other: Inspection | None = None,
    *,
    link: Link = "logit",
    regress: bool = False,
) -> tuple[Subset, ...]:
    """Fit the curves of each kind and of all kinds together.

    Parameters
    ----------
    swept : SweptSet
    ours : Inspection
    other : Inspection, optional
        To be compared with.
    link : {"logit", "probit"}
    regress : bool
        Whether to fit answers against size, too.
    """
    kinds = np.array([flaw.kind for flaw in swept.flaws])
    names = [*swept.kinds, ALL] if len(swept.kinds) > 1 else list(swept.kinds)
    found = []
    for name in names:
        chosen = np.flatnonzero(kinds == name) if name != ALL else np.arange(len(kinds))
        found.append(_subset(swept, (name, chosen), ours, other, (link, regress)))
    return tuple(found)


def _subset(
    swept: SweptSet,
    place: tuple[str, NDArray[np.intp]],
    ours: Inspection,
    other: Inspection | None,
    how: tuple[Link, bool],
) -> Subset:
    (name, chosen), (link, regress) = place, how
    flaws = [swept.flaws[index] for index in chosen]
    sizes = np.array([flaw.size_mm for flaw in flaws])
    d_primes = np.array([flaw.d_prime for flaw in flaws])
    hits = ours.hits[chosen]
    varied = d_primes.min() > 0 and d_primes.max() > WIDE_D * d_primes.min()
    by_size = state_hits(sizes, hits, link)
    theirs, difference = None, None
    if other is not None:
        theirs = state_hits(sizes, other.hits[chosen], link)
        if by_size.a90 is not None and theirs.a90 is not None:
            photos = [flaw.photo for flaw in flaws]
            difference = compare_hits(sizes, (hits, other.hits[chosen]), photos, link=link)
    return Subset(
        name,
        chosen,
        by_size,
        _by_d_prime(d_primes, hits, link) if varied else None,
        _both(sizes, d_primes, hits, link) if varied else None,
        _beside(_by_answer(sizes, ours, chosen), by_size) if regress else None,
        theirs,
        difference,
    )


def _by_d_prime(d_primes: Float64, hits: NDArray[np.bool_], link: Link) -> Statement:
    """State hits against d', in words of visibility."""
    found = state_hits(d_primes, hits, link)
    words = (("larger", "plainer"), ("smaller", "fainter"), ("largest", "plainest"))
    reasons = []
    for reason in found.reasons:
        said = reason
        for size, strength in (*words, ("smallest", "faintest")):
            said = said.replace(size, strength)
        reasons.append(said)
    return replace(found, reasons=tuple(reasons))


def _both(sizes: Float64, d_primes: Float64, hits: NDArray[np.bool_], link: Link) -> BothCovariates:
    needed = ASKED["hits"]
    if hits.all() or not hits.any():
        return BothCovariates(None, reasons=("there are no hits or no misses",))
    if len(hits) < needed:
        found = counted(len(hits), "flaw")
        why = f"{found}, too few for both: {needed} are needed, make more of each size"
        return BothCovariates(None, reasons=(why,))
    curve = fit_curve(sizes, hits, d_primes, link)
    if curve.separated:
        why = "hits separate from misses by size and d' together: add flaws of sizes between"
        return BothCovariates(None, reasons=(why,))
    against = _against_both(curve)
    if against is not None:
        return BothCovariates(curve, reasons=(against,))
    shown = np.exp(np.quantile(np.log(d_primes), np.linspace(0.1, 0.9, D_LEVELS)))
    return BothCovariates(curve, tuple(_level(curve, float(d), sizes) for d in np.unique(shown)))


def _against_both(curve: PodCurve) -> str | None:
    """Return why nothing is stated of a curve over size and d'."""
    if not curve.rises:
        return "at one d' size makes no difference beyond doubt"
    if curve.coefficients[2] <= 0:
        return "at one size plainer flaws are not found more often: d' tells nothing beside size"
    predictor = curve.coefficients[0] + curve.logs @ curve.coefficients[1:]
    sure = curve.hits[predictor >= quantile(curve.link, GOAL)]
    if sure.size and binom.cdf(int(sure.sum()), sure.size, GOAL) < DOUBT:
        return (
            f"the curve does not fit: of {sure.size} flaws that it finds in {GOAL:.0%} of cases or "
            f"more only {int(sure.sum())} were found"
        )
    return None


def _level(
    curve: PodCurve, d_prime: float, sizes: Float64
) -> tuple[float, float | None, float | None]:
    least, most = float(sizes.min()), float(sizes.max())
    a90 = curve.size_at(0.9, d_prime)
    bound = curve.bound_at(0.9, d_prime)
    return (
        d_prime,
        a90 if least <= a90 <= most else None,
        bound if least <= a90 and bound <= most else None,
    )


def _by_answer(sizes: Float64, ours: Inspection, chosen: NDArray[np.intp]) -> Statement:
    signals = ours.answers.signals[chosen]
    counts = len(signals), int((signals > ours.limit.value).sum())
    if not np.isfinite(ours.limit.value):
        return Statement(*counts, (), None, reasons=("the threshold is not finite",))
    top = float(signals.max())
    saturated = top if np.count_nonzero(signals == top) >= SATURATED else np.inf
    try:
        curve = fit_response(
            sizes, signals, ours.limit.value, noise=_noise(ours, chosen), saturation=saturated
        )
    except ValueError as error:
        reason = f"{error}: there is nothing to be regressed on"
        return Statement(*counts, (), None, reasons=(reason,))
    return state_answers(curve, sizes)


def _beside(answers: Statement, hits: Statement) -> Statement:
    """Note where answers and hits speak of different sizes."""
    if answers.a90 is None or hits.a90 is None:
        return answers
    apart = hits.a90_95 is not None and answers.a90 > hits.a90_95
    apart |= answers.a90_95 is not None and answers.a90_95 < hits.a90
    note = f"a90 is {answers.a90:.3g} by answers and {hits.a90:.3g} by hits: trust the hits"
    return replace(answers, notes=(*answers.notes, note)) if apart else answers


def _noise(ours: Inspection, chosen: NDArray[np.intp]) -> float:
    """Return the answer below which a flaw cannot be told from its own place without it."""
    finite = ours.answers.signals[np.isfinite(ours.answers.signals)]
    lowest = float(finite.min()) - 1 if finite.size else -1.0
    blank = ours.answers.blank
    if blank is None:
        return lowest
    known = blank[chosen][np.isfinite(blank[chosen])]
    return min(float(np.quantile(known, NOISE)), ours.limit.value) if known.size else lowest


def found_and_missed(
    swept: SweptSet, hits: NDArray[np.bool_], chosen: Sequence[int] | NDArray[np.intp]
) -> tuple[int | None, int | None]:
    """Return the index of the smallest flaw that was found, and of the largest that was missed."""
    order = sorted(chosen, key=lambda index: swept.flaws[index].size_mm)
    smallest = next((int(index) for index in order if hits[index]), None)
    largest = next((int(index) for index in reversed(order) if not hits[index]), None)
    return smallest, largest
