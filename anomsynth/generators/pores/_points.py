"""Where things nucleate: independent, clustered and mutually repelling points.

Every pattern lives in a rectangle ``[0, rows) x [0, cols)`` of any length unit and has an exact
number of points, so that a recipe's count is kept.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]

TRIES = 24  # candidates per wanted point before repelling points give up
OVERSAMPLED = 2.0  # children drawn per wanted one, thinned to the exact count
EDGE_FREE_ERROR = 0.26136  # standard error of Clark and Evans' mean distance


def scatter_independent(
    count: int, extent: tuple[float, float], rng: np.random.Generator
) -> Points:
    """Return `count` independent uniform points, (count, 2) rows and columns."""
    return rng.random((count, 2)) * np.asarray(extent)


def scatter_clusters(
    count: int,
    extent: tuple[float, float],
    *,
    per_cluster: float,
    spread: float,
    rng: np.random.Generator,
) -> Points:
    """Return `count` points of a Thomas process: pits around parents, as acid spreads [1]_.

    Parents are Poisson around the rectangle too, so that clusters outside it reach in. The
    pair statistics follow ``K(r) = pi r**2 + (1 - exp(-r**2 / 4 spread**2)) / parents per area``.

    Parameters
    ----------
    count : int
    extent : (float, float)
        Rows and columns of the rectangle.
    per_cluster : float
        Mean number of points of a parent, > 0.
    spread : float
        Standard deviation of a point about its parent in each direction, > 0.
    rng : Generator

    Returns
    -------
    (count, 2) float64

    References
    ----------
    .. [1] C. Punckt et al., "Sudden onset of pitting corrosion on stainless steel as a critical
       phenomenon", Science 305, 2004.
    """
    size = np.asarray(extent, dtype=np.float64)
    margin = 4 * spread
    share = float(np.prod(size) / np.prod(size + 2 * margin))
    wanted = max(count, 1) / max(per_cluster, 1e-9)
    found: list[Points] = [np.empty((0, 2))]
    total = 0
    while total < count:
        parents = max(int(rng.poisson(wanted / share)), 1)
        centres = rng.random((parents, 2)) * (size + 2 * margin) - margin
        children = rng.poisson(OVERSAMPLED * per_cluster, parents)
        points = np.repeat(centres, children, axis=0)
        points = points + rng.normal(0, spread, points.shape)
        inside = points[((points >= 0) & (points < size)).all(axis=1)]
        # Thinning at random keeps the pair statistics; one realisation nearly always suffices.
        found.append(inside[rng.permutation(len(inside))])
        total += len(inside)
    return np.concatenate(found)[:count]


def scatter_repelling(
    count: int, extent: tuple[float, float], distance: float, rng: np.random.Generator
) -> Points:
    """Return up to `count` points no closer than `distance`: pits that protect each other.

    Simple sequential inhibition; where the rectangle is full, fewer points come back, but at
    least one.
    """
    candidates = rng.random((max(count, 1) * TRIES, 2)) * np.asarray(extent)
    kept = np.empty((max(count, 1), 2))
    found = 0
    for point in candidates:
        if found and ((kept[:found] - point) ** 2).sum(axis=1).min() < distance**2:
            continue
        kept[found] = point
        found += 1
        if found >= count:
            break
    return kept[:found]


def clark_evans(points: Points, extent: tuple[float, float]) -> tuple[float, float]:
    """Compare nearest neighbours with independent points [1]_.

    Parameters
    ----------
    points : (N, 2) float64
    extent : (float, float)
        Rows and columns of the rectangle, treated as a torus so that its border has no effect.

    Returns
    -------
    ratio : float
        Mean distance over ``1 / (2 sqrt(density))``: < 1 clustered, 1 independent, > 1 regular.
    z : float
        The same difference in standard errors; (1, 0) for fewer than two points.

    References
    ----------
    .. [1] P. J. Clark, F. C. Evans, "Distance to nearest neighbor as a measure of spatial
       relationships in populations", Ecology 35, 1954.
    """
    count = len(points)
    area = float(extent[0] * extent[1])
    if count < 2 or area <= 0:
        return 1.0, 0.0
    size = np.asarray(extent, dtype=np.float64)
    wrapped = np.mod(points, size)
    tree = cKDTree(np.minimum(wrapped, np.nextafter(size, 0)), boxsize=size)
    nearest = float(np.asarray(tree.query(tree.data, k=2)[0])[:, 1].mean())
    density = count / area
    expected = 1 / (2 * np.sqrt(density))
    return float(nearest / expected), float(
        (nearest - expected) * np.sqrt(count * density) / EDGE_FREE_ERROR
    )
