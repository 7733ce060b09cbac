"""Colour conversions agree with independent implementations."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from anomsynth.core.color import (
    decode,
    delta_e,
    encode_levels,
    encoded_lab,
    encoded_lightness,
    lab,
    quantise,
    to_levels,
)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def test_lab_agrees_with_scikit_image(picture) -> None:
    assert np.abs(lab(decode(picture)) - rgb2lab(picture)).max() < 0.05


def test_grey_lightness_is_that_of_the_same_grey_in_colour() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)

    single = lab(decode(grey))[..., 0]
    triple = lab(decode(np.repeat(grey, 3, axis=2)))[..., 0]

    assert np.abs(single - triple).max() < 0.02


@pytest.mark.parametrize("encoding", ["srgb", "linear"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_decoding_and_encoding_are_inverse(dtype, encoding) -> None:
    top = np.iinfo(dtype).max
    pixels = np.linspace(0, top, 256).astype(dtype).reshape(16, 16, 1)

    again = quantise(encode_levels(decode(pixels, encoding), encoding), np.dtype(dtype))

    tolerance = 0 if dtype == np.uint8 else 8
    assert np.abs(again.astype(int) - pixels.astype(int)).max() <= tolerance


def test_levels_of_both_depths_share_one_scale() -> None:
    assert to_levels(np.array([255], np.uint8)) == 255
    assert to_levels(np.array([65535], np.uint16)) == 255


def test_difference_is_the_euclidean_distance() -> None:
    first = np.array([[50.0, 3.0, 4.0]], np.float32)

    assert delta_e(first, np.array([[50.0, 0.0, 0.0]], np.float32)) == pytest.approx(5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("encoding", ["srgb", "linear"])
def test_encoded_pixels_are_perceived_as_their_light_is(channels, dtype, encoding) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, np.iinfo(dtype).max, (40, 30, channels), dtype, endpoint=True)

    colours = encoded_lab(pixels, encoding)

    assert colours.shape == pixels.shape
    assert np.allclose(colours, lab(decode(pixels, encoding)), rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(7, 9, 3), (5, 4, 1), (11, 3), (0, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_of_encoded_pixels_is_that_of_lab(shape, dtype) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)

    lightness = encoded_lightness(pixels)

    assert lightness.shape == shape[:-1]
    assert np.allclose(lightness, encoded_lab(pixels)[..., 0], rtol=0, atol=1e-4)
