"""Rays along a crack miss the ellipse of its section, however fine it is."""

import numpy as np
import pytest

from anomsynth.fields.strokes import Stroke
from anomsynth.generators.fracture._chords import along_gaps
from anomsynth.generators.fracture._openings import Gap

LENGTH = 60.0


def straight(width: float, angle: float) -> Gap:
    """Return a gap of even width through the middle of a picture of 96 x 96 pixels."""
    along = np.linspace(-LENGTH / 2, LENGTH / 2, 41)
    points = np.stack([48.2 + along * np.sin(angle), 47.7 + along * np.cos(angle)], axis=1)
    half = np.full(len(points), width / 2)
    return Gap(Stroke(points, half, half), half, half)


@pytest.mark.parametrize("width", [0.4, 1.0, 3.0, 9.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 4])
def test_a_gap_misses_pi_quarters_of_width_times_depth(width: float, angle: float) -> None:
    chord, _, area = along_gaps([straight(width, angle)], np.ones((96, 96), bool), 6)

    section = chord.sum(dtype=float) / LENGTH
    assert section == pytest.approx(np.pi / 4 * width * 6 * width, rel=0.03)
    assert area / LENGTH == pytest.approx(width, rel=0.03)


def test_the_middle_of_a_wide_gap_is_as_deep_as_drawn() -> None:
    chord, box, _ = along_gaps([straight(12.0, 0.0)], np.ones((96, 96), bool), 5)

    across = chord[:, 48 - box.left]
    assert across.max() == pytest.approx(60, rel=0.01)
    rows = np.arange(box.top, box.bottom) - 48.2
    inside = np.abs(rows) < 5
    ellipse = 60 * np.sqrt(1 - (rows[inside] / 6) ** 2)
    assert across[inside] == pytest.approx(ellipse, rel=0.02)


def test_nothing_is_missed_where_nothing_is_allowed() -> None:
    assert along_gaps([straight(3.0, 0.0)], np.zeros((96, 96), bool), 5) is None
