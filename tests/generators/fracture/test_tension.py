"""Cracks start on the part and are drawn as the part is pulled."""

import math
from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.types import Grain, Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.fracture._growth import Tip
from anomsynth.generators.fracture._tension import (
    Start,
    Tension,
    across_tension,
    inside_allowed,
    place_tips,
)
from anomsynth.testing import make_surface

TIP = Tip(80, 100, 0.0, 50)
STILL = Tension(bend=0, misfit=0, cell=10, follow=0)


def grained(coherence: float) -> Grain:
    return Grain(16, np.full((10, 13), np.pi / 2, np.float32), np.full((10, 13), coherence, "f4"))


def test_edge_cracks_start_on_the_outline_and_run_inwards(surface: Surface) -> None:
    inside = inside_allowed(surface)
    for seed in range(20):
        (tip,) = place_tips(surface, 60.0, Start(1.0), np.random.default_rng(seed))

        assert inside(tip.row, tip.col)
        assert not inside(tip.row - 3 * math.sin(tip.heading), tip.col - 3 * math.cos(tip.heading))


def test_inner_cracks_grow_both_ways(surface: Surface) -> None:
    one, other = place_tips(surface, 60.0, Start(0.0), np.random.default_rng(0))

    assert one.length + other.length == pytest.approx(60)
    assert math.cos(one.heading - other.heading) == pytest.approx(-1)


def test_a_part_without_room_is_named() -> None:
    with pytest.raises(PlacementError):
        place_tips(make_surface(16, 16), 10.0, Start(0.5), np.random.default_rng(0))


def test_tension_turns_along_the_crack() -> None:
    tension = replace(STILL, bend=1.0)

    direction = across_tension(TIP, 50, tension, grained(0), np.random.default_rng(0))

    assert abs(direction(80, 125) - direction(80, 100)) == pytest.approx(0.5)


def test_grains_differ_by_their_misfit() -> None:
    tension = replace(STILL, misfit=0.2)
    direction = across_tension(TIP, 50, tension, grained(0), np.random.default_rng(0))

    angles = [direction(row, col) for row in range(5, 160, 10) for col in range(5, 160, 10)]

    assert np.std(angles) == pytest.approx(0.2, rel=0.1)
    assert direction(1, 1) == direction(9, 9)  # one grain


def test_the_surface_grain_draws_the_crack() -> None:
    tension = replace(STILL, follow=1.0)

    along = across_tension(TIP, 50, tension, grained(1.0), np.random.default_rng(0))(80, 100)
    free = across_tension(TIP, 50, tension, grained(0.0), np.random.default_rng(0))(80, 100)

    assert abs(along) == pytest.approx(np.pi / 2)
    assert free == 0
