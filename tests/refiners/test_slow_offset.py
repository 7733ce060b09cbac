"""The slow offset stays where the defect shows, and solves its equation."""

import numpy as np
import pytest

from anomsynth.refiners._slow_offset import with_slow_offset


def disc(shape: tuple[int, int], radius: float) -> np.ndarray:
    rows, cols = np.indices(shape)
    return np.hypot(rows - shape[0] / 2, cols - shape[1] / 2) <= radius


@pytest.mark.parametrize(("side", "radius"), [(40, 12), (150, 50), (600, 230)])
@pytest.mark.parametrize("channels", [1, 3])
def test_offset_darkens_a_dark_disc_and_nothing_beside_it(side, radius, channels) -> None:
    support = disc((side, side + 7), radius)
    before = np.full((*support.shape, channels), 0.5, np.float32)
    after = before - np.float32(0.1) * support[..., None]

    light, residual = with_slow_offset(before, after, support, 0.35, 0.5)

    assert np.array_equal(light[~support], before[~support])
    middle = light[side // 2, side // 2] - after[side // 2, side // 2]
    assert (middle > -0.035).all()
    assert (middle < -0.01).all()
    assert residual < 1e-4


@pytest.mark.parametrize(("screening", "share"), [(0.25, 0.9501), (0.5, 0.7203), (1.0, 0.3981)])
def test_offset_in_the_middle_is_the_screened_answer(screening, share) -> None:
    support = disc((400, 400), 60)
    before = np.full((400, 400, 1), 0.5, np.float32)
    after = before - np.float32(0.1) * support[..., None]

    light, _ = with_slow_offset(before, after, support, 0.35, screening)

    # 1 - (R/s) K1(R/s) of an even disc, weighted by how clearly the change itself shows: 2/3.
    middle = float(light[200, 200, 0] - after[200, 200, 0])
    assert middle == pytest.approx(-0.1 * 0.35 * share * 2 / 3, rel=0.06)


def test_offset_is_the_same_on_finer_cells() -> None:
    support = disc((128, 128), 45)
    before = np.full((128, 128, 1), 0.5, np.float32)
    after = before - np.float32(0.1) * support[..., None]

    small, _ = with_slow_offset(before[::2, ::2], after[::2, ::2], support[::2, ::2], 0.35, 0.5)
    large, _ = with_slow_offset(before, after, support, 0.35, 0.5)

    assert np.abs(large[::2, ::2] - small).max() < 0.006


def test_arguments_stay_as_they_are() -> None:
    support = disc((40, 40), 12)
    before = np.full((40, 40, 3), 0.5, np.float32)
    after = before - np.float32(0.1) * support[..., None]
    kept = after.copy(), before.copy()

    with_slow_offset(before, after, support, 0.35, 0.5)

    assert np.array_equal(after, kept[0])
    assert np.array_equal(before, kept[1])
