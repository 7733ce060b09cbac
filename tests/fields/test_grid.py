"""Cells over a box."""

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.fields import grid as module
from anomsynth.fields.grid import Grid


@pytest.mark.parametrize("shape", [(12, 8, 3), (13, 9, 3), (13, 9)])
def test_reducing_averages_the_pixels_of_each_cell(shape) -> None:
    field = np.random.default_rng(0).random(shape, dtype=np.float32)
    grid = Grid(Box(0, 0, *shape[:2]), 4)

    small = grid.reduce(field)

    assert small.shape == (*grid.shape, *shape[2:])
    assert small[1, 0] == pytest.approx(field[4:8, 0:4].mean(axis=(0, 1)), abs=1e-6)
    rest = np.pad(field[-1:], [(0, 3)] + [(0, 0)] * (field.ndim - 1), mode="edge")[:4, :4]
    if shape[0] == 13:
        assert small[3, 0] == pytest.approx(rest.mean(axis=(0, 1)), abs=1e-6)


@pytest.mark.parametrize("shape", [(40, 60, 3), (43, 57, 1), (43, 60), (3, 57), (40, 2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_wide_fields_are_reduced_like_narrow_ones(shape, dtype, monkeypatch) -> None:
    field = (255 * np.random.default_rng(0).random(shape)).astype(dtype)
    grid = Grid(Box(0, 0, *shape[:2]), 4)
    narrow = grid.reduce(field)

    monkeypatch.setattr(module, "COPIED", 0)

    assert grid.reduce(field).dtype == dtype
    assert grid.reduce(field) == pytest.approx(narrow, abs=1e-3)


def test_cells_are_picked_by_their_middle() -> None:
    mask = np.zeros((7, 9), dtype=bool)
    mask[2:, 4:] = True
    picked = Grid(Box(10, 20, 17, 29), 3).pick(mask)

    # Middles lie in rows 1, 4, 7 and columns 1, 4, 7; row 7 is beyond the box.
    assert picked.tolist() == [[False] * 3, [False, True, True], [False] * 3]
    assert Grid(Box(0, 0, 7, 9)).pick(mask).tolist() == mask.tolist()
