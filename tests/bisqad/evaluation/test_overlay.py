"""An overlay shows where the map is high, and hides nothing elsewhere."""

import numpy as np
import pytest

from anomsynth.bisqad.evaluation.overlay import CONTOUR, heated, scale_around, with_contours
from anomsynth.bisqad.evaluation.regions import defect_mask, find_regions
from anomsynth.core.types import Box

SCALE = scale_around(2.0, -1.0)


def test_the_threshold_is_in_the_middle_of_the_colours_and_good_photos_are_below() -> None:
    assert (SCALE.low, SCALE.high) == (-1, 5)
    assert SCALE.steps(np.array([-9, -1, 2, 5, 9], np.float32)).tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("typical", [None, 2.0, 3.0])
def test_a_scale_has_a_width_whatever_is_known(typical) -> None:
    scale = scale_around(2.0, typical)

    assert scale.low < 2 < scale.high


def test_a_photo_stays_as_it_is_where_the_map_is_low() -> None:
    photo = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    values = np.full((15, 22), -6, np.float32)
    values[2:6, 3:8] = 5

    picture = heated(photo, values, SCALE)

    changed = (picture != photo).any(2)
    assert changed[10:22, 14:30].mean() > 0.95
    assert np.abs(picture[30:, 45:].astype(int) - photo[30:, 45:]).max() <= 1


def test_contours_run_around_regions_and_hide_none_of_a_small_one() -> None:
    photo = np.full((80, 120, 3), 90, np.uint8)
    mask = np.zeros((80, 120), bool)
    mask[20:23, 30:32] = True

    drawn = with_contours(photo, mask)

    assert (drawn[mask] == 90).all()
    line = (drawn == CONTOUR).all(2)
    rows, cols = np.nonzero(line)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (18, 24, 28, 33)
    assert (photo == 90).all()


def test_contours_of_a_large_photo_can_be_seen_when_it_is_shrunk() -> None:
    mask = np.zeros((3000, 4000), bool)
    mask[1000:1040, 2000:2040] = True

    line = (with_contours(np.zeros((3000, 4000, 3), np.uint8), mask) == CONTOUR).all(2)

    assert line.sum() > 8 * 4 * 40


def test_regions_are_apart_worst_first_and_in_pixels() -> None:
    values = np.full((30, 40), -5, np.float32)
    values[2:5, 3:9] = 4
    values[10:12, 20:22] = 7
    values[12, 22] = 3  # joined by a corner

    regions = find_regions(values, defect_mask(values, 2.0))

    assert [(region.box, region.area, region.score) for region in regions] == [
        (Box(10, 20, 13, 23), 5, 7.0),
        (Box(2, 3, 5, 9), 18, 4.0),
    ]
    assert regions[1].as_json() == {
        "left": 3,
        "top": 2,
        "width": 6,
        "height": 3,
        "area": 18,
        "score": 4.0,
    }


def test_a_defective_photo_has_a_place_even_if_enlarging_took_its_peak() -> None:
    values = np.zeros((4, 4), np.float32)
    values[1, 2] = 0.9

    assert np.argwhere(defect_mask(values, 1.0)).tolist() == [[1, 2]]
