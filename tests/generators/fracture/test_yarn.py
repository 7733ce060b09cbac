"""The distance and direction of yarns are read from the photo."""

import numpy as np
import pytest

from anomsynth.core.types import Surface
from anomsynth.generators.fracture._yarn import find_yarn
from anomsynth.surface.analyze import analyze
from anomsynth.testing import make_pixels


def woven(period: float, turn_deg: float, *, crossed: bool = True) -> Surface:
    row, col = np.mgrid[:200, :200].astype(float)
    turn = np.deg2rad(turn_deg)
    across = row * np.cos(turn) - col * np.sin(turn)
    along = row * np.sin(turn) + col * np.cos(turn)
    wave = 25 * np.sin(2 * np.pi * across / period)
    if crossed:
        wave += 15 * np.sin(2 * np.pi * along / (1.2 * period))
    noise = np.random.default_rng(0).normal(0, 8, row.shape)
    return analyze(np.clip(110 + wave + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("period", [4.0, 7.5, 13.0])
@pytest.mark.parametrize("turn_deg", [0, 30, 120])
def test_period_and_direction_of_a_weave(period: float, turn_deg: float) -> None:
    yarn = find_yarn(woven(period, turn_deg), 100, 100)

    assert yarn is not None
    assert yarn.period_px == pytest.approx(period, rel=0.05)
    apart = abs(np.rad2deg(yarn.angle) - turn_deg)
    assert min(apart, 180 - apart) < 4


def test_lines_in_one_direction_are_no_weave() -> None:
    assert find_yarn(woven(7.5, 30, crossed=False), 100, 100) is None


def test_plain_and_tiny_surfaces_have_no_yarn() -> None:
    assert find_yarn(analyze(make_pixels(200, 200)), 90, 90) is None
    assert find_yarn(analyze(make_pixels(20, 200)), 9, 90) is None
