"""Feed marks are the lower envelope of round cuts."""

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.generators.wear._feed_marks import FINE, feed_marks


def cusps_of(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places and heights of the cusps between grooves."""
    middle = height[1:-1]
    peak = np.flatnonzero((middle > height[:-2]) & (middle >= height[2:])) + 1
    return peak / FINE, height[peak]


@pytest.mark.parametrize(("pitch", "radius"), [(8.0, 30.0), (12.0, 20.0)])
def test_even_passes_leave_cusps_of_the_height_of_feed_marks(pitch: float, radius: float) -> None:
    height, _ = feed_marks(200, pitch, radius, 0.0, stream(1))

    place, top = cusps_of(height)
    assert np.diff(place) == pytest.approx(pitch, abs=2 / FINE)
    assert top == pytest.approx(pitch**2 / (8 * radius), rel=0.1)
    assert height.min() == pytest.approx(0, abs=0.01)


def test_every_groove_has_the_tools_roundness() -> None:
    height, _ = feed_marks(300, 12.0, 40.0, 0.5, stream(2))

    curvature = np.diff(height, 2) * FINE**2
    assert np.median(curvature) == pytest.approx(1 / 40, rel=0.05)


def test_steps_and_depths_scatter_as_asked() -> None:
    steps, depths = [], []
    for seed in range(8):
        height, _ = feed_marks(600, 10.0, 60.0, 0.3, stream(seed))
        place, _ = cusps_of(height)
        steps.append(np.diff(place))
        depths.append(height.min())

    even = np.concatenate(steps)
    assert even.mean() == pytest.approx(10, rel=0.15)
    assert 0.15 < np.log(even).std() < 0.6
    assert max(depths) < 0
