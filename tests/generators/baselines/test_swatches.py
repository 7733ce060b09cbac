"""Swatches come from the user's textures, or else from the photo."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.component import Bounds
from anomsynth.core.types import Box, Pixels
from anomsynth.generators.baselines._swatches import (
    as_channels,
    as_light,
    patch_levels,
    texture_swatch,
)
from anomsynth.testing import make_surface

CROP = Bounds(low=0.5, high=1)


class Pictures:
    """A texture source that counts."""

    def __init__(self, *pictures: Pixels) -> None:
        self.pictures = pictures

    def pick(self, rng: np.random.Generator) -> Pixels:
        return self.pictures[int(rng.random() * len(self.pictures))]


def plain(value: tuple[int, ...], side: int = 12, dtype: type = np.uint8) -> Pixels:
    return np.full((side, side, len(value)), value, dtype)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("picture", [plain((90,)), plain((90, 90, 90), 300), plain((90,), 1)])
def test_a_texture_fills_the_box_in_the_photo_s_channels(channels: int, picture: Pixels) -> None:
    surface = replace(make_surface(channels=channels), textures=Pictures(picture))
    swatch = texture_swatch(surface, Box(20, 30, 61, 97), CROP, np.random.default_rng(0))

    assert swatch.shape == (41, 67, channels)
    assert swatch.dtype == np.uint8
    assert (swatch == 90).all()


def test_a_deep_texture_becomes_eight_bits() -> None:
    surface = replace(make_surface(), textures=Pictures(plain((200 * 257,), dtype=np.uint16)))

    assert (texture_swatch(surface, Box(0, 0, 9, 9), CROP, np.random.default_rng(0)) == 200).all()


def test_the_texture_is_spread_over_the_whole_photo() -> None:
    picture = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 160, axis=0)
    surface = replace(make_surface(), textures=Pictures(picture))
    left, right = (
        texture_swatch(surface, Box(0, col, 160, col + 20), CROP, np.random.default_rng(3)).mean()
        for col in (0, 180)
    )

    assert {round(left, -1), round(right, -1)} == {10, 190}


def test_without_textures_the_photo_is_the_texture() -> None:
    surface = make_surface()
    swatch = texture_swatch(surface, Box(0, 0, 160, 200), CROP, np.random.default_rng(0))

    assert abs(float(swatch.mean()) - float(surface.pixels.mean())) < 5
    assert not np.array_equal(swatch, surface.pixels)


def test_patches_are_cut_to_the_photo_and_small_textures_are_enlarged() -> None:
    surface = make_surface(20, 30, border=2)
    own = patch_levels(surface, (50, 10), np.random.default_rng(0), foreign=True)
    tiny = replace(surface, textures=Pictures(plain((10, 20, 30), 4)))
    foreign = patch_levels(tiny, (15, 9), np.random.default_rng(0), foreign=True)

    assert own.shape == (20, 10, 1)
    assert foreign.shape == (15, 9, 1)
    assert foreign == pytest.approx(18, abs=1)
    assert patch_levels(tiny, (5, 5), np.random.default_rng(0), foreign=False).mean() > 50


def test_channels_and_light() -> None:
    assert as_channels(plain((10,)), 3).shape == (12, 12, 3)
    assert (as_channels(plain((255, 255, 255)), 1) == 255).all()
    light = as_light(np.array([[[0.0], [127.5], [255.0]]], np.float32), "linear")
    assert light.ravel() == pytest.approx([0, 0.5, 1], abs=1e-4)
