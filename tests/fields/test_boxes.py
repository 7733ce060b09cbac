"""Boxes hold what they are drawn around and stay in the picture."""

import numpy as np

from anomsynth.core.types import Box
from anomsynth.fields.boxes import box_around, box_of_discs


def test_box_is_never_empty_and_stays_inside() -> None:
    assert box_around(np.array([[-50.0, -50.0]]), 2, (8, 8)) == Box(0, 0, 1, 1)
    assert box_around(np.array([[50.0, 50.0]]), 2, (8, 8)) == Box(7, 7, 8, 8)


def test_discs_fit_into_their_box_whatever_their_sizes() -> None:
    centres = np.array([[20.0, 30.0], [22.0, 50.0]])

    box = box_of_discs(centres, np.array([10.0, 2.5]), 1.0, (100, 100))

    assert box == Box(9, 19, 32, 55)
