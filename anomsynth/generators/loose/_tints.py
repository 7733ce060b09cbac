"""Colours of foreign matter: hue and saturation at unchanged luminance."""

import math

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
NEUTRAL = 0.6, 1.8  # a strong colour is only half undone: amplitudes raise it to a power


def tint_of(hue_deg: float, saturation: float) -> NDArray[np.float64]:
    """Return the gain per channel, (3,) float64 > 0, of a coloured material of luminance one.

    Parameters
    ----------
    hue_deg : float
        0 red, 120 green, 240 blue.
    saturation : float in [0, 1]
        0 grey; one is the purest colour whose weakest channel keeps a tenth of the light.
    """
    phase = np.radians(hue_deg - np.array([0.0, 120.0, 240.0]))
    pure = np.clip(0.5 + np.cos(phase), 0.1, 1.0)
    gain = np.exp(min(max(saturation, 0.0), 1.0) * np.log(pure))
    gain /= float(LUMINANCE @ gain)
    return np.asarray(gain, dtype=np.float64)


def neutral_gain(light: Float32, inside: Mask) -> Float32:
    """Return the gain per channel, (3,) float32, that makes light from a coloured surface grey.

    Foreign matter has its own colour, not the surface's; reflectances are relative to that.

    Parameters
    ----------
    light : (h, w, 3) float32 linear light
    inside : (h, w) bool
        Pixels of the part; all are used where there are none.
    """
    step = max(int(np.sqrt(inside.size / 4096)), 1)
    every = (slice(None, None, step), slice(None, None, step))
    pixels = light[every][inside[every]] if inside[every].any() else light[every].reshape(-1, 3)
    mean = np.maximum(pixels.mean(axis=0, dtype=np.float64), 1e-4)
    gain = np.clip(float(LUMINANCE @ mean) / mean, *NEUTRAL)
    return np.asarray(gain / float(LUMINANCE @ gain), dtype=np.float32)


def tinted(grey: Float32, hue_deg: float, saturation: float, neutral: Float32) -> Float32:
    """Colour (h, w) reflectances by a hue in degrees and a saturation, (h, w, 3) float32.

    `neutral` is the surface's `neutral_gain`.
    """
    gain = tint_of(math.fmod(hue_deg, 360.0), saturation)
    return grey[..., None] * (gain.astype(np.float32) * neutral)
