"""Marks run along their direction, keep their statistics, and are measured back."""

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.generators.wear._streaks import Marks, across, own_profile, streaks

BOX = Box(10, 20, 150, 190)


@pytest.mark.parametrize("angle", [0.0, 0.6, np.pi / 2, 2.5])
def test_persistent_marks_are_constant_along_their_direction(angle: float) -> None:
    field = streaks(BOX, Marks(angle, 4.0, 500.0, 1.0, 0.0), np.random.default_rng(0))

    down, right = np.gradient(field)
    along = np.sin(angle) * down + np.cos(angle) * right
    sideways = np.cos(angle) * down - np.sin(angle) * right
    assert along[3:-3, 3:-3].std() < 0.2 * sideways[3:-3, 3:-3].std()


def test_spread_is_one_and_skewed_marks_are_few_and_bright() -> None:
    even = streaks(BOX, Marks(0.0, 1.5, 20.0, 0.2, 0.0), np.random.default_rng(1))
    bright = streaks(BOX, Marks(0.0, 1.5, 20.0, 0.2, 0.7), np.random.default_rng(1))

    assert even.std() == pytest.approx(1, abs=0.25)
    assert bright.std() == pytest.approx(1, abs=0.25)
    assert abs(((even - even.mean()) ** 3).mean()) < 0.5
    assert ((bright - bright.mean()) ** 3).mean() > 1


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2])
def test_a_profile_is_measured_back(angle: float) -> None:
    first, count = across(BOX, angle)
    rows, cols = np.mgrid[BOX.top : BOX.bottom, BOX.left : BOX.right]
    place = np.cos(angle) * rows - np.sin(angle) * cols
    light = (0.3 * np.exp(0.2 * np.sin(place))).astype(np.float32)

    profile = own_profile(light, BOX, angle, 12.0)

    lines = first + np.arange(count)
    middle = slice(count // 4, -count // 4)
    assert np.corrcoef(profile[middle], np.sin(lines)[middle])[0, 1] > 0.98
    assert np.ptp(profile[middle]) == pytest.approx(0.4, rel=0.25)
