"""Coherence: whether the brightness changes across the outline rather than along it.

Raw: share of the gradient energy within 2.5 pixels of the outline that is normal to it, in [0, 1];
0.5 = the outline means nothing to the picture. Low is bad.
"""

from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term


def measure_coherence(region: Region) -> float | None:
    """Return the share of normal gradient energy, None where nothing changes at all."""
    return region.coherence


TERM = Term(
    "coherence",
    "fidelity",
    0.05,
    "low",
    measure_coherence,
    too_low="its outline does not follow any edge of the picture",
)
