"""How long a ray through buried bubbles is: the chords of ellipsoids."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32
from anomsynth.fields.outlines import SMALLEST_PX, Mouths, mouth_field

FINE = 5  # rays a pixel and side, of the smallest bubbles
SHARP_PX = 6.0  # radius from which two rays a pixel are enough


def chords(centres: NDArray[np.float64], mouths: Mouths, box: Box) -> Float32:
    """Return the length of the rays through bubbles inside a part, (h, w) float32, pixels.

    An ellipsoid whose semi-axis along the ray is the shorter one of its outline, b, has the chord
    ``2 b sqrt(1 - q**2)`` at q, the distance from its centre in units of the outline: 4/3 pi times
    its semi-axes all told. Pixels hold the mean of their rays; bubbles behind each other add up.

    Parameters
    ----------
    centres : (N, 2) float64
        Image rows and columns.
    mouths : Mouths
        N outlines.
    box : Box
        Where in the picture.
    """
    total = np.zeros(box.shape, dtype=np.float32)
    for index, (row, col) in enumerate(centres):
        reach = mouths.reach(index) + 1
        patch = Box(
            max(int(np.floor(row - reach)), box.top),
            max(int(np.floor(col - reach)), box.left),
            min(int(np.ceil(row + reach)) + 1, box.bottom),
            min(int(np.ceil(col + reach)) + 1, box.right),
        )
        if patch.bottom <= patch.top or patch.right <= patch.left:
            continue
        radius = float(mouths.radius[index])
        fine = 2 if radius >= SHARP_PX else FINE
        down = _rays(patch.top, patch.bottom, float(row), fine)[:, None]
        right = _rays(patch.left, patch.right, float(col), fine)[None, :]
        share, _ = mouth_field(mouths, index, (down, right))
        rows, cols = patch.shape
        root = np.sqrt(np.maximum(1 - share * share, 0)).reshape(rows, fine, cols, fine)
        shorter = radius / float(np.sqrt(mouths.aspect[index]))
        here = (
            slice(patch.top - box.top, patch.bottom - box.top),
            slice(patch.left - box.left, patch.right - box.left),
        )
        # Outlines are drawn no smaller than that; what lies within gets thinner instead.
        drawn = min(radius / SMALLEST_PX, 1.0) ** 2
        total[here] += np.float32(2 * shorter * drawn) * root.mean(axis=(1, 3))
    return total


def _rays(first: int, end: int, centre: float, fine: int) -> Float32:
    """Return where rays pass, `fine` evenly in each pixel, relative to the centre."""
    step = 1 / fine
    places = np.arange((end - first) * fine) * step + (first - 0.5 + step / 2)
    return (places - centre).astype(np.float32)
