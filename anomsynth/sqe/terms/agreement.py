"""Agreement: whether the mask marks what changed.

Raw, in [0, 1]. With the good photo: intersection over union of the mask and the visible change,
change outside all masks included. Without it, two proofs are added, each 0 where the mask means
nothing to the picture: by how much more often than half the time a pixel inside departs further
from the normal surface than one 2 to 10 pixels outside (the area under the ROC curve, after a 3 x 3
mean; its sampling error taken into account), and by how much more than half of the gradient energy
at the outline is normal to it. A vague defect may have the first alone, a hairline in rough texture
the second. Low is bad. The proofs cannot see unmarked changes far from any mask.
"""

import math

import cv2
import numpy as np

from anomsynth.core.types import Float32
from anomsynth.sqe.region import Region, thinned
from anomsynth.sqe.term import Term
from anomsynth.sqe.terms.visibility import JUST_VISIBLE, TOUCHING

NEAR = (2.0, 10.0)  # pixels outside the outline
FEWEST = 10  # pixels
CHANCE = 0.5  # either measure where the mask lies anywhere
DEPARTS, FOLLOWS = 0.6, 0.4  # weights of the two proofs
SMALL = 300  # pixels inside at which chance is as much as what texture leaves in large masks


def measure_agreement(region: Region) -> float | None:
    """Return the overlap, or its proof; None where there are no surroundings to compare with."""
    if region.change is not None:
        seen = region.change >= TOUCHING * JUST_VISIBLE
        hit = int(np.count_nonzero(seen & region.inside))
        missed = int(np.count_nonzero(seen & region.clear))
        return hit / (int(np.count_nonzero(region.inside)) + missed + region.stray)
    near = thinned((region.depth <= -NEAR[0]) & (region.depth >= -NEAR[1]) & region.clear)
    if near.size < FEWEST:
        return None
    smooth = np.asarray(cv2.blur(region.departure, (3, 3)), dtype=np.float32)
    further = _chance_of_more(smooth.take(region.inside_at), smooth.take(near))
    certain = 1 / math.sqrt(1 + SMALL / np.count_nonzero(region.inside))
    along = CHANCE if region.coherence is None else region.coherence
    return DEPARTS * _above_chance(further) * certain + FOLLOWS * _above_chance(along)


def _above_chance(share: float) -> float:
    return max(share - CHANCE, 0.0) / (1 - CHANCE)


def _chance_of_more(first: Float32, second: Float32) -> float:
    """Return the probability that one of the first values exceeds one of the second."""
    ordered = np.sort(second)
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
