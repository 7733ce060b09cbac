"""What is shown is the photo."""

import numpy as np
import pytest

from anomsynth.core.display import to_rgb8

GREY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
RGB = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=2)


@pytest.mark.parametrize("image", [GREY, GREY[..., None], np.dstack([GREY, GREY // 2])])
def test_grey_is_repeated_without_alpha(image) -> None:
    assert np.array_equal(to_rgb8(image), np.repeat(GREY[..., None], 3, axis=2))


def test_colour_stays_without_alpha() -> None:
    assert np.array_equal(to_rgb8(RGB), RGB)
    assert np.array_equal(to_rgb8(np.dstack([RGB, GREY])), RGB)


def test_16_bits_are_shown_in_full_or_between_levels() -> None:
    deep = RGB.astype(np.uint16) * 257

    assert np.array_equal(to_rgb8(deep), RGB)
    between = to_rgb8(deep, (100.0 * 257, 200.0 * 257))
    expected = np.rint((RGB.astype(float).clip(100, 200) - 100) * 2.55)
    assert np.abs(between - expected).max() <= 1  # 2.55 is no binary number
    assert (between[RGB <= 100] == 0).all()
    assert (between[RGB >= 200] == 255).all()


def test_16_bits_of_one_level_are_shown() -> None:
    assert (to_rgb8(np.full((2, 3), 700, np.uint16), (700.0, 700.0)) == 0).all()
