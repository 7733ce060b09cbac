"""Warps never fold, end at their border and invert."""

import cv2
import numpy as np
import pytest

from anomsynth.core.types import Box, Float32
from anomsynth.fields.grid import Grid
from anomsynth.fields.relief import fade
from anomsynth.generators.deform._warp import helmholtz_field, invert, least_determinant, stretch


def window(side: int) -> Float32:
    axis = np.linspace(-1, 1, side)
    return fade((1 - np.hypot(axis[:, None], axis)) / 0.6).astype(np.float32)


def material(seed: int, strain: float, curl: float = 0.5) -> Float32:
    field, _ = helmholtz_field(window(128), 20.0, curl, np.random.default_rng(seed))
    return field * np.float32(strain / stretch(field))


@pytest.mark.parametrize("seed", range(5))
def test_inverse_of_a_warp_never_folds(seed) -> None:  # DE4
    inverse = invert(material(seed, 0.6))

    assert least_determinant(inverse) > 0.05


@pytest.mark.parametrize("seed", range(5))
def test_inverse_takes_every_point_back(seed) -> None:  # DE4
    forward = material(seed, 0.6)  # by up to 4 cells
    inverse = invert(forward)
    rows, cols = np.mgrid[:128, :128].astype(np.float32)

    at_source = cv2.remap(forward, cols - inverse[..., 1], rows - inverse[..., 0], cv2.INTER_LINEAR)

    assert np.abs(at_source - inverse).max() < 0.05


def test_warp_ends_flat_at_the_border_of_its_window() -> None:
    forward = material(1, 0.5)
    outside = window(128) == 0

    assert np.abs(forward[cv2.erode(outside.astype(np.uint8), np.ones((3, 3))) > 0]).max() == 0


def test_pure_rotation_neither_stretches_nor_squeezes() -> None:
    turned = material(2, 0.3, curl=1.0)

    divergence = np.gradient(turned[..., 0])[0] + np.gradient(turned[..., 1])[1]
    assert np.abs(divergence[2:-2, 2:-2]).max() < 1e-3


def test_potential_is_the_inverse_laplacian_of_the_divergence() -> None:
    field, phi = helmholtz_field(window(128), 24.0, 0.5, np.random.default_rng(0))

    divergence = np.gradient(field[..., 0])[0] + np.gradient(field[..., 1])[1]
    laplacian = np.gradient(np.gradient(phi)[0])[0] + np.gradient(np.gradient(phi)[1])[1]
    inner = (slice(4, -4), slice(4, -4))
    assert np.corrcoef(divergence[inner].ravel(), laplacian[inner].ravel())[0, 1] > 0.999


def test_stretch_of_a_known_map() -> None:
    rows, cols = np.mgrid[:20, :30].astype(np.float32)

    shear = np.stack([0.3 * cols, np.zeros_like(rows)], axis=2)

    assert stretch(shear) == pytest.approx(0.3, rel=1e-4)
    assert least_determinant(shear) == pytest.approx(1, rel=1e-4)
    turn = np.stack([0.5 * cols, -0.5 * rows], axis=2)
    assert least_determinant(turn) == pytest.approx(1 + 0.5**2, rel=1e-4)


@pytest.mark.parametrize("step", [1, 2, 5])
def test_grid_samples_and_refines_a_plane_exactly(step) -> None:
    grid = Grid(Box(3, 7, 44, 60), step)
    down, right = grid.offsets(10.0, 20.0)

    plane = grid.refine((2 * down + right).astype(np.float32))

    rows, cols = np.mgrid[3:44, 7:60]
    inner = (slice(step, -2 * step), slice(step, -2 * step))
    assert plane.shape == (41, 53)
    assert np.allclose(plane[inner], (2 * (rows - 10) + cols - 20)[inner], atol=1e-3)


def test_a_single_cell_does_not_move() -> None:
    assert stretch(np.ones((1, 1, 2), np.float32)) == 0
    assert least_determinant(np.ones((1, 5, 2), np.float32)) == 1
