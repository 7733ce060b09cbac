"""How large pores are: coarsened by diffusion or scattered by chance, and cut by the surface."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

LARGEST = 1.5  # no coarsened pore exceeds 1.5 mean radii
NODES = 4096


def lsw_density(share: Float64) -> Float64:
    """Return the density of radii over their mean after diffusive coarsening [1]_ [2]_.

    ``g(u) = (4/9) u^2 (3/(3+u))^(7/3) (1.5/(1.5-u))^(11/3) exp(-u/(1.5-u))``, 0 beyond 1.5;
    mean 1, standard deviation 0.215, mode 1.134.

    Parameters
    ----------
    share : float64 >= 0
        Radius over mean radius.

    References
    ----------
    .. [1] I. M. Lifshitz, V. V. Slyozov, Journal of Physics and Chemistry of Solids 19, 1961.
    .. [2] C. Wagner, Zeitschrift fuer Elektrochemie 65, 1961.
    """
    inside = (share >= 0) & (share < LARGEST)
    u = np.where(inside, share, 0.0)
    left = LARGEST - u
    density = (4 / 9) * u**2 * (3 / (3 + u)) ** (7 / 3) * (LARGEST / left) ** (11 / 3)
    return np.asarray(np.where(inside, density * np.exp(-u / left), 0.0))


def draw_coarsened(count: int, mean: float, rng: np.random.Generator) -> Float64:
    """Draw radii of the law of Lifshitz, Slyozov and Wagner, (count,) in the unit of `mean`."""
    nodes, share = _quantiles()
    return mean * np.interp(rng.random(count), share, nodes)


def draw_lognormal(count: int, median: float, spread: float, rng: np.random.Generator) -> Float64:
    """Draw lognormal radii, (count,) in the unit of `median`; `spread` is the sd of the log."""
    return median * np.exp(spread * np.clip(rng.standard_normal(count), -2.5, 2.5))


def cut_spheres(
    radii: Float64, count: int, rng: np.random.Generator
) -> tuple[Float64, Float64, Float64]:
    """Cut a population of buried spheres by a plane [1]_.

    The plane meets a sphere with a probability that goes with its radius, anywhere between pole
    and equator alike: ``r = sqrt(R**2 - z**2)``, so that ``<r> = (pi/4) <R**2> / <R>``.

    Parameters
    ----------
    radii : (N,) float64
        Sample of the spheres' radii.
    count : int
        Wanted circles.
    rng : Generator

    Returns
    -------
    circle : (count,) float64
        Radius of the mouth in the plane.
    depth : (count,) float64
        Distance from the plane to the pole beneath it, of one more than half of a sphere or less.
    sphere : (count,) float64
        Radius of the sphere that was cut.

    References
    ----------
    .. [1] S. D. Wicksell, "The corpuscle problem", Biometrika 17, 1925.
    """
    chance = np.cumsum(radii)
    sphere = radii[np.searchsorted(chance, rng.random(count) * chance[-1], side="right")]
    height = sphere * rng.uniform(-1, 1, count)
    return np.sqrt(sphere**2 - height**2), sphere + height, sphere


@lru_cache(maxsize=1)
def _quantiles() -> tuple[Float64, Float64]:
    """Return radii and the share of pores that are smaller, both (NODES,)."""
    nodes = np.linspace(0, LARGEST, NODES)
    share = np.cumsum(lsw_density(nodes))
    share /= share[-1]
    for table in (nodes, share):
        table.setflags(write=False)
    return nodes, share
