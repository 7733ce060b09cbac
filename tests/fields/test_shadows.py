"""Shadows are as long as the light is low, and soft far from what throws them."""

import math

import numpy as np
import pytest

from anomsynth.core.types import Light
from anomsynth.fields.shadows import hidden_sky, margin_of, shadow_of


def wall(height: float) -> np.ndarray:
    """Return a plane with a wall across it, its face at column 100."""
    relief = np.zeros((40, 300), np.float32)
    relief[:, 90:100] = height
    return relief


@pytest.mark.parametrize("elevation", [30, 45, 60])
@pytest.mark.parametrize("height", [15, 40])
def test_a_shadow_is_as_long_as_the_light_is_low(elevation: float, height: float) -> None:
    light = Light(azimuth_deg=180, elevation_deg=elevation)  # from the left

    hidden = shadow_of(wall(height), light)[20, 100:]

    length = height / math.tan(math.radians(elevation))
    assert np.flatnonzero(hidden > 0.5)[-1] + 1 == pytest.approx(length, rel=0.08, abs=2)
    assert hidden[: int(0.7 * length)].min() > 0.5
    assert margin_of(height, light) > length


def test_nothing_lies_in_shadow_towards_the_light() -> None:
    hidden = shadow_of(wall(30), Light(azimuth_deg=180, elevation_deg=45))

    assert hidden[:, :75].max() < 0.02


def test_a_plane_throws_no_shadow() -> None:
    assert not shadow_of(np.zeros((20, 20), np.float32), Light()).any()


def test_a_wider_lamp_makes_a_softer_edge() -> None:
    light = Light(azimuth_deg=180, elevation_deg=45)
    widths = []
    for lamp in (0.2, 0.8):
        hidden = shadow_of(wall(40), light, lamp)[20, 100:]
        widths.append(
            np.count_nonzero((hidden > 0.1 * hidden.max()) & (hidden < 0.9 * hidden.max()))
        )

    assert widths[1] > 1.8 * widths[0]


@pytest.mark.parametrize("away", [0.5, 5.0, 20.0])
def test_a_long_wall_hides_its_view_factor_of_an_even_sky(away: float) -> None:
    rng = np.random.default_rng(0)
    share, turn = rng.random(200_000), rng.uniform(0, 2 * np.pi, 200_000)
    flat, up = np.sqrt(share), np.sqrt(1 - share)  # directions as even light falls on a plane
    towards = flat * np.cos(turn)
    meets = (towards > 0) & (up * away < 10.0 * towards)

    hidden = hidden_sky(np.array([[away]], np.float32), 10.0, 1e6)

    assert float(hidden[0, 0]) == pytest.approx(meets.mean(), rel=0.02)
    short = hidden_sky(np.array([[away]], np.float32), 10.0, 10.0)
    assert short[0, 0] < hidden[0, 0]
