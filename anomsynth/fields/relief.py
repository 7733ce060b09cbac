"""Heights of deformed surfaces: indentations, elastic contact, bent plates."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.special import kei

from anomsynth.core.types import Float32

DENT_REACH = 3.0  # radii at which the surroundings of a dent are flat again
RECOVERED = 0.1  # share of the depth that springs back when the tool leaves, metals
RIM_EXPONENTS = (0.5, 9.0)  # how fast piled-up material falls off with distance
CAVITY_LIP = 0.12  # share of a cavity's depth over which its lip is rounded
CREASE = 0.1  # radii over which the edge of a dent is rounded
NODES = 512  # radii at which profiles are tabulated

Profile = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dent:
    """Shape of an indentation in units of its radius.

    Attributes
    ----------
    depth : float
        Depth below the original surface over radius, > 0.
    hardening : float in [0, 1]
        Exponent n of the stress-strain law; soft metals 0.3-0.5, hardened ones 0-0.1.
    balanced : bool
        True: the displaced volume reappears around the dent (thick parts). False: it does not
        (sheets bend, soft bodies compact) and the surface leans in over a wide skirt.
    skirt : float in [0, 1]
        Share of the depth that belongs to the skirt; used if not `balanced`.
    sheet : bool
        Skirt of a thin sheet (plate on a foundation) rather than of a half space (Hertz).
    """

    depth: float
    hardening: float = 0.1
    balanced: bool = True
    skirt: float = 0.4
    sheet: bool = True


def fade(share: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the quintic step: 0 below 0, 1 above 1, flat to second order at both ends."""
    t = np.clip(share, 0, 1)
    return t * t * t * (t * (6 * t - 15) + 10)


def pile_up_ratio(hardening: float) -> float:
    """Return contact depth over penetration for a sphere: ``(5/2) (2 - n) / (4 + n)`` [1]_.

    Above 1 material piles up around the dent, below 1 it sinks in.

    References
    ----------
    .. [1] R. Hill, B. Storakers, A. B. Zdunek, "A theoretical study of the Brinell hardness test",
       Proceedings of the Royal Society A 423, 1989.
    """
    return 2.5 * (2 - hardening) / (4 + hardening)


def dent_profile(shape: Dent) -> Profile:
    """Tabulate the residual height of a dent at `NODES` even steps up to `DENT_REACH` radii.

    Inside, a paraboloid from the bottom to the rim; outside, piled-up material that falls off
    with a power of the distance and, if balanced, holds exactly the volume of the dent:
    ``2 integral h q dq = 0``. The last node and the slope there are 0.

    Returns
    -------
    (NODES,) float64, heights over radius
    """
    q = np.linspace(0, DENT_REACH, NODES)
    if not shape.balanced:
        return -shape.depth * _skirted(q, shape)
    penetration = shape.depth / (1 - RECOVERED)
    rim = max((pile_up_ratio(shape.hardening) - 1) * penetration, 0.02 * shape.depth)
    exponents, moments = _rim_moments()
    # Zero volume: (rim - depth) / 2 + 2 rim moment = 0, both per pi a**2; moments fall with m.
    wanted = (shape.depth - rim) / (4 * rim)
    exponent = float(np.interp(wanted, moments[::-1], exponents[::-1]))
    ring = _ring(q, exponent)
    inside = np.clip(1 - q**2, 0, None)
    bowl = _blunt(inside, q)
    lip = _blunt(np.where(q < 1, 1 - inside, ring), q)
    # The rim follows from the balance on this very table, so that quadrature adds no error.
    height = shape.depth * _moment(bowl, q) / _moment(lip, q)
    return height * lip - shape.depth * bowl


def _blunt(profile: Profile, q: Profile) -> Profile:
    """Round the creases of a profile that is even about q = 0 and 0 at the far end."""
    reach = int(np.ceil(3 * CREASE / q[1]))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * q[1] / CREASE) ** 2)
    padded = np.concatenate([profile[reach:0:-1], profile, np.zeros(reach)])
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return np.asarray(smooth * (1 - fade((q - 0.85 * q[-1]) / (0.15 * q[-1]))))


@lru_cache(maxsize=1)
def _rim_moments() -> tuple[Profile, Profile]:
    """Return exponents and the rim's moment for each: they are the same for every dent."""
    q = np.linspace(0, DENT_REACH, NODES)
    exponents = np.linspace(*RIM_EXPONENTS, 64)
    return exponents, np.array([_moment(_ring(q, m), q) for m in exponents])


def _ring(q: Profile, exponent: float) -> Profile:
    """Return ``q**-exponent`` outside the dent, cut off smoothly, 0 inside."""
    cut = 1 - fade((q - 1.5) / (DENT_REACH - 1.5))
    return np.where(q >= 1, np.maximum(q, 1) ** -exponent * cut, 0.0)


def _skirted(q: Profile, shape: Dent) -> Profile:
    cap = np.clip(1 - q**2, 0, None)
    wide = plate_green(q) if shape.sheet else hertz_surface(q, 1.0, 1.0)
    wide = wide / wide[0] * (1 - fade((q - 1.2) / (DENT_REACH - 1.2)))
    return _blunt((1 - shape.skirt) * cap + shape.skirt * wide, q)


def _moment(profile: Profile, q: Profile) -> float:
    product = profile * q
    return float((product.sum() - (product[0] + product[-1]) / 2) * (q[1] - q[0]))


def sampled(profile: Profile, share: Float32) -> Float32:
    """Look up a tabulated profile at distances in units of the radius, (h, w) float32."""
    table = profile.astype(np.float32)
    place = share * np.float32((NODES - 1) / DENT_REACH)
    np.minimum(place, np.float32(NODES - 1.001), out=place)
    low = place.astype(np.int32)
    return table[low] + (place - low) * (table[low + 1] - table[low])


def hertz_surface(
    distance: NDArray[np.floating], contact_radius: float, sphere_radius: float
) -> Profile:
    """Return how far a loaded elastic half space lies below its rest, in length units [1]_.

    ``a**2/R - r**2/2R`` under the sphere, and the exact tail that falls off as
    ``4 a**3 / (3 pi R r)`` outside.

    References
    ----------
    .. [1] K. L. Johnson, "Contact Mechanics", Cambridge University Press, 1985, ch. 4.
    """
    r, a = np.asarray(distance, dtype=np.float64), contact_radius
    under = (a**2 - np.minimum(r, a) ** 2 / 2) / sphere_radius
    far = np.maximum(r, a)
    tail = (2 * a**2 - far**2) * np.arcsin(a / far) + a * np.sqrt(far**2 - a**2)
    return np.where(r <= a, under, tail / (np.pi * sphere_radius))


def plate_green(distance: NDArray[np.floating]) -> Profile:
    """Return the deflection under a point load on a plate on a foundation, 1 at the load [1]_.

    `distance` is in units of the plate's length ``(D / k)**(1/4)``: ``-(4 / pi) kei(r)``.

    References
    ----------
    .. [1] S. Timoshenko, S. Woinowsky-Krieger, "Theory of Plates and Shells", 1959, ch. 8.
    """
    r = np.asarray(distance, dtype=np.float64)
    return np.where(r > 0, -4 / np.pi * kei(np.maximum(r, 1e-9)), 1.0)


def plate_deflection(load: Profile, rigidity: float, foundation: float) -> Profile:
    """Solve ``D lap lap w + k w = q`` for a plate on an elastic foundation, periodic borders.

    Parameters
    ----------
    load : (h, w) float64
        Force per cell.
    rigidity : float
        D in units of load * cell**2, > 0.
    foundation : float
        k in load per cell and unit of deflection, > 0.

    Returns
    -------
    (h, w) float64; double precision because the operator magnifies rounding by D k**4
    """
    operator = _plate_operator(load.shape, rigidity, foundation)
    return np.asarray(scipy.fft.irfft2(scipy.fft.rfft2(load) / operator, s=load.shape))


def plate_residual(deflection: Profile, load: Profile, rigidity: float, foundation: float) -> float:
    """Return ``|D lap lap w + k w - q| / |q|`` in the spectral discretisation."""
    operator = _plate_operator(load.shape, rigidity, foundation)
    back = scipy.fft.irfft2(scipy.fft.rfft2(deflection) * operator, s=load.shape)
    # Not `norm`: its BLAS threads cost more than the sum where workers share the cores.
    scale = float((load**2).sum())
    return float(np.sqrt(((back - load) ** 2).sum() / scale)) if scale > 0 else 0.0


def _plate_operator(shape: tuple[int, ...], rigidity: float, foundation: float) -> Profile:
    down = 2 * np.pi * np.fft.fftfreq(shape[0])[:, None]
    right = 2 * np.pi * np.fft.rfftfreq(shape[1])[None, :]
    return np.asarray(rigidity * (down**2 + right**2) ** 2 + foundation)


def cavity(share: Float32, exponent: float) -> Float32:
    """Return the depth of a pit as a share of its largest, ``1 - q**e`` with a rounded lip.

    Parameters
    ----------
    share : (h, w) float32 >= 0
        Distance from the centre, 1 on the mouth's rim.
    exponent : float
        1.5 is a narrow funnel, 2 a bowl, 4-8 a flat bottom with steep walls (ASTM G46 types).

    Returns
    -------
    (h, w) float32: 1 at the centre, falling to 0 with zero slope at the rim, 0 beyond
    """
    ramp = 1 - np.minimum(share, np.float32(1)) ** np.float32(exponent)
    lip = np.float32(CAVITY_LIP)
    rounded = np.where(ramp < lip, ramp * ramp / (2 * lip), ramp - lip / 2)
    return (rounded / (1 - lip / 2)).astype(np.float32, copy=False)
