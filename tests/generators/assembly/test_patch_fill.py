"""Holes are filled with the texture around them, not smeared."""

import numpy as np
import pytest

from anomsynth.generators.assembly._patch_fill import fill_hole, membrane


def checks(height: int = 96, width: int = 120, period: int = 6) -> np.ndarray:
    rows, cols = np.mgrid[:height, :width]
    board = ((rows // period + cols // period) % 2).astype(np.float32)
    return (0.2 + 0.6 * board)[..., None]


def disc(shape: tuple[int, int], radius: float) -> np.ndarray:
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(rows - shape[0] // 2, cols - shape[1] // 2) < radius


@pytest.mark.parametrize("scale", [1, 3])
def test_a_regular_pattern_is_continued(scale: int) -> None:
    picture = checks(96 * scale, 120 * scale)
    hole = disc(picture.shape[:2], 14 * scale)
    damaged = picture.copy()
    damaged[hole] = 0
    filled = fill_hole(damaged, hole, np.ones_like(hole), np.random.default_rng(0))

    assert np.abs(filled - picture)[hole].mean() < 0.03
    assert np.array_equal(filled[~hole], damaged[~hole])


def test_texture_keeps_its_contrast() -> None:
    picture = np.random.default_rng(0).uniform(0.3, 0.5, (80, 100, 3)).astype(np.float32)
    hole = disc((80, 100), 12)
    filled = fill_hole(picture, hole, np.ones_like(hole), np.random.default_rng(1))

    assert filled[hole].std() > 0.85 * picture[~hole].std()


def test_a_brightness_gradient_goes_on() -> None:
    rows = np.linspace(0.2, 0.7, 90, dtype=np.float32)[:, None, None]
    picture = np.repeat(rows, 90, axis=1)
    hole = disc((90, 90), 12)
    filled = fill_hole(picture, hole, np.ones_like(hole), np.random.default_rng(0))

    assert np.abs(filled - picture)[hole].max() < 0.06


def test_only_the_source_is_copied() -> None:
    picture = np.full((60, 80, 1), 0.4, np.float32)
    picture[:, 55:] = 0.9
    source = np.zeros((60, 80), bool)
    source[:, :50] = True
    hole = np.zeros((60, 80), bool)
    hole[20:40, 20:40] = True
    filled = fill_hole(picture, hole, source, np.random.default_rng(0))

    assert filled[hole].max() < 0.5


def test_a_hole_larger_than_what_is_left_is_filled_in_pieces() -> None:
    picture = checks(60, 60)
    hole = np.ones((60, 60), bool)
    hole[:20] = False
    damaged = picture.copy()
    damaged[hole] = 0
    filled = fill_hole(damaged, hole, ~hole, np.random.default_rng(0))

    assert filled[hole].std() > 0.6 * picture.std()
    assert filled[hole].mean() == pytest.approx(picture.mean(), abs=0.12)


def test_nothing_to_copy_is_none() -> None:
    picture = np.zeros((9, 9, 1), np.float32)
    hole = np.ones((9, 9), bool)

    assert fill_hole(picture, hole, hole, np.random.default_rng(0)) is None


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (7, 7)])
def test_tiny_pictures_are_filled(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 1), 0.3, np.float32)
    hole = np.zeros(shape, bool)
    hole.flat[hole.size // 2] = True
    filled = fill_hole(picture, hole, np.ones(shape, bool), np.random.default_rng(0))

    assert filled[hole] == pytest.approx(0.3, abs=0.01)


def ring(side: int) -> tuple[np.ndarray, np.ndarray]:
    inside = np.zeros((side, side), bool)
    inside[2:-2, 2:-2] = True
    rim = np.zeros((side, side), bool)
    rim[1:-1, 1:-1] = True
    return rim & ~inside, inside


@pytest.mark.parametrize("side", [7, 16, 33])
def test_a_constant_rim_gives_a_constant(side: int) -> None:
    rim, inside = ring(side)
    values = np.where(rim[..., None], 0.7, 99).astype(np.float32)
    spread = membrane(values, rim, inside)

    assert spread[inside] == pytest.approx(0.7, abs=1e-4)
    assert (spread[~inside] == 0).all()


def test_a_slope_runs_through_a_membrane() -> None:
    rim, inside = ring(40)
    values = np.repeat(np.linspace(0, 1, 40, dtype=np.float32)[None, :, None], 40, axis=0)
    spread = membrane(values, rim, inside)[..., 0]

    assert spread[20, 5] < 0.35
    assert spread[20, 34] > 0.65
    assert spread[20, 20] == pytest.approx(0.5, abs=0.1)
    assert 0 <= spread.min() <= spread.max() <= 1
