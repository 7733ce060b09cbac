"""Poisson cloning solves its equation exactly."""

import numpy as np
import pytest

from anomsynth.generators.baselines._cloning import clone, fitting_side


def pictures(side: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rows, cols = fitting_side(33, 99), fitting_side(47 + side, 99)
    rng = np.random.default_rng(0)
    return (rng.uniform(0, 255, (rows, cols, 2)).astype(np.float32) for _ in range(2))


def laplace(field: np.ndarray) -> np.ndarray:
    return (
        field[:-2, 1:-1]
        + field[2:, 1:-1]
        + field[1:-1, :-2]
        + field[1:-1, 2:]
        - 4 * field[1:-1, 1:-1]
    )


def test_import_takes_the_patch_s_curvature_and_the_target_s_rim() -> None:
    target, patch = pictures()
    out = clone(target, patch, mixed=False)

    assert np.abs(laplace(out) - laplace(patch)).max() < 0.02
    rim = np.ones(out.shape[:2], bool)
    rim[1:-1, 1:-1] = False
    assert np.array_equal(out[rim], target[rim])


def test_cloning_a_picture_into_itself_changes_nothing() -> None:
    target, _ = pictures()

    for mixed in (False, True):
        assert np.abs(clone(target, target, mixed=mixed) - target).max() < 1e-3


def test_mixing_with_a_flat_patch_changes_nothing() -> None:
    target, patch = pictures()

    assert np.abs(clone(target, np.zeros_like(patch), mixed=True) - target).max() < 1e-3


@pytest.mark.parametrize("side", [*range(1, 40), 100, 397])
@pytest.mark.parametrize("most", [3, 10, 57, 400])
def test_fitting_sides_are_near_and_exact(side: int, most: int) -> None:
    found = fitting_side(side, most)

    assert 3 <= found <= max(most, 3)
    if most > 1.15 * side + 4:
        assert side <= found <= 1.15 * side + 3 or side < 3
