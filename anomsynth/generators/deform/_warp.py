"""Displacements within the surface that never fold."""

import cv2
import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.noise import value_noise

ITERATIONS = 24
CONVERGED = 0.01  # cells; finer steps drown in the 1/32 cell that remap resolves


def helmholtz_field(
    window: Float32, correlation: float, curl: float, rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Draw a smooth material displacement ``U = grad(phi) + rot(psi)`` that ends at the border.

    The potentials are multiplied by `window`, so displacement and strain vanish with it.

    Parameters
    ----------
    window : (h, w) float32 in [0, 1]
        Twice differentiable, 0 at the border of the support and beyond.
    correlation : float
        Size of the features, cells.
    curl : float in [0, 1]
        Share of rotation; the rest stretches and squeezes.
    rng : Generator

    Returns
    -------
    displacement : (h, w, 2) float32
        (row, col), arbitrary amplitude.
    stretching : (h, w) float32
        The potential phi; its Laplacian is the divergence of the displacement.
    """
    cell = max(correlation, 2.0)
    phi = window * value_noise(window.shape, cell, rng) * np.float32(1 - curl)
    psi = window * value_noise(window.shape, cell, rng) * np.float32(curl)
    phi_row, phi_col = _gradient(phi)
    psi_row, psi_col = _gradient(psi)
    return np.stack([phi_row - psi_col, phi_col + psi_row], axis=2), phi


def stretch(displacement: Float32) -> float:
    """Return the largest Frobenius norm of the displacement's gradient; below 1 nothing folds.

    Parameters
    ----------
    displacement : (h, w, 2) float32
        (row, col), cells.

    Returns
    -------
    float >= 0, without unit; 0 if a side has one cell only
    """
    if min(displacement.shape[:2]) < 2:
        return 0.0
    total = np.zeros(displacement.shape[:2], dtype=np.float32)
    for part in (displacement[..., 0], displacement[..., 1]):
        row, col = _gradient(np.ascontiguousarray(part))
        total += row * row + col * col
    return float(np.sqrt(total.max()))


def invert(material: Float32) -> Float32:
    """Return the inverse map u of a material displacement U: ``u(x) = U(x - u(x))``.

    Fixed-point iteration; converges where `stretch` of the material displacement is below 1.

    Parameters
    ----------
    material : (h, w, 2) float32
        (row, col) by which the point at each place has moved, cells.

    Returns
    -------
    (h, w, 2) float32: what is now seen at x was at ``x - u(x)``
    """
    height, width = material.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    cols = np.arange(width, dtype=np.float32)[None, :]
    inverse = material
    for _ in range(ITERATIONS):
        moved = cv2.remap(
            material,
            cols - inverse[..., 1],
            rows - inverse[..., 0],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(material.shape)
        change = float(np.abs(moved - inverse).max())
        inverse = np.asarray(moved, dtype=np.float32)
        if change < CONVERGED:
            break
    return inverse


def least_determinant(inverse: Float32) -> float:
    """Return the smallest ``det(I - grad u)``; above 0 the map is one-to-one.

    Parameters
    ----------
    inverse : (h, w, 2) float32
        (row, col) of u, cells, as `invert` returns it.

    Returns
    -------
    float, without unit; 1 if a side has one cell only
    """
    if min(inverse.shape[:2]) < 2:
        return 1.0
    row_row, row_col = _gradient(np.ascontiguousarray(inverse[..., 0]))
    col_row, col_col = _gradient(np.ascontiguousarray(inverse[..., 1]))
    return float(((1 - row_row) * (1 - col_col) - row_col * col_row).min())


def _gradient(field: Float32) -> tuple[Float32, Float32]:
    """Return central differences (rows, cols), one-sided at the border."""
    if min(field.shape) < 2:
        return np.zeros_like(field), np.zeros_like(field)
    rows, cols = np.gradient(field)
    return np.asarray(rows, dtype=np.float32), np.asarray(cols, dtype=np.float32)
