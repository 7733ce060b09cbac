"""Numbers about a surface's look say what an eye would; a place's are those of the part."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.demo.photos import demo_photos
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import mean_light, measure_appearance, tones, white_level
from anomsynth.testing import WARM, make_pixels, make_surface


def test_a_brown_photo_has_a_brown_hue() -> None:
    tint = np.array([180, 110, 60]) / 128
    pixels = np.clip(make_pixels(channels=3) * tint, 0, 255).astype(np.uint8)

    look = measure_appearance(analyze(pixels))

    assert 40 < look.hue_deg < 80
    assert look.chroma > 20


def test_grey_photos_have_no_colour() -> None:
    assert measure_appearance(analyze(make_pixels())).chroma == 0


def test_bricks_repeat_and_gravel_does_not() -> None:
    photos = demo_photos()

    brick, gravel = (measure_appearance(analyze(photos[name][0])) for name in ("brick", "gravel"))

    assert brick.repetition > 0.4
    assert gravel.repetition < 0.25


def test_the_part_counts_not_its_background() -> None:
    surface = make_surface(border=50)
    pixels = surface.pixels.copy()
    pixels[~surface.foreground] = 255

    look = measure_appearance(replace(surface, pixels=pixels))

    assert look.lightness < 80
    assert look.part_share < 0.5


def test_one_pixel_has_a_look() -> None:
    look = measure_appearance(analyze(np.full((1, 1), 128, np.uint8)))

    assert look.part_share == 1
    assert look.repetition == 0


def test_only_the_part_counts() -> None:
    plain = make_surface(60, 80, channels=3)
    pixels = plain.pixels.copy()
    pixels[~plain.foreground] = 255
    surface = replace(plain, pixels=pixels)

    whole = mean_light(surface, Box(0, 0, 60, 80))

    assert whole.shape == (3,)
    assert whole == pytest.approx(0.22 * WARM, rel=0.1)
    assert mean_light(surface, Box(0, 0, 4, 80)) == pytest.approx([1, 1, 1])


def test_large_boxes_are_sampled() -> None:
    surface = make_surface(900, 900)

    assert 1000 < len(tones(surface, Box(0, 0, 900, 900))) <= 70 * 70
    assert np.isfinite(tones(surface, Box(5, 5, 6, 6))).all()


def test_white_is_the_brightest_thing_in_the_picture() -> None:
    surface = make_surface()
    lamp = surface.pixels.copy()
    lamp[:20, :40] = 255

    assert white_level(replace(surface, pixels=lamp)) == pytest.approx(1)
    assert white_level(surface) < 0.4
