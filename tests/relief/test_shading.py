"""The picture of a relief shows its slopes in light from the upper left."""

import numpy as np
import pytest

from anomsynth.core.color import decode
from anomsynth.relief.shading import AMBIENT, LAMP, TONE, shaded

SLOPES = [(0.0, 0.0), (0.3, 0.0), (0.0, -0.4), (-0.5, 0.2)]


@pytest.mark.parametrize(("down", "right"), SLOPES)
@pytest.mark.parametrize("mm_per_px", [0.1, 2.0])
def test_a_ramp_is_as_bright_as_lambert_says(down, right, mm_per_px) -> None:
    rows, cols = np.indices((60, 60)) * mm_per_px
    picture = shaded((down * rows + right * cols).astype(np.float32), mm_per_px)

    seen = float(decode(picture, "srgb")[30, 30, 0])

    to_row, to_col, to_up = LAMP.vector
    facing = (to_up - down * to_row - right * to_col) / np.sqrt(1 + down**2 + right**2)
    expected = TONE * (AMBIENT + (1 - AMBIENT) * max(facing, 0) / to_up)
    assert seen == pytest.approx(expected, rel=0.02)


def test_gaps_are_black_and_single_lost_points_are_not() -> None:
    raised = np.zeros((60, 60), np.float32)
    raised[20:30, 20:30] = np.nan
    raised[45, 45] = np.nan

    picture = shaded(raised, 1.0)[..., 0]

    assert (picture[20:30, 20:30] == 0).all()
    assert picture[45, 45] == picture[5, 5] > 0
    assert (picture[15:35, 19] == picture[5, 5]).all()  # a gap has no slope of its own
