"""Gradient noise has the properties that define it."""

import numpy as np

from anomsynth.fields.perlin import gradient_noise


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
