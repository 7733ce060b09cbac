"""Jitter is small and bounded; estranged textures differ from their source."""

import colorsys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from anomsynth.generators.baselines import _jitter as jitter_module
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


@pytest.mark.parametrize("channels", [1, 3])
def test_stretching_uses_every_channel_s_whole_scale(channels: int) -> None:
    texture = np.random.default_rng(0).integers(90, 140, (40, 50, channels)).astype(np.uint8)

    out = jitter_module._stretched(texture, equal=False)

    assert (out.min(axis=(0, 1)) == 0).all()
    assert (out.max(axis=(0, 1)) >= 254).all()  # Pillow cuts fractions off


@pytest.mark.parametrize("channels", [1, 3])
def test_equalised_levels_are_equally_frequent(channels: int) -> None:
    texture = np.random.default_rng(0).normal(100, 15, (80, 80, channels)).astype(np.uint8)

    out = jitter_module._stretched(texture, equal=True)

    for channel in range(channels):
        below = [(out[..., channel] <= level).mean() for level in (64, 128, 192)]
        assert below == pytest.approx([0.25, 0.5, 0.75], abs=0.05)


def test_solarised_posterised_and_inverted_levels_are_those_of_the_definitions() -> None:
    level = jitter_module._unchanged(1)[:, 0].astype(int)
    solarised, posterised, inverted = (
        jitter_module._toned(jitter_module._unchanged(1), kind, 0.5)[:, 0] for kind in (2, 3, 4)
    )

    assert (solarised == np.where(level >= 175, 255 - level, level)).all()
    assert (posterised == level // 16 * 16).all()
    assert (inverted == 255 - level).all()


@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0])
def test_sharpening_is_pillow_s_within_a_level_but_for_the_rim(amount: float) -> None:
    texture = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)

    out = jitter_module._sharpened(texture, amount)

    wanted = np.asarray(ImageEnhance.Sharpness(Image.fromarray(texture)).enhance(2 * amount))
    assert np.abs(out.astype(int) - wanted)[1:-1, 1:-1].max() <= 1
