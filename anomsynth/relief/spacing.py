"""How far apart the points of a scan are."""

import numpy as np
from scipy.spatial import cKDTree

from anomsynth.core.types import Float32

SPAN = 4  # pixels over which distances are taken, so that noise along z adds little to them
PROBES = 4000  # points whose neighbours are looked at: the median is then good to a percent
LINES = 256  # rows and columns of an organised scan that are looked at
NEIGHBOURS = 4  # nearest points that stand for the four neighbours on a grid


def neighbour_spacing(points: Float32) -> float:
    """Return the median distance of neighbours across the surface.

    Parameters
    ----------
    points : (H, W, 3) or (N, 3) float32
        NaN where nothing was measured.

    Returns
    -------
    float
        In the unit of the points: the geometric mean of the medians along rows and columns, or
        that of a square grid as dense as a plain cloud; 0 if no two points are neighbours.

    Examples
    --------
    >>> rows, cols = np.mgrid[:8, :8].astype(np.float32)
    >>> grid = np.dstack([0.25 * cols, 0.25 * rows, rows])  # tilted by 76 degrees
    >>> round(neighbour_spacing(grid), 3)
    0.508
    """
    if points.ndim == 2:
        return _cloud_spacing(points)
    steps = [_median_step(points, axis) for axis in (0, 1)]
    known = [step for step in steps if step > 0]
    return float(np.exp(np.mean(np.log(known)))) if known else 0.0


def _median_step(points: Float32, axis: int) -> float:
    """Return the median step along an axis, over `SPAN` pixels where there are as many."""
    lines = np.moveaxis(points, axis, 0)
    lines = lines[:, :: max(lines.shape[1] // LINES, 1)]
    for span in (SPAN, 1):
        if len(lines) <= span:
            continue
        step = lines[span:] - lines[:-span]
        distance = np.sqrt(np.einsum("ijk,ijk->ij", step, step))
        distance = distance[np.isfinite(distance)]
        if distance.size:
            return float(np.median(distance)) / span
    return 0.0


def _cloud_spacing(points: Float32) -> float:
    """Return the spacing of a square grid with as many points per area as around the median one.

    n neighbours within r of a point on a surface of density 1 / s**2: n = pi r**2 / s**2.
    """
    measured = points[np.isfinite(points[:, 2])]
    if len(measured) <= 2 * NEIGHBOURS:
        return 0.0
    # A stride through the file, not a random choice: the same points give the same scale.
    probes = measured[:: max(len(measured) // PROBES, 1)]
    reach, _ = cKDTree(measured).query(probes, k=2 * NEIGHBOURS + 1)
    return float(np.median(np.asarray(reach)[:, -1])) * np.sqrt(np.pi / (2 * NEIGHBOURS + 0.5))
