"""Visibility d': how far the defect rises over the surface's own texture.

Raw: root-mean-square visible change over the local standard deviation of the normal surface, both
in CIE 1976 units; 0..50. With the good photo the change is known. Without it, what the variance
inside exceeds the surroundings' by is taken for change, so a defect that only swaps one texture
for a like one is missed. Both sides are bad: training on d' below 1.5 teaches a detector noise, 3
is seen at once, and far above 8 everything is found anyway.

Of a sample in a scan it is the larger of that and of how far its height rises over the sensor's
noise, up to 8; where depth is all there is, that alone.
"""

import numpy as np

from anomsynth.core.statistics import mean
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

JUST_VISIBLE = 2.3  # CIE 1976 units (Mahy et al. 1994)
PLAIN = 8.0  # of a sensor's noise: nothing is too plain for one, as what is stronger is deeper
TOUCHING = 0.5  # pixels this share of JUST_VISIBLE count


def measure_visibility(region: Region) -> float:
    """Return d', or height over the sensor's noise."""
    if region.sensed is None:
        return _by_look(region)
    over = min(region.sensed.over_noise, PLAIN)
    return over if region.sensed.alone else max(over, _by_look(region))


def _by_look(region: Region) -> float:
    if region.change is not None:
        change = region.change.take(region.inside_at)
        seen = change[change >= TOUCHING * JUST_VISIBLE]
        if seen.size == 0:
            return 0.0
        return float(np.sqrt(mean(seen * seen))) / region.normal_sd
    departure = region.departure.take(region.inside_at)
    return float(np.sqrt(max(float(np.mean(departure * departure)) - 1, 0.0)))


TERM = Term(
    "visibility",
    "utility",
    0.45,
    "both",
    measure_visibility,
    too_low="it can hardly be seen",
    too_high="it is far stronger than real defects are",
    compares=True,
    of_look=False,
)
