"""How far shadows reach is measured, whatever the part's size."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import linear_to_srgb
from anomsynth.core.types import Surface
from anomsynth.surface.shadow import LEAST, LEAST_PX, MOST, shadow_reach
from anomsynth.testing import make_surface


def with_shadow(depth: float, fall_px: float, side: int = 120, level: float = 0.5) -> Surface:
    """Return a square part on a ground that is darker near it, falling off exponentially."""
    size = 3 * side
    rows, cols = np.mgrid[:size, :size]
    away = np.hypot(
        np.clip(abs(rows - size / 2) - side / 2, 0, None),
        np.clip(abs(cols - size / 2) - side / 2, 0, None),
    )
    part = away == 0
    light = np.where(part, 0.2, level * (1 - depth * np.exp(-away / fall_px)))
    pixels = np.rint(255 * linear_to_srgb(light)).astype(np.uint8)[..., None]
    return replace(make_surface(size, size), pixels=pixels, foreground=part, allowed=part.copy())


def test_a_ground_without_shadow_has_the_least_reach() -> None:
    assert shadow_reach(with_shadow(0, 10)) == pytest.approx(LEAST * 120 + LEAST_PX, abs=1)


def test_it_grows_with_the_shadow_up_to_a_quarter_of_the_part() -> None:
    reaches = [shadow_reach(with_shadow(0.5, fall)) for fall in (2, 6, 10, 60)]

    assert reaches == sorted(reaches)
    assert 1.5 * reaches[0] < reaches[2] <= reaches[3] <= MOST * 121 + LEAST_PX


def test_it_is_as_long_on_a_larger_photo_as_on_a_small_one() -> None:
    small, large = (shadow_reach(with_shadow(0.5, 7 * times, 120 * times)) for times in (1, 3))

    assert (large - LEAST_PX) / (small - LEAST_PX) == pytest.approx(3, rel=0.15)


def test_a_part_that_fills_the_picture_casts_none() -> None:
    surface = make_surface(border=0)

    assert shadow_reach(surface) == pytest.approx(LEAST * surface.part_size_px + LEAST_PX)
