"""Gradient noise has the properties that define it."""

import numpy as np
import pytest

from anomsynth.generators.baselines._perlin import gradient_noise


def sampled(lattice: tuple[int, int], side: int, seed: int = 0) -> np.ndarray:
    rows = np.linspace(0, lattice[0], side, dtype=np.float32)[:, None]
    cols = np.linspace(0, lattice[1], side, dtype=np.float32)[None]
    return gradient_noise(rows, cols, lattice, np.random.default_rng(seed))


def test_is_zero_at_the_lattice_s_points() -> None:
    assert np.abs(sampled((4, 4), 5)).max() < 1e-6


def test_stays_within_one_and_uses_most_of_it() -> None:
    noise = sampled((16, 16), 400)

    assert np.abs(noise).max() <= 1
    assert np.abs(noise).max() > 0.7
    assert abs(noise.mean()) < 0.05


def test_is_smooth_across_cells() -> None:
    noise = sampled((4, 4), 401)
    steps = np.abs(np.diff(noise, axis=1))

    assert steps.max() < 0.03
    # Slopes at the borders of cells are no kinks.
    bend = np.abs(np.diff(noise, n=2, axis=1))
    assert bend[:, 98:101].max() < 3 * np.percentile(bend, 99)


def test_axes_have_their_own_lattice() -> None:
    noise = sampled((2, 32), 256)
    crossings = [(np.diff(np.sign(noise), axis=axis) != 0).sum() for axis in (0, 1)]

    assert crossings[1] > 5 * crossings[0]


def test_amplitude_and_fade_are_perlin_s() -> None:
    middles = np.arange(120, dtype=np.float32)
    rng = np.random.default_rng(1)
    noise = gradient_noise(middles[:, None] + 0.5, middles[None] + 0.5, (120, 120), rng)

    # Four gradients of a quarter's weight each, their projections of variance 1/4, times sqrt(2).
    assert noise.std() == pytest.approx(np.sqrt(2 * 4 / 16 / 4), rel=0.03)
    # One gradient ramp alone: g x (1 - fade(x)) + g' (x - 1) fade(x) on the edge of a cell.
    x = np.float32([[0.25]])
    row, near = np.float32([[0.0]]), np.float32([[0.001, 0.999]])
    ends = gradient_noise(row, near, (1, 1), np.random.default_rng(3))
    left, right = ends[0] / np.float32([0.001, -0.001])
    fade = 6 * 0.25**5 - 15 * 0.25**4 + 10 * 0.25**3
    expected = left * 0.25 * (1 - fade) + right * -0.75 * fade
    found = gradient_noise(row, x, (1, 1), np.random.default_rng(3))
    assert float(found[0, 0]) == pytest.approx(float(expected), rel=0.01)
