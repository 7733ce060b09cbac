"""Streaks spread and fade as they run."""

import numpy as np
import pytest

from anomsynth.generators.colour._runoff import run_off


def plume(spread: float, decay: float, lean: float = 0.0) -> np.ndarray:
    source = np.zeros((100, 201), dtype=np.float32)
    source[0, 100] = 1
    return run_off(source, spread, decay, lean).astype(float)


def test_variance_grows_linearly_by_twice_the_spread() -> None:  # RU4
    streak = plume(0.4, 1e6)
    cols = np.arange(201) - 100
    rows = np.arange(20, 100)

    variance = [(streak[r] * cols**2).sum() / streak[r].sum() for r in rows]

    assert np.polyfit(rows, variance, 1)[0] == pytest.approx(2 * 0.4, rel=0.05)


def test_mass_fades_exponentially() -> None:
    mass = plume(0.2, 25.0).sum(axis=1)

    assert mass[0] == 0
    assert -1 / np.polyfit(np.arange(10, 90), np.log(mass[10:90]), 1)[0] == pytest.approx(
        25, rel=0.02
    )


def test_leaning_streaks_move_sideways() -> None:
    streak = plume(0.2, 50.0, lean=0.3)

    assert int(streak[60].argmax()) == pytest.approx(100 + 18, abs=1)


def test_nothing_comes_back_on_the_other_side() -> None:
    source = np.zeros((80, 40), dtype=np.float32)
    source[:, 38] = 1

    streak = run_off(source, 0.3, 30.0, lean=0.2)

    assert streak[:, :15].max() < 1e-4 * streak.max()


def test_narrow_leaning_streaks_do_not_ring() -> None:
    streak = plume(0.004, 50.0, lean=0.15)

    assert streak[:30, :85].max() < 1e-3 * streak.max()
    assert streak[:30, 120:].max() < 1e-3 * streak.max()
