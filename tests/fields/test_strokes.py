"""Coverage of pixels by straight edges is exact."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.fields.strokes import area_below

FINE = (np.arange(400) + 0.5) / 400 - 0.5


@given(distance=st.floats(-0.9, 0.9), angle=st.floats(0, 2 * np.pi))
def test_area_behind_an_edge_is_what_counting_finds(distance: float, angle: float) -> None:
    normal = np.array([[np.sin(angle), np.cos(angle)]])

    area = area_below(np.array([distance]), normal)[0]

    # The pixel's part with negative distance from the edge, counted from its other side.
    rows, cols = np.meshgrid(FINE, FINE, indexing="ij")
    counted = np.mean(distance + rows * normal[0, 0] + cols * normal[0, 1] > 0)
    assert abs(area - counted) < 4e-3
