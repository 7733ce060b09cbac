"""Probability of detection from how strongly an inspection answers: a-hat against a."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from anomsynth.detectability.likelihood import (
    CONFIDENCE,
    Float64,
    Peak,
    largest_ratio,
    log_hit_probit,
    maximize,
    probability_at,
    quantile,
)

FARTHEST = 12.0  # in ln size beyond a90 that a bound is looked for
FLAT = 60.0  # of a predictor: beyond, every probability is 0 or 1
FEWEST = 5  # answers that are neither below the noise nor saturated


@dataclass(frozen=True, eq=False)
class ResponseCurve:
    """Probability of detection from a censored regression of answers on ln size.

    ``y = c0 + c1 ln a + s e`` with e normal; an answer at or below `noise` is only known to lie
    below it, one at or above `saturation` above it [1]_ [2]_. A flaw is found if its answer
    exceeds the threshold, so ``POD = Phi((c0 + c1 ln a - threshold) / s)``. In ``(c0, c1, 1) / s``
    the log-likelihood is concave [3]_, and bounds are those of its ratio, as for hits and misses.

    Attributes
    ----------
    logs, answers : (n,) float64
        ln size, and what the inspection gave.
    threshold, noise, saturation : float

    References
    ----------
    .. [1] A. P. Berens, "NDE reliability data analysis", Metals Handbook 17, 1989.
    .. [2] MIL-HDBK-1823A, "Nondestructive evaluation system reliability assessment", 2009.
    .. [3] R. J. Olsen, "Note on the uniqueness of the maximum likelihood estimator for the Tobit
       model", Econometrica 46, 1978.
    """

    logs: Float64
    answers: Float64
    threshold: float
    noise: float = -np.inf
    saturation: float = np.inf

    @cached_property
    def coefficients(self) -> Float64:
        """(2,) float64: c0 and c1, in the unit of the answers."""
        return np.asarray(self._scaled[1:] / self._scaled[0], np.float64)

    @cached_property
    def scatter(self) -> float:
        """Standard deviation of answers about the line."""
        return float(1 / self._scaled[0])

    @cached_property
    def log_likelihood(self) -> float:
        """The highest, of the answers in their own unit."""
        return float(self._peak.value[0]) - self._known * np.log(self._unit)

    @cached_property
    def ratio_of_slope(self) -> float:
        """Twice the log-likelihood that size explains; compare to ``chi2(1)``."""
        design = self._design[:, :, :2]
        start = np.array([[1.0, 0.0]])
        without = maximize(self._terms, design, np.zeros(1), start, self._known)
        return float(2 * (self._peak.value[0] - without.value[0]))

    @cached_property
    def ratio_of_bend(self) -> float:
        """Twice the log-likelihood that a square of ln size adds; ``chi2(1)`` if the line holds."""
        bend = -np.square(self.logs - self.logs.mean())
        design = np.concatenate([self._design, bend[None, :, None]], axis=2)
        start = np.array([[1.0, 0.0, 0.0, 0.0]])
        bent = maximize(self._terms, design, np.zeros(1), start, self._known)
        return float(2 * (bent.value[0] - self._peak.value[0]))

    @property
    def censored(self) -> tuple[int, int]:
        """How many answers lie in the noise, and how many are saturated."""
        return int(self._below.sum()), int(self._above.sum())

    @property
    def rises(self) -> bool:
        """Whether larger flaws answer more strongly beyond doubt, at 95 % on one side."""
        return self.coefficients[1] > 0 and self.ratio_of_slope > largest_ratio()

    def at(self, sizes: Sequence[float] | Float64) -> Float64:
        """Return the probability of detection of flaws of these sizes."""
        return probability_at("probit", self._predictor(np.log(np.asarray(sizes, np.float64))))

    def size_at(self, probability: float) -> float:
        """Return the size that is found with this probability; infinity if none is."""
        if self.coefficients[1] <= 0:
            return float("inf")
        shift = quantile("probit", probability) - float(self._predictor(np.zeros(1))[0])
        return float(np.exp(shift / self._scaled[2]))

    def bound_at(self, probability: float, confidence: float = CONFIDENCE) -> float:
        """Return the upper bound of `size_at`: a90/95 for 0.9; infinity if the data bear none."""
        limit = largest_ratio(confidence)
        if self.coefficients[1] <= 0 or self.ratio_of_slope <= limit:
            return float("inf")
        wanted, best = quantile("probit", probability), float(np.log(self.size_at(probability)))

        def excess(log: float) -> float:
            return self._ratio(log, wanted) - limit

        reach = 0.05
        while reach < FARTHEST:
            if excess(best + reach) > 0:
                return float(np.exp(brentq(excess, best, best + reach, xtol=1e-10)))
            reach *= 2
        return float("inf")

    def band(
        self, sizes: Sequence[float] | Float64, confidence: float = CONFIDENCE
    ) -> tuple[Float64, Float64]:
        """Return the lower and the upper bound of the curve, each of this confidence."""
        logs = np.log(np.asarray(sizes, np.float64))
        starts = list(zip(logs, self._predictor(logs), strict=True))
        limit = largest_ratio(confidence)
        sides = [
            np.array([self._bound(log, start, side, limit) for log, start in starts])
            for side in (-1, 1)
        ]
        return probability_at("probit", sides[0]), probability_at("probit", sides[1])

    def _bound(self, log: float, start: float, side: int, limit: float) -> float:
        """Return the predictor on a side of the curve's at which the ratio is the limit."""

        def excess(shift: float) -> float:
            return self._ratio(log, start + side * shift) - limit

        reach = 0.25
        while reach < FLAT and excess(reach) <= 0:
            reach *= 2
        return start + side * (reach if reach >= FLAT else float(brentq(excess, 0, reach)))

    def _ratio(self, log: float, predictor: float) -> float:
        """Return the likelihood ratio of lines whose curve goes through a point."""
        # (y - threshold) / s - predictor - c1 / s (ln a - log): c0 is eliminated.
        held = self._cut - self._limit_of_call
        design = np.stack([held, log - self.logs], axis=1)[None]
        start = self._scaled[[0, 2]][None] * np.array([self._unit, 1.0])
        peak = maximize(self._terms, design, np.full((1, 1), -predictor), start, self._known)
        return 2 * float(self._peak.value[0] - peak.value[0])

    def _terms(self, predictor: Float64) -> tuple[Float64, Float64, Float64]:
        value = -0.5 * predictor**2 - 0.5 * np.log(2 * np.pi)
        first, second = -predictor, np.ones_like(predictor)
        for mask, sign in ((self._below, 1.0), (self._above, -1.0)):
            if not mask.any():
                continue
            tail, slope, curvature = log_hit_probit(sign * predictor[..., mask])
            value[..., mask], second[..., mask] = tail, curvature
            first[..., mask] = sign * slope
        return value, first, second

    def _predictor(self, logs: Float64) -> Float64:
        scale, offset, slope = self._scaled
        return np.asarray(offset + slope * logs - scale * self.threshold, np.float64)

    @cached_property
    def _below(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return self.answers <= self.noise

    @cached_property
    def _above(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return (self.answers >= self.saturation) & ~self._below

    @property
    def _known(self) -> int:
        return int((~self._below & ~self._above).sum())

    @cached_property
    def _unit(self) -> float:
        """Spread of the answers: in its unit parameters are of the order of one."""
        cut = np.clip(self.answers, self.noise, self.saturation)
        return max(float(cut.std()), 1e-12)

    @cached_property
    def _cut(self) -> Float64:
        """Answers, or where they are cut off, in units of their spread."""
        return np.clip(self.answers, self.noise, self.saturation) / self._unit

    @property
    def _limit_of_call(self) -> float:
        return self.threshold / self._unit

    @cached_property
    def _design(self) -> Float64:
        return np.stack([self._cut, -np.ones(len(self.logs)), -self.logs], axis=1)[None]

    @cached_property
    def _peak(self) -> Peak:
        return maximize(
            self._terms, self._design, np.zeros(1), np.array([[1.0, 0.0, 0.0]]), self._known
        )

    @cached_property
    def _scaled(self) -> Float64:
        """(3,) float64: 1 / s, c0 / s and c1 / s, for answers in their own unit."""
        found = self._peak.at[0] / np.array([self._unit, 1.0, 1.0])
        return np.asarray(found, np.float64)


def fit_response(
    sizes: Sequence[float] | Float64,
    answers: Sequence[float] | Float64,
    threshold: float,
    *,
    noise: float = -np.inf,
    saturation: float = np.inf,
) -> ResponseCurve:
    """Fit answers against the logarithm of size.

    Parameters
    ----------
    sizes : (n,) float > 0
    answers : (n,) float
    threshold : float
        A flaw is found if its answer is above it.
    noise, saturation : float
        Answers at or beyond them are only known to be so.

    Raises
    ------
    ValueError
        If fewer than five answers lie between noise and saturation, or a size is not above 0.

    Examples
    --------
    >>> curve = fit_response([1, 2, 4, 8, 16], [1.1, 1.9, 3.2, 3.9, 5.0], threshold=2)
    >>> round(curve.size_at(0.5), 2), round(curve.scatter, 2)
    (1.94, 0.11)
    """
    values, found = np.asarray(sizes, np.float64), np.asarray(answers, np.float64)
    if not (values > 0).all():
        raise ValueError("sizes must be above 0")
    known = (found > noise) & (found < saturation)
    if known.sum() < FEWEST:
        raise ValueError(f"{known.sum()} answers lie between noise and saturation")
    return ResponseCurve(np.log(values), found, threshold, noise, saturation)
