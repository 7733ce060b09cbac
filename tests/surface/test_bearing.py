"""A flat tool rests on the highest places of a relief, on as many as its load asks for."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.surface.bearing import Bearing, odds_of, read_bearing
from anomsynth.testing import make_surface


@pytest.mark.parametrize("unseen", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("load", [0.1, 0.5, 0.9])
def test_the_load_is_the_share_of_normal_heights_that_bears_it(unseen: float, load: float) -> None:
    seen = np.sqrt(1 - unseen**2) * stream(0).standard_normal((200, 200), dtype=np.float32)
    bearing = Bearing(seen.astype(np.float32), unseen).contact(
        odds_of(np.full((200, 200), load, np.float32))
    )

    assert bearing.mean() == pytest.approx(load, abs=0.015)


def test_the_highest_places_bear_first() -> None:
    relief = Bearing(np.array([[-1.0, 0.0, 2.0]], np.float32), 0.0)
    little, much = (
        relief.contact(odds_of(np.full((1, 3), load, np.float32)))[0] for load in (0.1, 0.8)
    )

    assert little[2] > 0.9
    assert little[:2].max() < 0.05
    assert much[1] > 0.9
    assert much[0] < 0.5


def test_nothing_bears_without_a_load() -> None:
    bearing = Bearing(np.ones((3, 3), np.float32), 0.0).contact(
        odds_of(np.zeros((3, 3), np.float32))
    )

    assert bearing.max() < 0.01


def test_a_smooth_surface_bears_alike_everywhere_and_a_rough_one_on_its_light_places() -> None:
    smooth = make_surface(64, 64)
    bumps = 110 + 50 * np.sin(np.arange(64) * 0.8)[None, :, None] + np.zeros((64, 1, 1))
    rough = replace(smooth, pixels=bumps.astype(np.uint8))
    load = np.full((64, 64), 0.4, np.float32)
    plain = replace(smooth, pixels=np.full_like(smooth.pixels, 110))
    alike, uneven = (
        read_bearing(surface, Box(0, 0, 64, 64), 8).contact(odds_of(load))[10:-10, 10:-10]
        for surface in (plain, rough)
    )

    assert np.ptp(alike) < 0.01
    light = bumps[10:-10, 10:-10, 0]
    assert uneven[light > 140].min() > 0.8
    assert uneven[light < 80].max() < 0.1
