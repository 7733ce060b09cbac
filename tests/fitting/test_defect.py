"""Defects are found in masks however they were drawn, and measured in the part's own units."""

import math

import numpy as np
import pytest

from anomsynth.fitting.defect import find_defects
from anomsynth.fitting.describe import describe

DISC = (80, 100, 12)


@pytest.mark.parametrize("wider", [0, 4, 9])
def test_core_is_what_changed_however_loose_the_mask_is(defects_of, wider) -> None:
    (found,) = defects_of(DISC, wider=wider)

    assert found.area == pytest.approx(math.pi * 12**2, rel=0.08)


def test_core_of_a_change_that_no_pixel_shows_is_the_mask(defects_of) -> None:
    (found,) = defects_of(DISC, darker=1.0)

    assert found.area > 0.02 * np.count_nonzero(found.outline)


def test_near_pieces_are_one_defect_and_far_ones_are_two(defects_of) -> None:
    near = defects_of((80, 60, 8), (80, 80, 8))
    far = defects_of((80, 30, 8), (80, 160, 8))

    assert (len(near), len(far)) == (1, 2)
    assert {item.groups for item in far} == {2}
    assert far[0].gap == pytest.approx(130 - 17, abs=1.5)


def test_descriptors_say_what_a_dark_disc_is(defects_of) -> None:
    (found,) = defects_of(DISC, wider=5)
    looks = describe(found)

    area = 144 * 184  # of the part
    assert math.exp(looks["area"]) == pytest.approx(math.pi * 144 / area, rel=0.08)
    assert math.exp(looks["length"]) == pytest.approx(25 / math.sqrt(area), rel=0.06)
    assert looks["elongation"] == pytest.approx(0, abs=0.1)
    assert looks["tone"] == pytest.approx(-1, abs=0.1)
    assert looks["darker"] > 0.9
    assert looks["lighter"] < 0.02
    assert looks["pieces"] == 0
    assert looks["coloured"] == 0
    assert looks["at_edge"] == 0


def test_place_tells_an_edge_from_the_inside(defects_of) -> None:
    (inner,), (outer,) = defects_of(DISC), defects_of((18, 100, 10))

    assert describe(outer)["at_edge"] > 0.02
    assert describe(outer)["from_edge"] < describe(inner)["from_edge"] - 1


def test_midline_tells_a_jagged_line_from_a_straight_one(surface) -> None:
    jags = {}
    for name, swing in (("straight", 0), ("jagged", 6)):
        pixels, mask = surface.pixels.copy(), np.zeros(surface.shape, bool)
        for col in range(30, 170):
            row = 80 + round(swing * math.sin(col / 7))
            mask[row - 1 : row + 2, col] = True
        pixels[mask] //= 2
        (found,) = find_defects(surface, pixels, mask)
        jags[name] = describe(found)["jag"]

    assert jags["straight"] < 0.1
    assert jags["jagged"] > 5 * jags["straight"]
