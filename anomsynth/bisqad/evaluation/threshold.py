"""From which score on a photo is called defective, by what good photos score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from anomsynth.bisqad.options import check_rate
from anomsynth.core.counted import counted


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit for scores; a photo above it is called defective.

    Attributes
    ----------
    value : float
        In the unit of the scores.
    false_alarms : float
        Expected share of good photos above it, at most.
    normals : int
        Good photos it was taken from; 0 if it was given.
    """

    value: float
    false_alarms: float
    normals: int

    @property
    def lowest_rate(self) -> float:
        """The lowest rate of false alarms that so many good photos can promise."""
        return 1 / (self.normals + 1)

    @property
    def is_highest(self) -> bool:
        """Whether it is the highest score of good photos: no rate gives a higher one."""
        return self.normals > 0 and self.false_alarms <= self.lowest_rate + 1e-9

    def shortfall(self, wanted: float) -> str:
        """Say that good photos are too few for the `wanted` rate of false alarms, or nothing."""
        if self.normals == 0 or self.false_alarms <= wanted + 1e-9:
            return ""
        return (
            f"{counted(self.normals, 'good photo')} cannot promise {100 * wanted:g} % false alarms,"
            f" {normals_for(wanted)} could: the threshold is their highest score,"
            f" {100 * self.false_alarms:.2g} % are to be expected"
        )


def normals_for(rate: float) -> int:
    """Return how many good photos it takes for a threshold with this rate of false alarms.

    Examples
    --------
    >>> normals_for(0.01), normals_for(0.02)
    (99, 49)
    """
    return math.ceil(1 / rate - 1e-9) - 1


def choose_threshold(normal_scores: Sequence[float], rate: float) -> Threshold:
    """Return the lowest limit that good photos exceed at most at the `rate`.

    Parameters
    ----------
    normal_scores : sequence of float, at least one
        Scores of good photos that were held out of training.
    rate : float in (0, 1)
        Wanted share of false alarms.

    Returns
    -------
    Threshold
        If there are fewer than ``1 / rate - 1`` scores, their highest; `false_alarms` is above
        the wanted rate then.

    Raises
    ------
    UserError
        If the rate is not between 0 and 1.

    Notes
    -----
    One more good photo is as likely to take any rank among n + 1. So it exceeds the k-th highest
    of n scores with probability k / (n + 1) at most, which is the bound of conformal prediction
    [1]_: k is the whole part of ``rate (n + 1)``. It holds as long as new photos are taken
    like those of the training.

    Examples
    --------
    >>> choose_threshold([-3.1, 0.4, -1.2], rate=0.25)
    Threshold(value=0.4, false_alarms=0.25, normals=3)

    References
    ----------
    .. [1] V. Vovk, A. Gammerman and G. Shafer, "Algorithmic Learning in a Random World", 2005.
    """
    check_rate(rate)
    ranked = sorted(normal_scores, reverse=True)
    count = len(ranked)
    # The tolerance keeps 0.01 * 100 from becoming 0.
    place = max(math.floor(rate * (count + 1) + 1e-9), 1)
    return Threshold(ranked[place - 1], place / (count + 1), count)
