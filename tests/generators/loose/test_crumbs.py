"""Crumbs are convex pieces of the length asked for."""

import math

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.fields.grid import Grid
from anomsynth.generators.loose._crumbs import Crumb, CrumbShape, crumb_relief, draw_crumb


def crumb(seed: int, angle: float = 0.0, **changes: float) -> Crumb:
    values = {"aspect": 1.8, "faces": 7, "irregularity": 0.4, "ragged": 0.0, "tilt": 0.2}
    shape = CrumbShape(**(values | {"rounding": 0.05} | changes))
    return draw_crumb(40.0, 20.0, shape, angle, stream(seed))


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0])
def test_a_crumb_is_as_long_as_asked(angle: float) -> None:
    grid = Grid(Box(0, 0, 201, 201))
    for seed in range(6):
        _, outside = crumb_relief(crumb(seed, angle), grid, grid.offsets(100, 100), stream(9))
        rows, cols = np.nonzero(outside < 0)
        along = (rows - 100) * math.sin(angle) + (cols - 100) * math.cos(angle)
        assert np.ptp(along) == pytest.approx(80, abs=2.5)


def test_its_reach_is_its_farthest_point() -> None:
    grid = Grid(Box(0, 0, 201, 201))
    for seed in range(6):
        piece = crumb(seed, 1.0)
        _, outside = crumb_relief(piece, grid, grid.offsets(100, 100), stream(9))
        rows, cols = np.nonzero(outside < 0)
        assert np.hypot(rows - 100, cols - 100).max() == pytest.approx(piece.reach, abs=2.5)


def test_a_ragged_outline_wavers_about_the_straight_one() -> None:
    grid = Grid(Box(0, 0, 201, 201))
    straight, ragged = (
        crumb_relief(crumb(3, ragged=share), grid, grid.offsets(100, 100), stream(9))[1] < 0
        for share in (0.0, 0.05)
    )

    off = (straight ^ ragged).sum() / straight.sum()
    assert 0.02 < off < 0.25
    assert ragged.sum() == pytest.approx(straight.sum(), rel=0.15)
