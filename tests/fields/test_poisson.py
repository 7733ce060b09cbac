"""The solvers satisfy their equations."""

import numpy as np
import pytest

from anomsynth.fields.poisson import (
    inner_laplacian,
    plate_residual,
    solve_plate,
    solve_screened_poisson,
)


def bump(height: int, width: int) -> np.ndarray:
    rows = np.sin(np.pi * np.arange(1, height + 1) / (height + 1))[:, None]
    cols = np.sin(2 * np.pi * np.arange(1, width + 1) / (width + 1))[None, :]
    return (rows * cols).astype(np.float32)


@pytest.mark.parametrize("shape", [(255, 255), (63, 127), (31, 15)])
@pytest.mark.parametrize("screening", [0.0, 0.01, 1.0])
def test_screened_poisson_returns_the_manufactured_solution(shape, screening) -> None:  # RE1
    height, width = shape
    exact = bump(height, width)
    eigenvalue = 4 - 2 * np.cos(np.pi / (height + 1)) - 2 * np.cos(2 * np.pi / (width + 1))

    found = solve_screened_poisson(exact * np.float32(eigenvalue + screening), screening)

    assert np.abs(found - exact).max() < 1e-5


def test_padding_to_a_fast_size_still_solves_the_equation_inside() -> None:
    source = np.random.default_rng(0).standard_normal((97, 143)).astype(np.float32)

    found = solve_screened_poisson(source, 0.05)

    rest = np.float32(0.05) * found[1:-1, 1:-1] - inner_laplacian(found) - source[1:-1, 1:-1]
    assert np.abs(rest).max() < 1e-4


def test_plate_carries_a_point_load_like_the_infinite_plate() -> None:  # DE1, float32
    load = np.zeros((255, 255), dtype=np.float32)
    load[127, 127] = 1

    deflection = solve_plate(load, 16.0)

    # w(0) = P / (8 sqrt(k D)) with k = 1, D = length**4.
    assert deflection[127, 127] == pytest.approx(1 / (8 * 16.0**2), rel=0.005)


def test_plate_residual_is_small_for_the_solution_and_large_otherwise() -> None:
    load = bump(60, 80)

    deflection = solve_plate(load, 3.0)

    assert plate_residual(deflection, load, 3.0) < 1e-3
    assert plate_residual(2 * load, load, 3.0) > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2)])
def test_tiny_boxes_solve(shape) -> None:
    found = solve_screened_poisson(np.ones(shape, np.float32), 0.1)

    assert found.shape == shape
    assert np.isfinite(found).all()
