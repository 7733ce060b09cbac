"""Coherence: whether the brightness changes across the outline rather than along it.

Raw: share of the gradient energy within 2.5 pixels of the outline that is normal to it, in [0, 1];
0.5 = the outline means nothing to the picture. Low is bad.
"""

import cv2
import numpy as np

from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

BAND = 2.5  # pixels
SMOOTHING = 1.0  # pixels, of the distance whose gradient is the normal


def measure_coherence(region: Region) -> float | None:
    """Return the share of normal gradient energy, None where nothing changes at all."""
    band = np.abs(region.depth) <= BAND
    smooth = cv2.GaussianBlur(np.clip(region.depth, -8, 8), (0, 0), SMOOTHING)
    rows = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)[band]
    cols = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)[band]
    down, across = (part[band] for part in region.gradient)
    energy = float((down * down + across * across).sum())
    if energy <= 1e-3 * down.size:
        return None
    normal = (down * rows + across * cols) ** 2 / (rows * rows + cols * cols + np.float32(1e-6))
    return float(normal.sum()) / energy


TERM = Term(
    "coherence",
    "fidelity",
    0.05,
    "low",
    measure_coherence,
    too_low="its outline does not follow any edge of the picture",
    catches=("shifted",),
)
