"""The curve of the probability of detection over size, and how far the data bear it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from anomsynth.detectability.likelihood import (
    CONFIDENCE,
    Float64,
    Link,
    Peak,
    hit_terms,
    largest_ratio,
    maximize,
    probability_at,
    quantile,
)
from anomsynth.detectability.penalty import PenalizedFit

FARTHEST = 12.0  # in ln size beyond a90 that a bound is looked for
MOST_STEPS = 80  # to a bound of the band
CLOSE = 1e-9  # to the root of the likelihood ratio that the bound has
FLAT = 60.0  # of a predictor: beyond, every probability is 0 or 1


@dataclass(frozen=True, eq=False)
class PodCurve:
    """Probability of detection by size, and by d' where that varies, too.

    ``POD = F(b0 + b1 ln a + b2 ln d')`` with F the logistic or the normal distribution [1]_, by
    maximum likelihood. Bounds are those of the likelihood ratio: all curves whose
    log-likelihood is within ``chi2(1) / 2`` of the highest [2]_; 2.706 makes each side hold in 95
    of 100 studies, as a90/95 is meant. Where hits separate from misses the likelihood has no
    maximum; it is penalised by Jeffreys' prior then (Firth) and so is its ratio [3]_ [4]_.

    Attributes
    ----------
    link : {"logit", "probit"}
    logs : (n, k) float64
        ln size in the first column, ln d' in the second if there is one.
    hits : (n,) bool

    References
    ----------
    .. [1] MIL-HDBK-1823A, "Nondestructive evaluation system reliability assessment", 2009.
    .. [2] R. C. H. Cheng, T. C. Iles, "Confidence bands for cumulative distribution functions of
       continuous random variables", Technometrics 25, 1983; the exact contour in place of their
       ellipse, as the handbook's software has it.
    .. [3] D. Firth, "Bias reduction of maximum likelihood estimates", Biometrika 80, 1993.
    .. [4] G. Heinze, M. Schemper, "A solution to the problem of separation in logistic
       regression", Statistics in Medicine 21, 2002.

    Examples
    --------
    >>> curve = fit_curve([1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 0, 1, 1, 1, 1])
    >>> round(curve.size_at(0.5), 2)
    3.24
    """

    link: Link
    logs: Float64
    hits: NDArray[np.bool_]

    @cached_property
    def separated(self) -> bool:
        """Whether some line parts hits from misses, so that the likelihood has no maximum."""
        if self.logs.shape[1] == 1:
            size = self.logs[:, 0]
            return bool(size[~self.hits].max() <= size[self.hits].min())
        return bool(self._peak.value[0] > -1e-3 * len(self.hits))

    @cached_property
    def coefficients(self) -> Float64:
        """(1 + k,) float64: b0, b1 and, with d', b2."""
        return self._penalized.at if self._penalized is not None else self._peak.at[0]

    @cached_property
    def log_likelihood(self) -> float:
        """The highest; penalised where hits separate."""
        return self._penalized.value if self._penalized is not None else float(self._peak.value[0])

    @cached_property
    def covariance(self) -> Float64:
        """(1 + k, 1 + k) float64: inverse of the observed information."""
        full = self._full
        _, _, second = hit_terms(self.link, self.hits)(full @ self.coefficients)
        return np.asarray(np.linalg.pinv(np.einsum("nk,n,nl->kl", full, second, full)), np.float64)

    @cached_property
    def ratio_of_slope(self) -> float:
        """Twice the log-likelihood that size explains; compare to ``chi2(1)``."""
        if self._penalized is not None:
            return 2 * (self.log_likelihood - self._penalized.value_of_constant())
        rest = np.delete(self._full, 1, axis=1)[None]
        start = np.zeros((1, rest.shape[2]))
        without = maximize(hit_terms(self.link, self.hits), rest, np.zeros(1), start)
        return float(2 * (self.log_likelihood - without.value[0]))

    @property
    def rises(self) -> bool:
        """Whether larger flaws are found more often beyond doubt, at 95 % on one side."""
        return self.coefficients[1] > 0 and self.ratio_of_slope > largest_ratio()

    def at(self, sizes: Sequence[float] | Float64, d_prime: float | None = None) -> Float64:
        """Return the probability of detection of flaws of these sizes."""
        points = self._points(np.log(np.asarray(sizes, np.float64)), d_prime)
        return probability_at(self.link, self.coefficients[0] + points @ self.coefficients[1:])

    def size_at(self, probability: float, d_prime: float | None = None) -> float:
        """Return the size that is found with this probability; infinity if none is."""
        log = self._log_at(probability, d_prime)
        return float(np.exp(log)) if self.coefficients[1] > 0 and log < 700 else float("inf")

    def bound_at(
        self, probability: float, d_prime: float | None = None, confidence: float = CONFIDENCE
    ) -> float:
        """Return the upper bound of `size_at`: a90/95 for 0.9; infinity if the data bear none.

        Parameters
        ----------
        probability : float in (0, 1)
        d_prime : float, optional
            With two covariates.
        confidence : float in (0.5, 1)
            Of the bound, on its side.
        """
        if self.coefficients[1] <= 0 or self.ratio_of_slope <= largest_ratio(confidence):
            return float("inf")
        wanted, limit = quantile(self.link, probability), largest_ratio(confidence)
        best = self._log_at(probability, d_prime)

        def excess(log: float) -> float:
            points = self._points(np.array([log]), d_prime)
            reached = self._profile(points[0], np.array([wanted]))
            return 2 * (self.log_likelihood - reached) - limit

        reach = 0.1
        while reach < FARTHEST:
            if excess(best + reach) > 0:
                return float(np.exp(brentq(excess, best, best + reach, xtol=1e-10)))
            reach *= 2
        return float("inf")

    def band(
        self,
        sizes: Sequence[float] | Float64,
        d_prime: float | None = None,
        confidence: float = CONFIDENCE,
    ) -> tuple[Float64, Float64]:
        """Return the lower and the upper bound of the curve, each of this confidence on its side.

        Where the lower one crosses 0.9 lies a90/95.
        """
        points = self._points(np.log(np.asarray(sizes, np.float64)), d_prime)
        row = np.column_stack([np.ones(len(points)), points])
        middle = row @ self.coefficients
        spread = np.sqrt(np.einsum("bk,kl,bl->b", row, self.covariance, row))
        sides = [self._bounds(points, middle, spread, side, confidence) for side in (-1, 1)]
        return probability_at(self.link, sides[0]), probability_at(self.link, sides[1])

    def _bounds(
        self, points: Float64, middle: Float64, spread: Float64, side: int, confidence: float
    ) -> Float64:
        """Return the predictors at which the signed root of the likelihood ratio is the limit."""
        wanted = np.sqrt(largest_ratio(confidence))
        if self._penalized is not None:
            return np.array(
                [
                    self._penalized.bound(point[0], float(start), side, largest_ratio(confidence))
                    for point, start in zip(points, middle, strict=True)
                ]
            )
        shift = wanted * np.maximum(spread, 1e-9)
        farthest = np.abs(middle) + FLAT
        inner, outer = np.zeros_like(shift), np.full_like(shift, np.inf)
        slopes = None
        for turn in range(MOST_STEPS):
            peak = self._held(points, middle + side * shift, slopes)
            slopes = peak.at
            root = np.sqrt(np.maximum(2 * (self.log_likelihood - peak.value), 1e-24))
            short = root < wanted
            inner, outer = np.where(short, shift, inner), np.where(short, outer, shift)
            if np.all((np.abs(wanted - root) < CLOSE) | (short & (shift >= farthest))):
                break
            # The root is almost linear in the predictor, so Newton's method takes few steps; where
            # it leaves what is known of the bound, or is slow, the bracket is divided instead.
            step = shift + (wanted - root) * root / np.maximum(-side * peak.slope, 1e-12)
            divided = np.where(np.isfinite(outer), (inner + outer) / 2, 2 * shift)
            good = (step > inner) & (step < np.minimum(outer, 4 * shift)) & (turn % 4 != 3)
            shift = np.minimum(np.where(good, step, divided), farthest)
        return middle + side * shift

    def _profile(self, point: Float64, predictor: Float64) -> float:
        """Return the highest log-likelihood of curves through a point."""
        if self._penalized is not None:
            return self._penalized.through(float(point[0]), float(predictor[0]))
        return float(self._held(point[None], predictor).value[0])

    def _held(self, points: Float64, predictors: Float64, start: Float64 | None = None) -> Peak:
        """Maximize over slopes while each curve goes through a point (ln size, ..., predictor)."""
        design = self.logs[None] - points[:, None, :]
        if start is None:
            start = np.broadcast_to(self.coefficients[1:], points.shape)
        terms = hit_terms(self.link, self.hits)
        return maximize(terms, design, predictors[:, None], start)

    def _log_at(self, probability: float, d_prime: float | None) -> float:
        rest = self.coefficients[0] + self._points(np.zeros(1), d_prime)[0] @ self.coefficients[1:]
        slope = self.coefficients[1]
        return float((quantile(self.link, probability) - rest) / slope) if slope else float("inf")

    def _points(self, logs: Float64, d_prime: float | None) -> Float64:
        if (self.logs.shape[1] > 1) != (d_prime is not None):
            msg = "d' is needed where it varies, and only there"
            raise ValueError(msg)
        if d_prime is None:
            return logs[:, None]
        return np.column_stack([logs, np.full(len(logs), np.log(d_prime))])

    @cached_property
    def _full(self) -> Float64:
        return np.column_stack([np.ones(len(self.logs)), self.logs])

    @cached_property
    def _peak(self) -> Peak:
        full = self._full[None]
        start = np.zeros((1, full.shape[2]))
        return maximize(hit_terms(self.link, self.hits), full, np.zeros(1), start)

    @cached_property
    def _penalized(self) -> PenalizedFit | None:
        if self.logs.shape[1] > 1 or not self.separated:
            return None
        return PenalizedFit.of(self.link, self.logs[:, 0], self.hits)


def fit_curve(
    sizes: Sequence[float] | Float64,
    hits: Sequence[bool] | NDArray[np.bool_],
    d_prime: Sequence[float] | Float64 | None = None,
    link: Link = "logit",
) -> PodCurve:
    """Fit the probability of detection over the logarithm of size, and of d' if it is given.

    Parameters
    ----------
    sizes : (n,) float > 0
    hits : (n,) bool
    d_prime : (n,) float > 0, optional
    link : {"logit", "probit"}

    Raises
    ------
    ValueError
        If a size is not above 0, or all flaws were hit or all missed: there is no curve then.
    """
    columns = [np.asarray(sizes, np.float64)]
    if d_prime is not None:
        columns.append(np.asarray(d_prime, np.float64))
    values = np.column_stack(columns)
    found = np.asarray(hits, bool)
    if not (values > 0).all():
        raise ValueError("sizes and d' must be above 0")
    if found.all() or not found.any():
        raise ValueError("a curve needs hits and misses")
    return PodCurve(link, np.log(values), found)
