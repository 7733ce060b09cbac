"""Depth is the distance to the nearest pixel outside; boxes hold what they are drawn around."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from anomsynth.core.types import Box
from anomsynth.fields.regions import box_around, box_of_discs, depth_inside


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (40, 60)])
def test_the_border_of_the_array_is_outside(shape) -> None:
    depth = depth_inside(np.ones(shape, bool))

    assert depth.shape == shape
    assert depth.max() == pytest.approx((min(shape) + 1) // 2, rel=0.05)
    assert depth[0, 0] == pytest.approx(1, rel=0.05)


def test_agrees_with_the_exact_distance_within_its_tolerance() -> None:
    rows, cols = np.mgrid[:60, :80]
    inside = np.hypot(rows - 30, (cols - 40) / 1.3) < 22

    exact = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]

    assert np.allclose(depth_inside(inside), exact, rtol=0.06)
    assert not depth_inside(inside)[~inside].any()


def test_box_is_never_empty_and_stays_inside() -> None:
    assert box_around(np.array([[-50.0, -50.0]]), 2, (8, 8)) == Box(0, 0, 1, 1)
    assert box_around(np.array([[50.0, 50.0]]), 2, (8, 8)) == Box(7, 7, 8, 8)


def test_discs_fit_into_their_box_whatever_their_sizes() -> None:
    centres = np.array([[20.0, 30.0], [22.0, 50.0]])

    box = box_of_discs(centres, np.array([10.0, 2.5]), 1.0, (100, 100))

    assert box == Box(9, 19, 32, 55)
