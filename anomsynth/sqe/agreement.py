"""Agreement: whether the mask marks what changed.

Raw, in [0, 1]. With the good photo: intersection over union of the mask and the visible change,
change outside all masks included. Without it, a proxy: the probability that a pixel inside departs
further from the normal surface than a pixel 2 to 10 pixels outside does (the area under the ROC
curve, after a 3 x 3 mean); 0.5 = no difference. Low is bad. The proxy cannot see unmarked changes
far from any mask.
"""

import cv2
import numpy as np

from anomsynth.core.types import Float32
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term
from anomsynth.sqe.visibility import JUST_VISIBLE, TOUCHING, changed

NEAR = (2.0, 10.0)  # pixels outside the outline
FEWEST = 10  # pixels
MOST = 8000  # pixels that are compared


def measure_agreement(region: Region) -> float | None:
    """Return the overlap, or its proxy; None where there are no surroundings to compare with."""
    change = changed(region)
    if change is not None:
        seen = change >= TOUCHING * JUST_VISIBLE
        hit = int(np.count_nonzero(seen & region.inside))
        missed = int(np.count_nonzero(seen & region.clear))
        return hit / (int(np.count_nonzero(region.inside)) + missed + region.stray)
    near = (region.depth <= -NEAR[0]) & (region.depth >= -NEAR[1]) & region.clear
    if np.count_nonzero(near) < FEWEST:
        return None
    smooth = np.asarray(cv2.blur(region.departure, (3, 3)), dtype=np.float32)
    return _chance_of_more(smooth[region.inside], smooth[near])


def _chance_of_more(first: Float32, second: Float32) -> float:
    """Return the probability that one of the first values exceeds one of the second."""
    first = first[:: max(first.size // MOST, 1)]
    ordered = np.sort(second[:: max(second.size // MOST, 1)])
    below = np.searchsorted(ordered, first, side="left")
    equal = np.searchsorted(ordered, first, side="right") - below
    return float((below + equal / 2).mean()) / ordered.size


TERM = Term(
    "agreement",
    "utility",
    0.35,
    "low",
    measure_agreement,
    too_low="its mask does not mark what changed",
    catches=("shifted",),
    compares=True,
)
