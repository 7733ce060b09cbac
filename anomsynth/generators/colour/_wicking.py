"""Liquid drawn into pores: where its front stands, and how wetting darkens."""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]

WATER, OIL = 1.33, 1.47  # refractive indices
BRIGHTEST = 0.95


def radial_time(radius: Float64, source: float) -> Float64:
    """Return the time at which a front around a source stands at `radius`, relative.

    ``r**2 (ln(r / r0) - 1/2) + r0**2 / 2``, from Darcy's law with a constant capillary pressure.
    """
    return radius**2 * (np.log(radius / source) - 0.5) + source**2 / 2


def radial_front(age: Float64, source: float) -> Float64:
    """Return where the front stands at `age` of the time it takes to get to radius 1.

    Parameters
    ----------
    age : (...) float64 in [0, 2]
    source : float in (0, 1)
        Radius of the source that feeds it.
    """
    radii = np.linspace(source, 1.6, 512)
    return np.interp(age * radial_time(np.ones(1), source)[0], radial_time(radii, source), radii)


def linear_front(age: Float64) -> Float64:
    """Return where a straight front stands at `age`, in units of where it stands at age 1.

    Washburn's ``L = sqrt(gamma r cos(t) / (2 eta) time)`` [1]_: liquid and pores decide how far it
    gets, time alone in which steps.

    References
    ----------
    .. [1] E. W. Washburn, "The dynamics of capillary flow", Physical Review 17, 1921.
    """
    return np.sqrt(age)


def wetting_depth(dry: Float32, index: float) -> Float32:
    """Return the optical depth by which wetting darkens a porous surface of albedo `dry`.

    Wet albedo ``rho / (n**2 (1 - rho) + rho)`` [1]_: light is kept in by total reflection, so dark
    places darken more and the contrast of the texture grows.

    Parameters
    ----------
    dry : float32 of any shape, in [0, 1]
    index : float
        Refractive index of the liquid.

    References
    ----------
    .. [1] A. Angstrom, "The albedo of various surfaces of ground", Geografiska Annaler 7, 1925.
    """
    dry = np.clip(dry, 0, BRIGHTEST)
    square = np.float32(index * index)
    return np.asarray(0.5 * np.log(square * (1 - dry) + dry), dtype=np.float32)
