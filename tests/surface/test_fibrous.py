"""Fibres are many short thin lines of several directions; grooves, noise and grain are none."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.types import Surface
from anomsynth.surface.fibrous import fibrous_sites
from anomsynth.testing import make_fibrous_surface, make_surface


def with_lines(turn_of: float | None) -> Surface:
    """Return a surface with bright lines in one direction, or in any (None)."""
    surface = make_surface(240, 240)
    rng = np.random.default_rng(0)
    pile = np.zeros((240, 240), np.uint8)
    for _ in range(360):
        start = rng.random(2) * 240
        turn = rng.uniform(0, np.pi) if turn_of is None else turn_of + rng.normal(0, 0.1)
        end = start + 14 * np.array([np.cos(turn), np.sin(turn)])
        cv2.line(pile, start.astype(int).tolist(), end.astype(int).tolist(), (160.0,), 1)
    soft = cv2.GaussianBlur(pile, (0, 0), 0.6)[..., None]
    pixels = np.clip(surface.pixels * 0.4 + soft, 0, 255).astype(np.uint8)
    return replace(surface, pixels=pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_pile_is_fibrous_where_the_part_is(channels: int) -> None:
    surface = make_fibrous_surface(200, 240, channels=channels, border=30)

    sites = fibrous_sites(surface)

    assert len(sites) > 0.3 * surface.part_area_px
    assert surface.allowed[sites[:, 0], sites[:, 1]].all()


def test_lines_that_run_one_way_are_no_fibres() -> None:
    assert len(fibrous_sites(with_lines(None))) > 0
    assert len(fibrous_sites(with_lines(0.4))) == 0


def test_plain_surfaces_and_noise_are_not_fibrous() -> None:
    assert len(fibrous_sites(make_surface())) == 0
    noisy = np.random.default_rng(0).normal(120, 8, (200, 200, 1))
    surface = replace(make_surface(200, 200), pixels=np.clip(noisy, 0, 255).astype(np.uint8))
    assert len(fibrous_sites(surface)) == 0
    assert len(fibrous_sites(make_surface(9, 7, border=0))) == 0
