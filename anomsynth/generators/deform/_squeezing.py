"""Maps that move material without changing its area."""

from typing import TypeVar

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.paths import Float64

STEPS = 10  # midpoint steps of the flow
KEEP = 0.6  # largest relative shortening by a waist; its map stays one-to-one

Field = Float64 | Float32
Real = TypeVar("Real", Float32, Float64)


def pure_strain(along: Field, across: Field, strength: float) -> tuple[Float64, Float64]:
    """Follow a pure-strain flow backwards: where the material at each place came from.

    The flow ``(du, dv)/dt = (psi_v, -psi_u)`` of the stream function
    ``psi = u v (1 - u**2 - v**2)**3`` is free of divergence, so the map has Jacobian one
    everywhere; it is the identity outside the unit disc.

    Parameters
    ----------
    along, across : (h, w) or (n,) arrays
        Coordinates u and v in half axes of the region.
    strength : float
        Logarithm of the stretch along u at the centre; below 0 it is squeezed.

    Returns
    -------
    (along, across) : float64 of the same shape
        Coordinates of the source.
    """
    u, v = np.broadcast_arrays(along, across)
    u, v = u.astype(np.float64), v.astype(np.float64)
    step = -strength / STEPS
    for _ in range(STEPS):
        half_u, half_v = _velocity(u, v)
        half_u, half_v = _velocity(u + 0.5 * step * half_u, v + 0.5 * step * half_v)
        u, v = u + step * half_u, v + step * half_v
    return u, v


def _velocity(u: Float64, v: Float64) -> tuple[Float64, Float64]:
    rest = np.maximum(1 - u * u - v * v, 0)
    window, slope = rest**3, -6 * rest**2  # d window / du = slope * u
    return u * (window + slope * v * v), -v * (window + slope * u * u)


def waist(
    along: Real, across: Real, middle: float, reach: float, narrowing: float
) -> tuple[Real, Real]:
    """Map a long body to one with a waist or a bulge, ``x = S(x'), y = y' / S'(x')``.

    The Jacobian is one exactly; it is the identity farther than `reach` from the middle.

    Parameters
    ----------
    along, across : float32 or float64 arrays
        Place along the body's axis and distance from it, pixels.
    middle : float
        Place of the waist.
    reach : float
        Half length of the zone that flows.
    narrowing : float
        Share by which the width shrinks at the middle; below 0 it bulges. In [-0.6, 0.6].

    Returns
    -------
    (along, across) : of the same types
        Coordinates of the source, pixels.
    """
    e = float(np.clip(narrowing, -KEEP, KEEP))
    t = (along - middle) / reach
    rest = np.maximum(1 - t * t, 0)
    shift = e * reach * t * rest**3
    slope = 1 - e * rest**2 * (1 - 7 * t * t)  # d/dx of x - shift
    return along - shift, across / slope
