"""Whether a drawn mask follows the part's outline or lies within the part."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from anomsynth.surface.analyze import analyze
from anomsynth.surface.outlined import follows_outline

SIDE = 200


def disc(radius: int) -> NDArray[np.bool_]:
    rows, cols = np.mgrid[:SIDE, :SIDE]
    return np.hypot(rows - 100, cols - 100) <= radius


def picture(channels: int = 1, texture: float = 6.0) -> NDArray[np.uint8]:
    """Return a dark textured disc of radius 60 on a light ground."""
    noise = np.random.default_rng(1).standard_normal((SIDE, SIDE)).astype(np.float32)
    noise = texture * np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5)) * 5
    grey = np.where(disc(60), 90, 190)[..., None] + noise[..., None]
    return np.clip(np.rint(grey.repeat(channels, axis=2)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("radius", [59, 60, 61])
def test_a_mask_of_the_part_follows_its_outline(channels: int, radius: int) -> None:
    assert follows_outline(picture(channels), disc(radius))


@pytest.mark.parametrize("radius", [20, 45, 54, 57, 64, 80])
def test_a_mask_within_the_part_or_around_it_does_not(radius: int) -> None:
    assert not follows_outline(picture(), disc(radius))


def test_a_mask_of_the_whole_picture_has_no_outline() -> None:
    assert not follows_outline(picture(), np.ones((SIDE, SIDE), bool))


def test_shading_that_runs_on_is_no_outline() -> None:
    rows, cols = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(rows - 100, cols - 100)
    ball = np.where(away < 80, 220 - 1.2 * away, 240).astype(np.uint8)[..., None]

    assert not follows_outline(ball, disc(50))
    assert follows_outline(ball, disc(79))


def test_half_an_outline_is_none() -> None:
    half = disc(60)
    half[:, :100] = False

    assert not follows_outline(picture(), half)


def test_defects_reach_over_a_part_s_outline_and_stay_in_a_mask_within() -> None:
    avoid = np.zeros((SIDE, SIDE), bool)
    avoid[:, :30] = True

    whole = analyze(picture(), roi=disc(60), avoid=avoid)
    within = analyze(picture(), roi=disc(40), avoid=avoid)

    assert np.array_equal(whole.reachable, ~avoid)
    assert np.array_equal(whole.allowed, disc(60) & ~avoid)
    assert np.array_equal(within.reachable, disc(40) & ~avoid)
