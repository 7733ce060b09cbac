"""Small pictures fit the page, and what is drawn on them follows the photo."""

import re

import cv2
import numpy as np
import pytest

from anomsynth.pages.thumbnails import BYTES_PER_PIXEL, SIDES, make_thumbnail, side_for
from anomsynth.testing import make_pixels


@pytest.mark.parametrize("count", [10, 1000, 10_000])
def test_thumbnails_of_any_number_of_samples_fit_the_page(count: int) -> None:
    side = side_for(count, 22_000_000)

    busy = np.random.default_rng(0).integers(60, 200, (256, 256, 1), dtype=np.uint8)
    busy = cv2.GaussianBlur(busy, (0, 0), 1.0)
    thumb = make_thumbnail(busy, None, side)

    assert side in SIDES
    assert count * side * side * BYTES_PER_PIXEL <= 22_000_000
    assert len(thumb.uri) < 2.2 * side * side * BYTES_PER_PIXEL


def test_the_outline_follows_the_mask() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:60, 50:150] = True

    thumb = make_thumbnail(make_pixels(100, 200), mask, 100)

    numbers = np.array(re.findall(r"[\d.]+", thumb.outline), float).reshape(-1, 2)
    assert (thumb.width, thumb.height) == (100, 50)
    assert numbers.min(axis=0) == pytest.approx([25, 10], abs=0.6)
    assert numbers.max(axis=0) == pytest.approx([75, 30], abs=0.6)


def test_what_lies_over_a_picture_is_made_of_the_small_one() -> None:
    sizes = []

    thumb = make_thumbnail(
        make_pixels(100, 200), None, 100, lambda small: (sizes.append(small.shape), small)[1]
    )

    assert sizes == [(50, 100, 3)]
    assert thumb.heat == thumb.uri
    assert make_thumbnail(make_pixels(100, 200), None, 100).heat == ""
