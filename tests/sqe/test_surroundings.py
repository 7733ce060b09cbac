"""The defect is not taken for the part."""

import cv2
import numpy as np
import pytest

from anomsynth.sqe.estimator import make_picture
from anomsynth.sqe.surroundings import without_defect
from anomsynth.testing import make_pixels


def test_a_dark_spot_on_a_plain_surface_is_no_part() -> None:
    spot = cv2.circle(np.zeros((96, 96), np.uint8), (48, 40), 14, 255, -1)
    soft = cv2.GaussianBlur(spot, (0, 0), 0.8)[..., None] / 255
    image = (make_pixels(96, 96) - 40.0 * soft).clip(0, 255).astype(np.uint8)

    assert make_picture(image, spot > 0).part.all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_holes_are_filled_with_what_is_around_them_and_nothing_else_changes(dtype) -> None:
    ramp = np.broadcast_to(np.arange(100, 164, dtype=dtype)[None, :, None], (64, 64, 1)).copy()
    mask = np.zeros((64, 64), dtype=bool)
    mask[20:40, 20:40] = True
    spoilt = ramp.copy()
    spoilt[mask] = 0

    filled = without_defect(spoilt, mask)

    assert filled.dtype == dtype
    assert np.abs(filled.astype(int) - ramp).max() <= 8
    assert np.array_equal(filled[:15], ramp[:15])


@pytest.mark.parametrize("full", [True, False])
def test_without_holes_or_without_anything_else_nothing_is_filled(full) -> None:
    picture = make_pixels(20, 20)

    assert np.array_equal(without_defect(picture, np.full((20, 20), full)), picture)
