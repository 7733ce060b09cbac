"""Where on the picture defects fall."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

CELLS = 96  # a side of the map; pictures of any shape are stretched to it


def on_cells(mask: Mask) -> Float32:
    """Return the share of each place that a mask of any size covers, (96, 96) float32 in [0, 1]."""
    share = cv2.resize(mask.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(share, dtype=np.float32)


class HeatMap:
    """Counts, for each place, the share of masks that cover it."""

    def __init__(self) -> None:
        self._total = np.zeros((CELLS, CELLS), dtype=np.float64)
        self._count = 0

    def add(self, cells: Float32) -> None:
        """Count a mask, given by `on_cells`."""
        self._total += cells
        self._count += 1

    def share(self) -> Float32:
        """Return the share of masks that cover each place, (96, 96) float32 in [0, 1]."""
        return (self._total / max(self._count, 1)).astype(np.float32)


def coloured(share: Float32) -> NDArray[np.uint8]:
    """Return a map as (h, w, 3) uint8 RGB, brightest where most defects fall."""
    scaled = share / max(float(share.max()), 1e-9)
    levels = np.rint(255 * scaled).astype(np.uint8)
    painted = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)
    return np.ascontiguousarray(painted[..., ::-1])
