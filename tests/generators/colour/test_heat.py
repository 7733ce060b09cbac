"""Heat spreads, oxide grows and its colours come in the order that smiths know."""

import colorsys

import numpy as np
import pytest

from anomsynth.fields.pigments import LUMINANCE
from anomsynth.generators.colour._heat import damage, film_gains, heat_kernel, oxide_thickness


@pytest.mark.parametrize(("diffusivity", "time"), [(10.0, 1.0), (0.15, 40.0)])
def test_second_moment_grows_by_four_diffusivities(diffusivity: float, time: float) -> None:  # TH1
    axis = np.linspace(-60, 60, 1201)
    squared = axis[:, None] ** 2 + axis**2
    warm = heat_kernel(squared, diffusivity, time) * (axis[1] - axis[0]) ** 2

    assert warm.sum() == pytest.approx(1, rel=1e-3)
    assert (warm * squared).sum() == pytest.approx(4 * diffusivity * time, rel=0.01)


def hue(gain: np.ndarray) -> float:
    return 360 * colorsys.rgb_to_hsv(*np.clip(gain / gain.max(), 0, 1))[0]


def test_colours_come_in_the_order_of_temper_colours() -> None:  # TH2
    thickness, gains = film_gains(3.0, 0.8)
    seen = {nm: hue(np.array([np.interp(nm, thickness, c) for c in gains.T])) for nm in range(80)}

    assert 25 < seen[20] < 60  # straw
    assert 10 < seen[30] < 45  # brown
    assert 250 < seen[42] < 330  # purple
    assert 200 < seen[50] < 245  # blue
    assert 190 < seen[70] < 225  # light blue
    light = [float(np.interp(nm, thickness, gains @ LUMINANCE)) for nm in (0, 20, 42, 70)]
    assert light[0] > light[1] > light[2] < light[3]


def test_gains_are_those_of_the_optics() -> None:
    # Two-beam interference in n = 2.4 - 0.05i on iron under CIE fits, hundredths, every 10 nm.
    optics = """88 83 73  68 56 31  41 22 1  11 1 18  0 13 57  9 43 87  37 70 100  62 88 103
        82 97 94  95 100 71  103 95 36  108 79 5  108 53 4  95 23 31"""
    expected = np.array(optics.split(), dtype=float).reshape(-1, 3) / 100

    thickness, gains = film_gains(0.0, 1.0)

    for nm, gain in zip(range(10, 150, 10), expected, strict=True):
        seen = gains[np.flatnonzero(thickness == nm)[0]]
        np.testing.assert_allclose(seen, np.maximum(gain, 0.02), atol=1e-6)


@pytest.mark.parametrize(
    ("celsius", "nanometers"), [(205, 20), (260, 35), (282, 42.5), (310, 53.5), (337, 65)]
)
def test_oxide_grows_to_the_thickness_of_each_colour(celsius: float, nanometers: float) -> None:
    assert oxide_thickness(np.array([celsius]))[0] == pytest.approx(nanometers, rel=0.04)
    assert oxide_thickness(np.array([celsius]), 4.0)[0] == pytest.approx(2 * nanometers, rel=0.04)


def test_no_film_changes_nothing() -> None:
    thickness, gains = film_gains(6.0, 0.6)

    assert thickness[0] == 0
    np.testing.assert_allclose(gains[0], 1)
    assert gains.min() > 0


def test_damage_follows_arrhenius() -> None:
    kelvin = np.array([500.0, 530.0, 560.0])
    omega = damage(kelvin - 273.15)

    slope = np.polyfit(1 / kelvin, np.log(omega), 1)[0]
    assert slope == pytest.approx(-15000, rel=1e-3)
    assert omega[1] == pytest.approx(1)
    assert damage(np.array([20.0]))[0] < 1e-8
