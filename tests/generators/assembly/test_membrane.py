"""A membrane keeps its rim and stays between its extremes."""

import numpy as np
import pytest

from anomsynth.generators.assembly._membrane import membrane


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


def test_a_slope_runs_through() -> None:
    rim, inside = ring(40)
    values = np.repeat(np.linspace(0, 1, 40, dtype=np.float32)[None, :, None], 40, axis=0)
    spread = membrane(values, rim, inside)[..., 0]

    assert spread[20, 5] < 0.35
    assert spread[20, 34] > 0.65
    assert spread[20, 20] == pytest.approx(0.5, abs=0.1)
    assert 0 <= spread.min() <= spread.max() <= 1
