"""Shapes of films that have come off their base and buckled, or were blown up."""

import math

import numpy as np
from scipy.special import j0

from anomsynth.core.types import Float32

CLAMPED_ROOT = 3.8317059702  # first zero of J1: a clamped disc buckles as J0 of it


def disc_deflection(stress_ratio: float, poisson: float = 0.3) -> float:
    """Return the centre deflection of a round blister over the film's thickness [1]_.

    ``sqrt(c1 (s/s_c - 1))`` with ``c1 = 1 / (0.2473 (1 + v) + 0.2231 (1 - v^2))``.

    Parameters
    ----------
    stress_ratio : float >= 1
        Compressive stress over that at which a disc of this radius buckles.
    poisson : float

    References
    ----------
    .. [1] J. W. Hutchinson, M. D. Thouless, E. G. Liniger, "Growth and configurational stability
       of circular, buckling-driven film delaminations", Acta Metallurgica et Materialia 40, 1992.
    """
    constant = 1 / (0.2473 * (1 + poisson) + 0.2231 * (1 - poisson**2))
    return math.sqrt(constant * max(stress_ratio - 1, 0.0))


def strip_deflection(stress_ratio: float) -> float:
    """Return the height of a straight blister over the film's thickness.

    ``sqrt((4/3) (s/s_c - 1))``, exact for a clamped wide plate.
    """
    return math.sqrt(4 / 3 * max(stress_ratio - 1, 0.0))


def disc_profile(share: Float32, *, blown: bool = False) -> Float32:
    """Return the height of a round blister over its centre's, 0 with zero slope on the rim.

    Parameters
    ----------
    share : (h, w) float32 >= 0
        Distance from the centre, 1 on the rim.
    blown : bool
        True: gas or water under it, ``(1 - q^2)^2``. False: buckled, ``J0(3.83 q)`` shifted to
        the rim.
    """
    q = np.minimum(share, np.float32(1))
    if blown:
        return np.asarray((1 - q * q) ** 2, dtype=np.float32)
    rim = float(j0(CLAMPED_ROOT))
    return np.asarray((j0(CLAMPED_ROOT * q) - rim) / (1 - rim), dtype=np.float32)


def strip_profile(share: Float32) -> Float32:
    """Return the height across a straight blister over its crest's: ``(1 + cos(pi x/b)) / 2``.

    `share` is the distance from the axis over the half width b.
    """
    inside = np.minimum(np.abs(share), np.float32(1))
    return np.asarray((1 + np.cos(np.float32(np.pi) * inside)) / 2, dtype=np.float32)
