"""Open cracks cover their own area, and their lips follow them."""

import numpy as np
import pytest

from anomsynth.fields.strokes import Stroke
from anomsynth.generators.fracture._fissures import Gape, open_fissures

FRAME = np.ones((60, 120), dtype=bool)
LINE = np.stack([np.full(41, 30.0), np.linspace(20.0, 100.0, 41)], axis=1)


def slit(width: float) -> Stroke:
    return Stroke(LINE, np.full(41, width / 2), np.full(41, width / 2))


@pytest.mark.parametrize("width", [0.3, 2.5])
def test_coverage_is_the_area_of_the_gap(width: float) -> None:  # CR8
    found = open_fissures([slit(width)], FRAME, Gape(albedo=0.3), np.random.default_rng(0))

    assert found is not None
    assert found.coverage.sum(dtype=float) == pytest.approx(80 * width, rel=0.02)
    assert found.height is None
    assert found.absorbance is None


def test_lips_rise_beside_the_gap_and_flatten_within_reach() -> None:
    gape = Gape(albedo=0.3, lip=2.0, lip_px=8.0, halo=0.1)
    found = open_fissures([slit(3.0)], FRAME, gape, np.random.default_rng(0))

    assert found is not None
    assert found.height is not None
    column = found.height[:, 60 - found.box.left]
    middle = 30 - found.box.top
    assert column[middle] == 0, "nothing is left to rise where it is open"
    assert 0.8 < column[middle + 3] <= 2.0
    assert column[middle + 3] > column[middle + 5] > column[middle + 7]
    assert column[middle + 10 :].max(initial=0) == 0
    assert (found.absorbance[~found.support] == 0).all()


def test_a_gap_that_closes_bends_nothing() -> None:
    gape = Gape(albedo=0.3, lip=2.0, lip_px=8.0)
    found = open_fissures([slit(0.05)], FRAME, gape, np.random.default_rng(0))

    assert found is not None
    assert np.abs(found.height).max() == 0


def test_nothing_outside_the_frame() -> None:
    frame = np.zeros((60, 120), dtype=bool)

    assert open_fissures([slit(3.0)], frame, Gape(albedo=0.3), np.random.default_rng(0)) is None
