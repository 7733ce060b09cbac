"""The principal axis of places drawn along a known line."""

import math

import numpy as np
import pytest

from anomsynth.generators.deform._axes import principal_axis


@pytest.mark.parametrize("angle", [-1.2, -0.4, 0.0, 0.7, 1.5])
def test_the_axis_runs_along_a_stick(angle: float) -> None:
    along, across = (part.ravel() for part in np.meshgrid(np.arange(-40, 41), np.arange(-3, 4)))
    ahead = np.array([math.sin(angle), math.cos(angle)])
    aside = np.array([math.cos(angle), -math.sin(angle)])
    places = [20.0, 30.0] + along[:, None] * ahead + across[:, None] * aside

    axis = principal_axis(places)

    assert axis.centre == pytest.approx([20, 30])
    assert axis.angle == pytest.approx(angle)
    assert axis.ahead == pytest.approx(ahead)
    assert axis.aside == pytest.approx(aside)
    assert axis.along == pytest.approx(along, abs=1e-9)
    assert axis.across == pytest.approx(across, abs=1e-9)
