"""Log-likelihoods that are concave in one number a flaw, and their maximum over parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_ndtr, ndtr, ndtri
from scipy.stats import chi2

Float64 = NDArray[np.float64]
Link = Literal["logit", "probit"]
# Takes predictors (..., n), returns log-likelihood, first and minus second derivative, (..., n).
Terms = Callable[[Float64], tuple[Float64, Float64, Float64]]

CONFIDENCE = 0.95  # of a bound, on its side
MOST_STEPS = 60
HALVINGS = 30
CONVERGED = 1e-13  # of the log-likelihood that one more Newton step would gain
RIDGE = 1e-12  # share of the curvature's trace that keeps a flat one solvable


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """Where B log-likelihoods are highest.

    Attributes
    ----------
    at : (B, k) float64
        The parameters.
    value : (B,) float64
        The log-likelihood there.
    slope : (B,) float64
        Sum of its derivatives by the predictors: how fast it rises with what is added to all.
    """

    at: Float64
    value: Float64
    slope: Float64


def quantile(link: Link, probability: float) -> float:
    """Return the predictor at which a flaw is found with this probability.

    Examples
    --------
    >>> round(quantile("logit", 0.9), 4), round(quantile("probit", 0.9), 4)
    (2.1972, 1.2816)
    """
    if link == "logit":
        return float(np.log(probability) - np.log1p(-probability))
    return float(ndtri(probability))


def probability_at(link: Link, predictor: Float64) -> Float64:
    """Return the probability of detection at predictors."""
    return np.asarray(expit(predictor) if link == "logit" else ndtr(predictor), np.float64)


def largest_ratio(confidence: float = CONFIDENCE) -> float:
    """Return the likelihood ratio up to which a bound holds with this confidence on its side.

    Examples
    --------
    >>> round(largest_ratio(0.95), 3)
    2.706
    """
    return float(chi2.ppf(2 * confidence - 1, 1))


def hit_terms(link: Link, hits: NDArray[np.bool_], weights: Float64 | None = None) -> Terms:
    """Return the log-likelihood of hits and misses, ``ln F(s eta)`` with s = 1 or -1.

    Parameters
    ----------
    link : {"logit", "probit"}
    hits : (n,) or (B, n) bool
    weights : (n,) or (B, n) float64, optional
        How often each flaw counts.
    """
    sign = np.where(hits, 1.0, -1.0)
    weight = 1.0 if weights is None else weights
    tail = log_hit_logit if link == "logit" else log_hit_probit

    def terms(predictor: Float64) -> tuple[Float64, Float64, Float64]:
        value, first, second = tail(sign * predictor)
        return weight * value, weight * sign * first, weight * second

    return terms


def log_hit_logit(predictor: Float64) -> tuple[Float64, Float64, Float64]:
    """Return ``ln F`` of the logistic distribution, F'/F, and minus the second derivative."""
    missed = expit(-predictor)
    return log_expit(predictor), missed, missed * (1 - missed)


def log_hit_probit(predictor: Float64) -> tuple[Float64, Float64, Float64]:
    """Return ``ln F`` of the normal distribution, F'/F, and minus the second derivative."""
    value = log_ndtr(predictor)
    first = np.exp(-0.5 * predictor**2 - 0.5 * np.log(2 * np.pi) - value)
    return value, first, np.maximum(first * (first + predictor), 0)


def maximize(
    terms: Terms, design: Float64, offset: Float64, start: Float64, logs: float = 0.0
) -> Peak:
    """Maximize B log-likelihoods of predictors ``offset + design @ parameters`` by Newton's method.

    Each must be concave. Where a maximum lies at infinity (hits separate from misses) the
    parameters stop where nothing is to be gained any more.

    Parameters
    ----------
    terms : function
    design : (B, n, k) float64
    offset : (B, n) float64, or what broadcasts to it
    start : (B, k) float64
    logs : float
        Weight of the logarithm of the first parameter, which is added and keeps it above 0.
    """
    at = np.array(start, dtype=np.float64)
    value, first, second = _look(terms, design, offset, at, logs)
    climbing = np.ones(len(at), np.bool_)
    for _ in range(MOST_STEPS):
        gradient = np.einsum("bnk,bn->bk", design, first)
        curvature = np.einsum("bnk,bn,bnl->bkl", design, second, design)
        if logs:
            gradient[:, 0] += logs / at[:, 0]
            curvature[:, 0, 0] += logs / at[:, 0] ** 2
        trace = np.trace(curvature, axis1=1, axis2=2)
        curvature += (RIDGE * trace + 1e-300)[:, None, None] * np.eye(at.shape[1])
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        gain = np.einsum("bk,bk->b", gradient, step)
        climbing &= gain > CONVERGED * np.maximum(1, np.abs(value))
        if not climbing.any():
            break
        step[~climbing] = 0
        (at, value, first, second), stuck = _advance(
            terms, (design, offset, logs), (at, value, first, second), step
        )
        climbing &= ~stuck
    return Peak(at, value, first.sum(axis=-1))


def _advance(
    terms: Terms,
    problem: tuple[Float64, Float64, float],
    here: tuple[Float64, Float64, Float64, Float64],
    step: Float64,
) -> tuple[tuple[Float64, Float64, Float64, Float64], NDArray[np.bool_]]:
    """Go as much of a step as does not lower each log-likelihood, and tell which are stuck.

    What no share of its step raises stays: it is as high as rounding lets it be.
    """
    design, offset, logs = problem
    at, value, *_ = here
    share = np.ones(len(at))
    for _ in range(HALVINGS):
        there = at + share[:, None] * step
        if logs:
            there[:, 0] = np.maximum(there[:, 0], 0.1 * at[:, 0])
        found = _look(terms, design, offset, there, logs)
        worse = ~(found[0] >= value - 1e-12 * np.maximum(1, np.abs(value)))
        if not worse.any():
            return (there, *found), worse
        share = np.where(worse, share / 2, share)
    there = np.where(worse[:, None], at, there)
    return (there, *_look(terms, design, offset, there, logs)), worse


def _look(
    terms: Terms, design: Float64, offset: Float64, at: Float64, logs: float
) -> tuple[Float64, Float64, Float64]:
    value, first, second = terms(offset + np.einsum("bnk,bk->bn", design, at))
    total = value.sum(axis=-1)
    return (total + logs * np.log(at[:, 0]) if logs else total), first, second
