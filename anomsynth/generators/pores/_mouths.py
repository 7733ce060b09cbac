"""Mouths of holes that something pushed through: a star of tears between flaps folded back."""

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.outlines import ANGLES
from anomsynth.fields.paths import smooth_noise

SLIM = 0.3  # width of a tear over that of a flap
RAGGED = 0.09  # torn rims are uneven everywhere
NARROWEST = 0.3  # of the mean radius, where a flap hangs into the hole


def torn_rim(
    tears: int, depth: float, scatter: float, rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Draw the rim of a puncture, its tips where the sheet tore.

    A membrane pierced by a point tears along `tears` radial lines; between them flaps fold back,
    so that the hole reaches far along the tears and little between them.

    Parameters
    ----------
    tears : int, >= 2
    depth : float in [0, 1)
        How much deeper the hole reaches along the tears than between them; 0 is round.
    scatter : float in [0, 1]
        Unevenness of the tears' directions and lengths.
    rng : Generator

    Returns
    -------
    rim : (1, ANGLES) float32
        Distance of the rim over the radius of the circle of equal area: mean square 1.
    tips : (tears,) float32, radians
        Directions of the tears.
    """
    even = np.arange(tears) + 0.7 * scatter * rng.uniform(-0.5, 0.5, tears)
    tips = (2 * np.pi * (even / tears + rng.random())) % (2 * np.pi)
    lengths = 1 - 0.8 * scatter * rng.random(tears)
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    apart = np.abs((angle[:, None] - tips[None] + np.pi) % (2 * np.pi) - np.pi)
    half = np.pi / tears
    star = (np.exp(-((apart / (SLIM * half)) ** 1.2)) * lengths).max(axis=1)
    wave = smooth_noise(ANGLES, ANGLES / 22, rng)
    closes = np.linspace(0, 1, ANGLES)
    wave = wave + (wave[0] - wave[-1]) * closes  # the rim closes on itself
    rim = (1 - depth) + 3 * depth * star
    rim = np.maximum(rim * (1 + RAGGED * wave), NARROWEST)
    rim /= np.sqrt(np.mean(rim**2))
    return rim.astype(np.float32)[None], tips.astype(np.float32)
