"""From a measured value to how good it is: curves fitted to good and to spoilt samples."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import ndtri

Side = Literal["low", "high", "both"]
Floats = NDArray[np.float64]

LEVELS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.975, 0.99)
PLATEAU = 1.2816  # standard normal: the middle four fifths of good samples are not told apart
NEWTON_STEPS = 60
RIDGE = 1e-3  # keeps the slope finite where the classes do not overlap


class Curve(BaseModel):
    """A map from a raw value to [0, 1]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __call__(self, value: float) -> float:
        """Return how good the value is, in [0, 1]."""
        raise NotImplementedError

    def side(self, value: float) -> Literal["low", "high"]:
        """Tell on which side of the good values a bad one lies."""
        raise NotImplementedError


class Tails(Curve):
    """How far out in the distribution of good samples a value lies.

    The empirical distribution of good samples is mapped to a standard normal z, continued linearly
    beyond its ends. The middle four fifths are 1; outside, ``exp(-(abs(z) - 1.28)^2 / 2)``.

    Parameters
    ----------
    kind : "tails"
    bad : {"low", "high", "both"}
    values : quantiles of good samples, ascending
    scores : their standard normal z, ascending
    low_scale, high_scale : float
        Raw units per unit of z beyond the ends.
    """

    kind: Literal["tails"] = "tails"
    bad: Side
    values: tuple[float, ...]
    scores: tuple[float, ...]
    low_scale: float
    high_scale: float

    @classmethod
    def fit(cls, good: Floats, bad: Side) -> Self:
        """Return the curve of the good samples' values, (n,), n >= 1."""
        quantiles = np.quantile(good, LEVELS)
        knots: dict[float, float] = {}
        for value, score in zip(quantiles.tolist(), ndtri(LEVELS).tolist(), strict=True):
            # Where many samples share one value, the value is as ordinary as its most ordinary.
            key = _rounded(value)
            knots[key] = min(knots.get(key, score), score, key=abs)
        middle, reach = float(np.median(good)), abs(float(ndtri(0.95)))
        least = max(float(quantiles[-1] - quantiles[0]) / 20, 1e-3)
        return cls(
            bad=bad,
            values=tuple(knots),
            scores=tuple(_rounded(score) for score in knots.values()),
            low_scale=_rounded(max((middle - float(np.quantile(good, 0.05))) / reach, least)),
            high_scale=_rounded(max((float(np.quantile(good, 0.95)) - middle) / reach, least)),
        )

    def __call__(self, value: float) -> float:
        """Return 1 in the middle of the good samples, less towards the bad tails."""
        if value < self.values[0]:
            z = min(self.scores[0], 0) - (self.values[0] - value) / self.low_scale
        elif value > self.values[-1]:
            z = max(self.scores[-1], 0) + (value - self.values[-1]) / self.high_scale
        else:
            z = self._between(value)
        outside = {"low": -z, "high": z, "both": abs(z)}[self.bad] - PLATEAU
        return math.exp(-(max(outside, 0.0) ** 2) / 2)

    def _between(self, value: float) -> float:
        """Interpolate; for one value faster than NumPy."""
        last = len(self.values) - 1
        if last == 0:
            return self.scores[0]
        at = min(bisect_right(self.values, value), last)
        start, end = self.values[at - 1], self.values[at]
        first, second = self.scores[at - 1], self.scores[at]
        return first + (second - first) * (value - start) / (end - start)

    def side(self, value: float) -> Literal["low", "high"]:
        """Compare with the middle of the good values."""
        return "low" if value < self.values[len(self.values) // 2] else "high"


class Logistic(Curve):
    """Chance that a value is a good sample's rather than a spoilt one's.

    ``1 / (1 + exp((middle - value) / scale))`` over its value at the good samples' median, at most
    1. A negative scale means that high values are bad.
    """

    kind: Literal["logistic"] = "logistic"
    middle: float
    scale: float
    typical: float

    @classmethod
    def fit(cls, good: Floats, spoilt: Floats, bad: Side) -> Self:
        """Fit by one-dimensional logistic regression; both classes weigh the same.

        Newton steps on standardised values with a small ridge and Platt's (1999) targets. If the
        fitted slope has the wrong sign, the classes do not differ and the curve is flat.
        """
        values = np.concatenate([good, spoilt])
        shift, unit = float(np.median(values)), max(float(values.std()), 1e-6)
        x = (values - shift) / unit
        top = (good.size + 1) / (good.size + 2)
        bottom = 1 / (spoilt.size + 2)
        target = np.concatenate([np.full(good.size, top), np.full(spoilt.size, bottom)])
        weight = np.concatenate(
            [np.full(good.size, 0.5 / good.size), np.full(spoilt.size, 0.5 / spoilt.size)]
        )
        design = np.stack([np.ones_like(x), x], axis=1)
        theta = np.zeros(2)
        for _ in range(NEWTON_STEPS):
            chance = 1 / (1 + np.exp(-np.clip(design @ theta, -40, 40)))
            slope = design.T @ (weight * (chance - target)) + RIDGE * np.array([0.0, theta[1]])
            bend = (design.T * (weight * chance * (1 - chance))) @ design
            bend += np.diag([1e-6, RIDGE])
            theta = theta - np.clip(np.linalg.solve(bend, slope), -2, 2)
        wanted = -1.0 if bad == "high" else 1.0
        steepness = wanted * max(wanted * float(theta[1]), 1e-3)
        middle = shift - unit * float(theta[0]) / steepness
        return cls(
            middle=_rounded(middle),
            scale=_rounded(unit / steepness),
            typical=_rounded(float(np.median(good))),
        )

    def __call__(self, value: float) -> float:
        """Return the chance over that of a typical good sample, at most 1."""
        return min(self._chance(value) / max(self._chance(self.typical), 1e-9), 1.0)

    def side(self, value: float) -> Literal["low", "high"]:
        """Compare with the typical good value."""
        return "low" if value < self.typical else "high"

    def _chance(self, value: float) -> float:
        return 1 / (1 + math.exp(min(max((self.middle - value) / self.scale, -50.0), 50.0)))


class Sides(Curve):
    """The worse of two curves, one for values that are too low and one for values too high."""

    kind: Literal["sides"] = "sides"
    low: Tails | Logistic
    high: Tails | Logistic
    typical: float

    @classmethod
    def fit(cls, good: Floats, spoilt: Sequence[Floats]) -> Self:
        """Fit each side to the families of spoilt samples whose median lies there.

        A side without such a family gets the tail of the good samples.
        """
        typical = float(np.median(good))
        low = [values for values in spoilt if float(np.median(values)) < typical]
        high = [values for values in spoilt if float(np.median(values)) >= typical]
        return cls(
            low=Logistic.fit(good, np.concatenate(low), "low") if low else Tails.fit(good, "low"),
            high=Logistic.fit(good, np.concatenate(high), "high")
            if high
            else Tails.fit(good, "high"),
            typical=_rounded(typical),
        )

    def __call__(self, value: float) -> float:
        """Return the lower of the two."""
        return min(self.low(value), self.high(value))

    def side(self, value: float) -> Literal["low", "high"]:
        """Tell which of the two is lower."""
        return "low" if self.low(value) < self.high(value) else "high"


class Plateau(Curve):
    """1 between two positive values, falling with the logarithm outside.

    ``exp(-(ln(value / end) / width)^2 / 2)`` on either side.
    """

    kind: Literal["band"] = "band"
    low: float
    high: float
    low_width: float
    high_width: float

    def __call__(self, value: float) -> float:
        """Return 1 in the band, less outside, 0 at 0."""
        if value <= 0:
            return 0.0
        if value < self.low:
            return math.exp(-((math.log(value / self.low) / self.low_width) ** 2) / 2)
        if value > self.high:
            return math.exp(-((math.log(value / self.high) / self.high_width) ** 2) / 2)
        return 1.0

    def side(self, value: float) -> Literal["low", "high"]:
        """Compare with the lower end."""
        return "low" if value < self.low else "high"


AnyCurve = Annotated[Tails | Logistic | Sides | Plateau, Field(discriminator="kind")]


def _rounded(value: float) -> float:
    """Keep six digits: the rest is noise, and files differ by machine for it."""
    return float(f"{value:.6g}")
