"""Size: whether the defect is of a size that one can learn from.

Raw: area as a share of the part, in [0, 1]. Useful sizes span three decades (0.02 % to 35 % of the
part, and at least a dozen pixels); beyond, the value falls with the logarithm. Both sides are bad.
"""

from anomsynth.sqe.curve import Plateau
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

FEWEST = 12  # pixels
# As measured downstream: a detector trained on either side of these sizes lost accuracy.
USEFUL = Plateau(low=2e-4, high=0.35, low_width=1.5, high_width=0.3)


def measure_size(region: Region) -> float:
    """Return the share of the part; a handful of pixels counts as smaller than it is."""
    return region.share * min(region.area / FEWEST, 1.0)


TERM = Term(
    "size",
    "utility",
    0.1,
    "both",
    measure_size,
    too_low="it is tiny",
    too_high="it covers most of the part",
    of_look=False,
    curve=USEFUL,
)
