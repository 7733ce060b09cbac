"""Shadows that a relief throws on its surroundings."""

import math

import cv2
import numpy as np

from anomsynth.core.types import Float32, Light

STEPS = 24  # along the way to the light
LOWEST = 0.2  # sine of the lowest light that shadows are followed for
BLUR = 0.08  # of its length: standard deviation of the blur of the whole shadow
SUN = 0.25  # half the lamp's size over its distance: what blurs a shadow's edge


def shadow_of(height: Float32, light: Light, lamp: float = SUN) -> Float32:
    """Return how much of the lamp is hidden at each place, (h, w) float32 in [0, 1].

    A place x lies in shadow where something towards the light stands above the ray,
    ``h(x + s l) - h(x) > s tan(elevation)``; so a body of height h on a plane throws a shadow
    ``h / tan(elevation)`` long. The edge blurs with the distance from what throws it.

    Parameters
    ----------
    height : (h, w) float32, pixels, >= 0, 0 near the border
    light : Light
    lamp : float
        Half the lamp's size over its distance: a wide one blurs the shadow's edge.
    """
    down, right, up = light.vector
    flat = max(math.hypot(down, right), 1e-6)
    rise = max(up, LOWEST) / flat
    top = float(height.max(initial=0.0))
    reach = top / rise
    covered = np.zeros_like(height)
    size = height.shape[::-1]
    for step in np.linspace(0, reach, STEPS + 1)[1:]:
        shift = np.array(
            [[1, 0, right / flat * step], [0, 1, down / flat * step]], dtype=np.float64
        )
        towards = cv2.warpAffine(height, shift, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        above = np.asarray(towards, dtype=np.float32) - height - np.float32(step * rise)
        # The lamp has a size: it is hidden little by little, over SUN of the way to it.
        soft = np.float32(1 / max(lamp * step * rise, 0.5))
        hidden = np.clip(above * soft + np.float32(0.5), 0, 1) * (np.asarray(towards) > 0)
        np.maximum(covered, hidden, out=covered)
    blurred = cv2.GaussianBlur(covered, (0, 0), 0.5 + BLUR / SUN * lamp * reach)
    return np.asarray(blurred, dtype=np.float32)


def hidden_sky(away: Float32, height: float, half_length: float) -> Float32:
    """Return the share of an even sky that a wall hides at a distance, (h, w) float32.

    ``(1 - d / sqrt(d**2 + h**2)) / 2`` of a long one, half of it at its foot; of one that ends, by
    the share of the half horizon that it takes, ``atan(l / d) / (pi / 2)``.

    Parameters
    ----------
    away : (h, w) float32, pixels, >= 0
    height, half_length : float, pixels, > 0
    """
    seen = away / np.sqrt(away * away + np.float32(height * height))
    wide = np.arctan2(np.float32(half_length), away) * np.float32(2 / math.pi)
    return np.asarray(np.float32(0.5) * (1 - seen) * wide, dtype=np.float32)


def margin_of(top_px: float, light: Light, lamp: float = SUN) -> float:
    """Return how far the shadow of something `top_px` high reaches, pixels."""
    down, right, up = light.vector
    return top_px * (1 + lamp + 3 * BLUR / SUN * lamp) * math.hypot(down, right) / max(up, LOWEST)
