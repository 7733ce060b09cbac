"""Patches have the area and the motion that theory gives them; streaks spread and fade."""

import numpy as np
import pytest
from scipy.stats import norm

from anomsynth.generators.colour._rusting import band_noise, coarsen, run_off


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


@pytest.mark.parametrize("band", [0.2, 0.4])
def test_patches_have_the_band_asked_for(band: float) -> None:
    down, right = np.fft.fftfreq(320)[:, None], np.fft.fftfreq(320)
    off = np.hypot(down, right) * 10 - 1
    power = sum(
        np.abs(np.fft.fft2(band_noise((320, 320), 10, band, np.random.default_rng(s)))) ** 2
        for s in range(4)
    )

    # As many waves as the ring is long: divided out, a Gaussian of the band's width is left.
    near = np.abs(off) < 0.9
    spread = np.average(off[near] ** 2, weights=(power / np.maximum(off + 1, 0.05))[near])
    assert np.sqrt(spread) == pytest.approx(band, rel=0.08)


def test_fronts_keep_the_profile_of_the_equation() -> None:
    away = np.arange(-30, 31) + 0.0
    rough = np.where(away < 0, -0.7, 0.7).astype(np.float32)

    settled = coarsen(np.tile(rough, (5, 1)), 40.0)[2]

    # c_xx + c - c^3 = 0 between the phases -1 and 1; the jump lies between two cells.
    np.testing.assert_allclose(settled, np.tanh((away + 0.5) / np.sqrt(2)), atol=0.04)


def test_coarsening_keeps_the_phases_and_its_input() -> None:
    start = np.tanh(band_noise((64, 64), 16, 0.3, np.random.default_rng(0)) / 2)
    copy = start.copy()

    end = coarsen(start, 5.0)

    assert np.array_equal(start, copy)
    assert np.abs(end).max() <= 1.001
    assert np.abs(end).mean() > np.abs(start).mean()  # phases separate
    assert np.array_equal(coarsen(start, 0.0), start)


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
