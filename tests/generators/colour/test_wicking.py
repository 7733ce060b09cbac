"""Fronts follow Washburn and wet surfaces are darker."""

import numpy as np
import pytest

from anomsynth.generators.colour._wicking import (
    OIL,
    WATER,
    linear_front,
    radial_front,
    radial_time,
    wetting_depth,
)


def test_fronts_stand_at_the_square_root_of_time() -> None:  # WB1
    ages = np.array([0.01, 0.1, 1.0])

    fronts = linear_front(ages)

    assert np.polyfit(np.log(ages), np.log(fronts), 1)[0] == pytest.approx(0.5, abs=0.02)
    assert fronts[-1] == 1


def test_round_fronts_solve_darcy_and_slow_down() -> None:
    age = np.linspace(0.05, 1, 40)
    front = radial_front(age, 0.2)

    assert front[-1] == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(
        radial_time(front, 0.2) / radial_time(np.ones(1), 0.2), age, atol=2e-3
    )
    # It starts at the source, and a growing circle makes it slower than the square root of time.
    assert radial_time(np.array([0.2]), 0.2)[0] == pytest.approx(0, abs=1e-12)
    assert np.polyfit(np.log(age), np.log(front), 1)[0] < 0.5


def test_wetting_darkens_and_dark_places_more_so() -> None:
    dry = np.linspace(0, 0.95, 50, dtype=np.float32)

    water, oil = wetting_depth(dry, WATER), wetting_depth(dry, OIL)

    assert (water > 0).all()
    assert (np.diff(water) < 0).all()
    assert (oil > water).all()
    # A black pore keeps n**-2 of what little it sends back.
    assert np.exp(-2 * water[0]) == pytest.approx(1 / 1.33**2, rel=1e-4)
    assert np.exp(-2 * oil[0]) == pytest.approx(1 / 1.47**2, rel=1e-4)
    grey = np.array([0.4], dtype=np.float32)
    assert np.exp(-2 * wetting_depth(grey, WATER))[0] == pytest.approx(
        1 / (1.33**2 * (1 - 0.4) + 0.4), rel=1e-4
    )
