"""Jitter is small and bounded; estranged textures differ from their source."""

import colorsys

import numpy as np
import pytest

from anomsynth.generators.baselines._jitter import estrange, jitter_colours, looked_up


@pytest.mark.parametrize("channels", [1, 3])
def test_no_strength_changes_nothing(channels: int) -> None:
    levels = np.random.default_rng(0).uniform(0, 255, (9, 11, channels)).astype(np.float32)

    out = jitter_colours(levels, 0.0, np.random.default_rng(1))

    assert np.abs(out - levels).max() < 1e-3


def test_brightness_moves_by_the_strength() -> None:
    flat = np.full((4, 4, 1), 100, np.float32)
    seen = [jitter_colours(flat, 0.1, np.random.default_rng(s))[0, 0, 0] for s in range(300)]

    assert min(seen) == pytest.approx(90, abs=1)
    assert max(seen) == pytest.approx(110, abs=1)


def test_hue_turns_by_at_most_its_share_of_the_circle() -> None:
    flat = np.full((2, 2, 3), (200, 60, 60), np.float32)
    hues = []
    for seed in range(300):
        out = jitter_colours(flat, 0.1, np.random.default_rng(seed))[0, 0] / 255
        hue = colorsys.rgb_to_hsv(*out.tolist())[0]
        hues.append((hue + 0.5) % 1 - 0.5)

    assert max(hues) == pytest.approx(0.1, abs=0.01)
    assert min(hues) == pytest.approx(-0.1, abs=0.01)


def test_a_grey_patch_stays_grey_in_colour() -> None:
    flat = np.full((3, 3, 3), 90, np.float32)

    out = jitter_colours(flat, 0.3, np.random.default_rng(3))

    assert np.ptp(out, axis=2).max() < 1e-3


@pytest.mark.parametrize("channels", [1, 3])
def test_estranged_textures_differ_and_from_each_other(channels: int) -> None:
    texture = np.random.default_rng(0).integers(40, 200, (20, 30, channels)).astype(np.uint8)
    made = [looked_up(*estrange(texture, np.random.default_rng(seed))) for seed in range(30)]

    assert all(out.dtype == np.uint8 and out.shape == texture.shape for out in made)
    assert sum(np.array_equal(out, texture) for out in made) <= 1
    assert len({out.tobytes() for out in made}) >= 29
    assert np.array_equal(made[4], looked_up(*estrange(texture, np.random.default_rng(4))))


def test_a_grey_texture_in_colour_gains_no_hue_without_the_colour_step() -> None:
    texture = np.repeat(np.arange(0, 200, dtype=np.uint8).reshape(10, 20, 1), 3, axis=2)
    made = [looked_up(*estrange(texture, np.random.default_rng(seed))) for seed in range(40)]
    grey = [np.ptp(out.astype(int), axis=2).max() == 0 for out in made]

    assert 0.4 < np.mean(grey) <= 1.0
