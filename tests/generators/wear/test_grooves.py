"""Ploughed grooves keep their balance of material."""

import numpy as np
import pytest

from anomsynth.generators.wear._grooves import groove_profile, load_along, ridge_reach

OFFSET = np.linspace(-2, 2, 40001)


def sections(cutting: float) -> tuple[float, float]:
    one = np.ones_like(OFFSET)
    height = groove_profile(OFFSET, 1.3 * one, 0.02 * one, cutting)
    step = OFFSET[1] - OFFSET[0]
    return -height[height < 0].sum() * step, height[height > 0].sum() * step


def test_pure_ploughing_moves_the_groove_into_the_ridges() -> None:  # SC1
    groove, ridges = sections(0.0)

    assert groove == pytest.approx(2 / 3 * 1.3 * 0.02, rel=0.05)
    assert ridges == pytest.approx(groove, rel=0.02)


def test_ridges_stand_beside_the_groove() -> None:
    one = np.ones_like(OFFSET)
    height = np.clip(groove_profile(OFFSET, one, 0.02 * one, 0.0), 0, None)
    side, outer = OFFSET > 0, OFFSET > 0.7

    width = np.sqrt(np.average((OFFSET[outer] - 0.7) ** 2, weights=height[outer]))
    assert OFFSET[side][height[side].argmax()] == pytest.approx(0.7, abs=0.02)
    assert width == pytest.approx(0.1, rel=0.1)  # cut at three deviations, and lowered


@pytest.mark.parametrize("cutting", [0.25, 0.6, 1.0])
def test_cutting_removes_its_share(cutting: float) -> None:
    groove, ridges = sections(cutting)

    assert (groove - ridges) / groove == pytest.approx(cutting, abs=0.03)


def test_ridges_end_where_their_reach_says() -> None:
    one = np.ones_like(OFFSET)
    height = groove_profile(OFFSET, one, 0.02 * one, 0.0)

    beyond = np.abs(OFFSET) - 0.5 > ridge_reach(np.ones(1))[0] + 1e-6
    assert (height[beyond] == 0).all()
    assert np.abs(np.diff(height)).max() < 4e-5  # no step anywhere


def test_no_contact_no_relief() -> None:
    zero = np.zeros(5)

    assert (groove_profile(np.linspace(-1, 1, 5), zero, zero, 0.2) == 0).all()


def test_the_load_rises_falls_and_chatters() -> None:
    points = np.stack([np.zeros(2000), np.arange(2000.0)], axis=1)

    calm = load_along(points, 0.0, 20.0, np.random.default_rng(0))
    rattling = load_along(points, 0.5, 20.0, np.random.default_rng(0))

    assert calm.max() == pytest.approx(1)
    assert calm[[0, -1]].max() < 0.05
    swing = (rattling / np.maximum(calm, 0.05))[200:-200]
    assert swing.max() / swing.min() == pytest.approx((1 + 0.5) / (1 - 0.5), rel=0.03)
    spectrum = np.abs(np.fft.rfft(rattling / np.maximum(calm, 0.05)))[10:]
    assert np.argmax(spectrum) + 10 == pytest.approx(100, abs=2)
