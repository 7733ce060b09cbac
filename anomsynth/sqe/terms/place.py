"""Place: whether the defect is on the part.

Raw: share of the mask on the part, in [0, 1]. Low is bad; threads and drops may hang over.
"""

import numpy as np

from anomsynth.sqe.curve import Plateau
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

ON_PART = Plateau(low=0.7, high=1.0, low_width=0.5, high_width=1.0)


def measure_place(region: Region) -> float:
    """Return the share of the defect's pixels that lie on the part."""
    inside = region.inside
    return int(np.count_nonzero(region.part & inside)) / int(np.count_nonzero(inside))


TERM = Term(
    "place",
    "utility",
    0.1,
    "low",
    measure_place,
    too_low="it lies beside the part",
    of_look=False,
    curve=ON_PART,
)
