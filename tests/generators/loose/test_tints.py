"""Colours of foreign matter keep luminance and undo the surface's own."""

import numpy as np
import pytest

from anomsynth.generators.loose._tints import LUMINANCE, neutral_gain, tint_of, tinted


@pytest.mark.parametrize(("hue", "channel"), [(0, 0), (120, 1), (240, 2)])
def test_the_hue_names_the_strongest_channel_and_luminance_stays(hue: float, channel: int) -> None:
    gain = tint_of(hue, 0.6)

    assert gain.argmax() == channel
    assert LUMINANCE @ gain == pytest.approx(1)
    assert tint_of(hue, 0) == pytest.approx([1, 1, 1])


def test_matter_on_a_red_surface_is_less_red() -> None:
    light = np.full((8, 8, 3), (0.4, 0.25, 0.2), np.float32)
    gain = neutral_gain(light, np.ones((8, 8), bool))

    seen = light[0, 0] * gain
    assert seen.max() / seen.min() < 0.6 * light.max() / light.min()


def test_off_the_part_does_not_count() -> None:
    light = np.full((8, 8, 3), 0.3, np.float32)
    light[:4] = (0.9, 0.1, 0.1)
    inside = np.zeros((8, 8), bool)
    inside[4:] = True

    assert neutral_gain(light, inside) == pytest.approx([1, 1, 1], abs=1e-3)
    assert neutral_gain(light, np.zeros((8, 8), bool))[0] < 0.9


def test_tinted_reflectance_is_the_product() -> None:
    grey = np.full((2, 3), 0.5, np.float32)
    out = tinted(grey, 360.0, 0.5, np.ones(3, np.float32))

    assert out.shape == (2, 3, 3)
    assert out[0, 0] == pytest.approx(0.5 * tint_of(0, 0.5), rel=1e-5)
