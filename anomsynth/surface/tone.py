"""How bright and what colour a place of the part is."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode
from anomsynth.core.types import Box, Surface

SAMPLES = 64  # pixels a side that are looked at


def mean_light(surface: Surface, box: Box) -> NDArray[np.float64]:
    """Return the mean linear light of the part in a box, (C,) float64.

    Off-part pixels do not count unless the box holds nothing else.

    Parameters
    ----------
    surface : Surface
    box : Box
        Inside the picture.
    """
    return tones(surface, box).mean(axis=0)


def tones(surface: Surface, box: Box) -> NDArray[np.float64]:
    """Return the linear light of an even subset of the part's pixels in a box, (n, C), n >= 1."""
    step = max(max(box.shape) // SAMPLES, 1)
    rows = slice(box.top + min(step // 2, box.shape[0] - 1), box.bottom, step)
    cols = slice(box.left + min(step // 2, box.shape[1] - 1), box.right, step)
    light = decode(np.ascontiguousarray(surface.pixels[rows, cols]), surface.encoding)
    part = surface.foreground[rows, cols]
    chosen = light[part] if part.any() else light.reshape(-1, surface.channels)
    return np.asarray(chosen, dtype=np.float64)
