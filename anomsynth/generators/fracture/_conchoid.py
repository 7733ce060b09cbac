"""Faces of brittle breaks: shell-shaped dishes, ripples around the origin, self-affine detail."""

import math

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.facets import FRACTURE_HURST
from anomsynth.fields.noise import fbm

FIRST_RIPPLE = 0.06  # of the reach: nearer to its origin the face is a smooth mirror
LEAST_WAVE_PX = 3.5  # ripples closer than this are not resolved


def fracture_face(shape: tuple[int, int], rng: np.random.Generator) -> Float32:
    """Return the relief of a fracture face, (h, w) float32, mean 0, standard deviation 1.

    Self-affine with roughness exponent 0.8: power spectrum ``k**-3.6``.
    """
    return fbm(shape, FRACTURE_HURST, rng)


def ripples(distance: Float32, reach: float, growth: float) -> Float32:
    """Return Wallner-like ripples around the origin of a break, (h, w) float32 in [-1, 1].

    The radius grows by the same factor from crest to crest, so ripples widen outwards; those that
    a pixel cannot resolve are left out.

    Parameters
    ----------
    distance : (h, w) float32, pixels, from the origin of the break
    reach : float
        Distance at which the break ends, pixels, > 0.
    growth : float, > 1
        Radius of a crest over that of the one inside it.
    """
    first = FIRST_RIPPLE * reach
    share = np.maximum(distance, np.float32(0.5)) / np.float32(max(first, 0.5))
    step = math.log(growth)
    wave = np.cos(np.log(share) * np.float32(2 * math.pi / step))
    resolved = np.clip(distance * np.float32(step / LEAST_WAVE_PX) - 1, 0, 1)
    mirror = np.clip(share - 1, 0, 1)
    return np.asarray(wave * resolved * mirror, dtype=np.float32)


def dish(share: Float32, exponent: float) -> Float32:
    """Return the depth of a shell-shaped scar, ``1 - q**e``: its rim is a sharp crease.

    Parameters
    ----------
    share : (h, w) float32 >= 0
        Distance from the deepest point, 1 on the rim.
    exponent : float > 1
    """
    return np.asarray(1 - np.minimum(share, np.float32(1)) ** np.float32(exponent))
