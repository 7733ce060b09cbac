"""Misfits are sums of squares over the cells that count, exactly."""

import numpy as np

from anomsynth.fields.matching import misfits, overlaps


def test_misfits_are_the_sums_of_squares_at_every_place() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(-200, 200, (17, 23))
    piece, edge = rng.integers(-200, 200, (5, 7)), rng.random((5, 7)) < 0.6

    found = misfits(levels, piece, edge)

    assert found.shape == (13, 17)
    for row, col in ((0, 0), (12, 16), (4, 9)):
        there = levels[row : row + 5, col : col + 7]
        assert found[row, col] == ((there - piece) ** 2)[edge].sum()


def test_overlaps_count_blocked_cells_under_the_pattern() -> None:
    rng = np.random.default_rng(1)
    blocked, pattern = rng.random((9, 11)) < 0.3, rng.random((3, 4)) < 0.5

    found = overlaps(blocked, pattern)

    assert found.shape == (7, 8)
    assert found[2, 5] == (blocked[2:5, 5:9] & pattern).sum()
