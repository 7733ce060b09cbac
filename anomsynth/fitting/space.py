"""The space in which defects are compared: descriptors, as far as they tell mechanisms apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.special import logsumexp

Floats = NDArray[np.float64]

AXES = 16  # of the space; more only tell layers of one mechanism apart
EXTREMES = (0.005, 0.995)  # quantiles beyond which a descriptor is an outlier
RIDGE = 0.05  # added to the scatter within mechanisms, of descriptors of unit spread
SHRUNK = 0.5  # weight of the common scatter in that of one mechanism


@dataclass(frozen=True, eq=False)
class Space:
    """Linear discriminant axes of simulated layers [1]_.

    Attributes
    ----------
    usual : (d,) float64
        Medians, for what could not be measured.
    low, high, mean, spread : (d,) float64
    axes : (d, q) float64

    References
    ----------
    .. [1] C. R. Rao, "The utilization of multiple measurements in problems of biological
       classification", J. R. Stat. Soc. B, 1948.
    """

    usual: Floats
    low: Floats
    high: Floats
    mean: Floats
    spread: Floats
    axes: Floats

    @classmethod
    def spanned_by(cls, layers: Sequence[Floats]) -> Self:
        """Return the space that tells groups of layers, (n, d) each, apart best.

        The scatter within groups is the unit of every axis.
        """
        looks = np.concatenate(layers)
        usual = np.nan_to_num(np.nanmedian(looks, axis=0))
        known = np.where(np.isnan(looks), usual, looks)
        low, high = np.quantile(known, EXTREMES, axis=0)
        known = known.clip(low, high)
        mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
        groups = [
            (np.where(np.isnan(rows), usual, rows).clip(low, high) - mean) / spread
            for rows in layers
        ]
        middles = np.array([rows.mean(axis=0) for rows in groups])
        off = np.concatenate([rows - middle for rows, middle in zip(groups, middles, strict=True)])
        within = off.T @ off / len(off) + RIDGE * np.eye(off.shape[1])
        between = middles - middles.mean(axis=0)
        _, vectors = eigh(between.T @ between / len(between), within)
        return cls(usual, low, high, mean, spread, vectors[:, ::-1][:, :AXES])

    def place(self, looks: Floats) -> Floats:
        """Return the places of defects, (n, d) descriptors, in the space, (n, q)."""
        known = np.where(np.isnan(looks), self.usual, looks).clip(self.low, self.high)
        return (known - self.mean) / self.spread @ self.axes


@dataclass(frozen=True, eq=False)
class Cloud:
    """Layers of one mechanism in the space, smeared out to a density.

    Attributes
    ----------
    points : (n, q) float64
    precision : (q, q) float64
        Inverse covariance of the kernel.
    constant : float
        Log of the kernel's height.
    """

    points: Floats
    precision: Floats
    constant: float

    @classmethod
    def of(cls, points: Floats) -> Self:
        """Return the density of (n, q) points.

        A Gaussian kernel with the points' own scatter, shrunk to the common one, and Scott's width
        ``n ** (-1 / (q + 4))`` [1]_.

        References
        ----------
        .. [1] D. W. Scott, "Multivariate density estimation", Wiley 1992.
        """
        count, axes = points.shape
        scatter = np.cov(points.T) if count > 1 else np.eye(axes)
        scatter = SHRUNK * np.eye(axes) + (1 - SHRUNK) * scatter
        scatter = scatter * count ** (-2 / (axes + 4))
        _, determinant = np.linalg.slogdet(2 * np.pi * scatter)
        return cls(points, np.linalg.inv(scatter), -0.5 * float(determinant))

    def kernels(self, places: Floats) -> Floats:
        """Return the log kernel of every point at places (m, q): (m, n)."""
        away = places[:, None] - self.points[None]
        return self.constant - 0.5 * np.einsum("ijk,kl,ijl->ij", away, self.precision, away)

    def density(self, places: Floats) -> Floats:
        """Return the log density at places (m, q): (m,)."""
        return np.asarray(logsumexp(self.kernels(places), axis=1) - np.log(len(self.points)))

    def own_density(self) -> Floats:
        """Return the log density at each point by the other ones, (n,)."""
        kernels = self.kernels(self.points)
        np.fill_diagonal(kernels, -np.inf)
        return np.asarray(logsumexp(kernels, axis=1) - np.log(max(len(self.points) - 1, 1)))
