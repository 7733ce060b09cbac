"""Torn mouths reach out along their tears and keep their area."""

import numpy as np
import pytest

from anomsynth.fields.outlines import ANGLES
from anomsynth.generators.pores._mouths import torn_rim


@pytest.mark.parametrize("tears", [3, 5])
def test_the_rim_peaks_along_each_tear_and_encloses_the_circle_s_area(tears: int) -> None:
    rim, tips = torn_rim(tears, 0.5, 0.0, np.random.default_rng(0))

    at = np.rint(tips / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    between = (at + round(ANGLES / tears / 2)) % ANGLES
    assert np.mean(rim**2) == pytest.approx(1, abs=1e-5)
    assert rim[0, at].min() > 1.5 * rim[0, between].max()
    assert rim.min() > 0
    assert abs(rim[0, 0] - rim[0, -1]) < 0.1, "the rim is closed"


def test_without_depth_the_rim_is_nearly_round() -> None:
    rim, _ = torn_rim(4, 0.0, 0.5, np.random.default_rng(1))

    assert rim.std() < 0.15
