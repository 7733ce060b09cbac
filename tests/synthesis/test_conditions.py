"""Conditions change a picture as the camera would, and only as much as they say."""

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from anomsynth.core.color import decode
from anomsynth.errors import InputError
from anomsynth.synthesis.conditions import Conditions
from anomsynth.testing import make_pixels

PIXELS = make_pixels(96, 96, channels=3)


def seen(pixels=PIXELS, **conditions):
    return Conditions(**conditions).apply(pixels, "srgb", np.random.default_rng(0))


def test_no_conditions_leave_the_picture_as_it_is() -> None:
    assert seen() is PIXELS
    assert seen(light_deg=20) is PIXELS


@pytest.mark.parametrize("stops", [-1.0, 0.5])
def test_exposure_multiplies_light(stops) -> None:
    light = decode(seen(exposure=stops)) / decode(PIXELS)

    assert np.median(light) == pytest.approx(2**stops, rel=0.01)


def test_exposure_ends_at_white() -> None:
    assert (seen(exposure=6.0) == 255).all()


def test_defocus_spreads_light_and_keeps_its_sum() -> None:
    dot = np.zeros((65, 65), np.uint8)
    dot[32, 32] = 255
    light = decode(seen(dot, defocus=2.0))
    rows = np.arange(65) - 32

    # Faint tails are rounded to black, so some is lost.
    assert light.sum() == pytest.approx(1, rel=0.1)
    assert np.sqrt((light.sum(axis=1) * rows**2).sum() / light.sum()) == pytest.approx(2, rel=0.1)


def test_noise_has_its_standard_deviation_and_its_stream() -> None:
    change = seen(noise=5.0).astype(float) - PIXELS

    assert change.std() == pytest.approx(5, rel=0.05)
    assert np.array_equal(seen(noise=5.0), seen(noise=5.0))


def test_jpeg_is_that_of_its_quality() -> None:
    _, coded = cv2.imencode(".jpg", PIXELS[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 40))

    assert np.array_equal(seen(jpeg=40), cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])
    assert (
        np.abs(seen(jpeg=10).astype(int) - PIXELS).mean()
        > np.abs(seen(jpeg=90).astype(int) - PIXELS).mean()
    )


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 1), (40, 50, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_type_and_shape_stay(shape, dtype) -> None:
    pixels = np.full(shape, np.iinfo(dtype).max // 3, dtype)

    found = seen(pixels, exposure=0.5, defocus=1, noise=1)

    assert (found.shape, found.dtype) == (shape, dtype)


def test_jpeg_of_16_bits_is_refused() -> None:
    with pytest.raises(InputError, match="JPEG holds 8 bits, the picture 16"):
        seen(np.zeros((8, 8), np.uint16), jpeg=50)


@pytest.mark.parametrize(
    "wrong",
    [{"exposure": 9}, {"defocus": -1}, {"noise": float("nan")}, {"jpeg": 0}, {"light_deg": 95}],
)
def test_impossible_conditions_are_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        Conditions(**wrong)
