"""The background behind a part continues what is around it."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import decode
from anomsynth.core.types import Box
from anomsynth.surface.behind import light_behind
from anomsynth.testing import make_surface


def lit_from_the_left(part_level: int) -> np.ndarray:
    ramp = np.linspace(60, 120, 200)[None, :, None].repeat(160, axis=0)
    pixels = ramp.repeat(3, axis=2).astype(np.uint8)
    pixels[40:120, 50:150] = part_level
    return pixels


def surface_of(pixels: np.ndarray):
    foreground = np.zeros((160, 200), bool)
    foreground[40:120, 50:150] = True
    base = make_surface(channels=3)
    return replace(base, pixels=pixels, foreground=foreground, allowed=foreground.copy())


@pytest.mark.parametrize("part_level", [10, 250])
def test_a_gradient_goes_on_behind_the_part(part_level: int) -> None:
    surface = surface_of(lit_from_the_left(part_level))

    light = light_behind(surface, Box(70, 60, 90, 140))

    assert light is not None
    expected = decode(lit_from_the_left(0)[:1, 60:140], "srgb")
    assert light.shape == (20, 80, 3)
    assert np.abs(light - expected).max() < 0.05
    assert light[:, -1].mean() > 1.3 * light[:, 0].mean()


def test_a_part_that_fills_the_picture_has_nothing_behind_it() -> None:
    assert light_behind(make_surface(border=0), Box(0, 0, 10, 10)) is None


def test_one_pixel_of_a_tiny_picture_works() -> None:
    surface = make_surface(24, 24, border=9)

    light = light_behind(surface, Box(11, 11, 12, 12))

    assert light is not None
    assert light.shape == (1, 1, 1)
