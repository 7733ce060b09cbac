"""The likelihood under Jeffreys' prior, which has a maximum where hits separate from misses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import expit, log_ndtr

from anomsynth.detectability.likelihood import Float64, Link, hit_terms

SLOPES = np.concatenate([-np.geomspace(60, 0.02, 40), [0.0], np.geomspace(0.02, 60, 80)])
FARTHEST = 60.0  # of a predictor from the middle: beyond, every probability is 0 or 1


@dataclass(frozen=True, slots=True, eq=False)
class PenalizedFit:
    """A curve over one size whose log-likelihood has ``ln |I| / 2`` added, I Fisher's information.

    Attributes
    ----------
    link : {"logit", "probit"}
    logs : (n,) float64
    hits : (n,) bool
    at : (2,) float64
        Intercept and slope of the maximum.
    value : float
        The penalised log-likelihood there.
    """

    link: Link
    logs: Float64
    hits: NDArray[np.bool_]
    at: Float64
    value: float

    @classmethod
    def of(cls, link: Link, logs: Float64, hits: NDArray[np.bool_]) -> Self:
        """Find the maximum."""
        middle, scale = _place(logs)
        unit = (logs - middle) / scale

        def lost(at: Float64) -> float:
            return -float(_penalized(link, unit, hits, at[None, :1], at[None, 1:])[0])

        found = minimize(lost, np.array([0.0, 1.0]), method="Nelder-Mead", tol=1e-11)
        slope = found.x[1] / scale
        at = np.array([found.x[0] - slope * middle, slope])
        # In the units of the data the information's determinant is smaller by the scale.
        return cls(link, logs, hits, at, -float(found.fun) + np.log(scale))

    def through(self, log: float, predictor: float) -> float:
        """Return the highest penalised log-likelihood of curves through a point."""
        _, scale = _place(self.logs)
        unit = (self.logs - log) / scale

        def values(slopes: Float64) -> Float64:
            # At (ln size - log): the shift leaves the determinant as it is.
            intercepts = np.full((len(slopes), 1), predictor)
            return _penalized(self.link, unit, self.hits, intercepts, slopes[:, None])

        best = int(np.argmax(values(SLOPES)))
        low, high = SLOPES[max(best - 1, 0)], SLOPES[min(best + 1, len(SLOPES) - 1)]
        found = minimize_scalar(
            lambda slope: -float(values(np.array([slope]))[0]),
            bounds=(low, high),
            method="bounded",
            options={"xatol": 1e-9 * max(abs(low), abs(high))},
        )
        return -float(found.fun) + float(np.log(scale))

    def value_of_constant(self) -> float:
        """Return the highest penalised log-likelihood of curves that do not rise."""
        _, scale = _place(self.logs)
        unit = (self.logs - self.logs.mean()) / scale

        def lost(intercept: float) -> float:
            at = np.array([[intercept]])
            return -float(_penalized(self.link, unit, self.hits, at, np.zeros((1, 1)))[0])

        found = minimize_scalar(lost, bounds=(-20, 20), method="bounded")
        return -float(found.fun) + float(np.log(scale))

    def bound(self, log: float, predictor: float, side: int, limit: float) -> float:
        """Return how far on a side the predictor at a size may lie within the likelihood ratio."""
        return _crossing(
            lambda shift: 2 * (self.value - self.through(log, predictor + side * shift)) - limit,
            lambda shift: predictor + side * shift,
        )


def _crossing(excess: Callable[[float], float], place: Callable[[float], float]) -> float:
    reach = 0.5
    while reach < FARTHEST and excess(reach) <= 0:
        reach *= 2
    if reach >= FARTHEST:
        return place(FARTHEST)
    return place(float(brentq(excess, 0.0, reach, xtol=1e-8)))


def _place(logs: Float64) -> tuple[float, float]:
    """Return middle and spread of sizes, in which slopes are of the order of one."""
    return float(logs.mean()), max(float(logs.std()), 1e-12)


def _penalized(
    link: Link, logs: Float64, hits: NDArray[np.bool_], intercepts: Float64, slopes: Float64
) -> Float64:
    """Return the penalised log-likelihood of each pair of intercept and slope."""
    predictor = intercepts + slopes * logs
    value = hit_terms(link, hits)(predictor)[0].sum(axis=1)
    if link == "logit":
        weight = expit(predictor) * expit(-predictor)
    else:
        square = -(predictor**2) - np.log(2 * np.pi)
        weight = np.exp(square - log_ndtr(predictor) - log_ndtr(-predictor))
    total, first, second = (weight @ logs**power for power in range(3))
    determinant = np.maximum(total * second - first**2, 1e-300)
    return np.asarray(value + 0.5 * np.log(determinant), np.float64)
