"""From which side of its axis a light comes, as two photos of one part tell together."""

import math

import cv2
import numpy as np

from anomsynth.core.color import decode
from anomsynth.core.pixels import channel_mean, slope_of
from anomsynth.core.types import Float32, Surface

DARK = 0.02  # light below which noise decides about the logarithm
SMOOTHED_PX = 1.0  # standard deviation
CLEARLY = 0.05  # correlation beyond that of colours from which relief shows
CUT = 3.0  # standard deviations beyond which an edge counts no more


def agreement(first: Surface, other: Surface) -> float:
    """Return how well the sides of two lights, as the surfaces have them, fit together, in [-1, 1].

    Photos of one relief h in flat lights a and b are ``-a . grad h`` and ``-b . grad h`` but for
    the colour of the part, so that ``(b . grad)`` of the first equals ``(a . grad)`` of the other:
    mixed derivatives do not depend on their order. Their correlation is negative if one of the two
    lights comes from the other side. That both do cannot be seen: a relief turned inside out looks
    the same (crater illusion). Where nothing but colour varies the correlation is the cosine of the
    angle between the lights, whatever their sides: what lies between that and 0 tells nothing, and
    0 is returned.

    Parameters
    ----------
    first, other : Surface
        Photos of one part from one place; of the lights only the azimuths count.
    """
    across = _along(first, other.light.azimuth_deg)
    along = _along(other, first.light.azimuth_deg)
    one, two = across[first.foreground], along[first.foreground]
    spread = float(one.std()) * float(two.std())
    if one.size == 0 or spread <= 0:
        return 0.0
    one = one.clip(*(np.array((-CUT, CUT)) * one.std()))
    two = two.clip(*(np.array((-CUT, CUT)) * two.std()))
    spread = max(float(one.std()) * float(two.std()), 1e-12)
    found = float(((one - one.mean()) * (two - two.mean())).mean() / spread)
    by_colour = math.cos(math.radians(first.light.azimuth_deg - other.light.azimuth_deg))
    tells = found * by_colour < 0 or abs(found) > abs(by_colour) + CLEARLY
    return found if tells else 0.0


def _along(surface: Surface, azimuth_deg: float) -> Float32:
    """Return how a photo's log light changes in a direction, (H, W) float32."""
    light = channel_mean(decode(surface.pixels, surface.encoding))
    level = cv2.GaussianBlur(np.log(light + np.float32(DARK)), (0, 0), SMOOTHED_PX)
    field = np.asarray(level, dtype=np.float32)
    up, right = math.sin(math.radians(azimuth_deg)), math.cos(math.radians(azimuth_deg))
    change = np.float32(right) * slope_of(field, 1) - np.float32(up) * slope_of(field, 0)
    return np.asarray(change, dtype=np.float32)
