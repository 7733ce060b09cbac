"""Thin lines leave exactly their area, and fibres bend as chains do."""

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.generators.wear._splat import Lines, bundle, splat, worms


def test_area_is_kept_at_any_width() -> None:
    box = Box(0, 0, 80, 80)
    for width in (0.2, 1.0, 3.7):
        lines = Lines(
            np.array([[40.3, 41.8]]), np.array([0.7]), np.array([30.0]), np.array([width])
        )
        points, area, line = bundle(lines, np.zeros(1))
        total, _ = splat(points, area, box, line)

        assert total.sum() == pytest.approx(np.pi / 4 * 30 * width, rel=0.02)


def test_tone_is_that_of_the_line() -> None:
    middles = np.array([[10.0, 10.0], [30.0, 30.0]])
    lines = Lines(middles, np.zeros(2), np.full(2, 10.0), np.ones(2))
    points, area, line = bundle(lines, np.zeros(2))
    _, tone = splat(points, area, Box(0, 0, 40, 40), np.array([0.5, -2.0])[line.astype(int)])

    assert tone[10, 10] == pytest.approx(0.5)
    assert tone[30, 30] == pytest.approx(-2.0)


def test_what_lies_outside_is_dropped() -> None:
    points = np.array([[-5.0, 3.0], [2.0, 2.0], [2.0, 60.0]])
    total, _ = splat(points, np.ones(3), Box(0, 0, 5, 5), np.zeros(3))

    assert total.sum() == pytest.approx(1)


def test_fibres_that_all_lie_outside_leave_nothing() -> None:
    points = np.array([[-5.0, 3.0], [2.0, 60.0]])
    total, tone = splat(points, np.ones(2), Box(0, 0, 5, 5), np.ones(2))

    assert not total.any()
    assert not tone.any()


@pytest.mark.parametrize("stiffness", [0.1, 0.3, 1.0])
def test_fibres_are_worm_like_chains(stiffness: float) -> None:  # FI1
    count, length = 1500, 60.0
    persistence = stiffness * length
    lines = Lines(
        np.zeros((count, 2)), np.zeros(count), np.full(count, length), np.full(count, 0.5)
    )
    points, _, line = worms(lines, np.full(count, persistence), np.random.default_rng(4))
    chains = points.reshape(count, -1, 2)
    ends = chains[:, -1] - chains[:, 0]

    # <R^2> = 4 P L (1 - 2 P / L (1 - exp(-L / 2 P))), Kratky & Porod 1949.
    ratio = length / (2 * persistence)
    expected = 4 * persistence * length * (1 - (1 - np.exp(-ratio)) / ratio)
    reach = length * (1 - 1 / chains.shape[1])
    assert (ends**2).sum(axis=1).mean() == pytest.approx(expected * (reach / length) ** 2, rel=0.06)
    assert len(np.unique(line)) == count
