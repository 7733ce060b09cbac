"""Depth is the distance to the nearest pixel outside, the array's border included."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from anomsynth.fields.distance import depth_inside


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
