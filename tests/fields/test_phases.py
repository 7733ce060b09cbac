"""Patches have the area and the motion that theory gives them."""

import numpy as np
import pytest
from scipy.stats import norm

from anomsynth.fields.phases import band_noise, coarsen


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_area_above_a_threshold_is_gaussian(threshold: float) -> None:  # RU3
    shares = [
        float((band_noise((160, 160), 16, 0.3, np.random.default_rng(s)) > threshold).mean())
        for s in range(6)
    ]

    assert np.mean(shares) == pytest.approx(norm.cdf(-threshold), abs=0.02)
    assert shares[0] == pytest.approx(norm.cdf(-threshold), abs=0.03)


@pytest.mark.parametrize("wavelength", [8.0, 20.0])
def test_patches_have_the_wavelength_asked_for(wavelength: float) -> None:
    field = band_noise((256, 256), wavelength, 0.2, np.random.default_rng(1))
    power = np.abs(np.fft.rfft2(field * np.outer(np.hanning(256), np.hanning(256)))) ** 2
    wave = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None, :])

    assert (power * wave).sum() / power.sum() == pytest.approx(1 / wavelength, rel=0.08)


def test_a_disc_shrinks_by_curvature() -> None:  # RU1
    axis = np.arange(128) - 63.5
    away = np.hypot(axis[:, None], axis)
    start = np.tanh((40 - away) / np.sqrt(2)).astype(np.float32)

    settled = coarsen(start, 20.0)
    later = coarsen(settled, 100.0)

    # The share of the phase, as counting pixels is coarse.
    rate = float((later - settled).sum(dtype=float)) / 2 / 100.0
    # On a grid of this fineness 4 % slower than in the continuum, measured.
    assert rate == pytest.approx(-0.96 * 2 * np.pi, rel=0.06)


def test_coarsening_keeps_the_phases_and_its_input() -> None:
    start = np.tanh(band_noise((64, 64), 16, 0.3, np.random.default_rng(0)) / 2)
    copy = start.copy()

    end = coarsen(start, 5.0)

    assert np.array_equal(start, copy)
    assert np.abs(end).max() <= 1.001
    assert np.abs(end).mean() > np.abs(start).mean()  # phases separate
    assert np.array_equal(coarsen(start, 0.0), start)
