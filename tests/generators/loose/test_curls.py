"""Curled lines keep their length and turn as far as they should."""

import numpy as np
import pytest

from anomsynth.fields.paths import arc_length
from anomsynth.generators.loose._curls import curled


@pytest.mark.parametrize("turn", [-2.0, 0.5, np.pi])
def test_a_straight_line_becomes_an_arc(turn: float) -> None:
    line = np.stack([np.full(401, 5.0), np.linspace(3, 103, 401)], axis=1)
    bent = curled(line, turn)

    assert bent[0] == pytest.approx(line[0])
    assert arc_length(bent)[-1] == pytest.approx(100)
    chord = np.hypot(*(bent[-1] - bent[0]))
    assert chord == pytest.approx(100 * np.sin(abs(turn) / 2) / (abs(turn) / 2), rel=0.01)


def test_no_turn_is_the_line_itself() -> None:
    line = np.random.default_rng(0).normal(size=(20, 2)).cumsum(axis=0)

    assert np.allclose(curled(line, 0.0), line)
