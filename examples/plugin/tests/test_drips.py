"""The components keep the contracts of their roles, and do what they say."""

import numpy as np
import pytest
from anomsynth_drips.boxes_csv import BoxesCsv
from anomsynth_drips.drip import Drip
from anomsynth_drips.wholeness import TERM

from anomsynth.plugins import (
    check_exporter,
    check_generator,
    check_term,
    make_surface,
    stream,
)


def test_components_keep_their_contracts() -> None:
    check_generator(Drip())
    check_term(TERM)
    check_exporter(BoxesCsv())
    check_exporter(BoxesCsv(separator=";", least_area=20))


@pytest.mark.parametrize("seed", range(5))
def test_a_drip_is_widest_and_highest_in_its_bead(seed) -> None:
    layer = Drip(length_mm=8).generate(make_surface(), stream(seed))

    widths = layer.support.sum(axis=1)
    half = len(widths) // 2
    assert widths[half:].max() > widths[:half].max()
    assert np.unravel_index(layer.height.argmax(), layer.height.shape)[0] > half
