"""Random fields have the spectra and statistics that they claim."""

import numpy as np
import pytest

from anomsynth.fields.noise import fbm, value_noise


def radial_slope(field: np.ndarray) -> float:
    """Fit the slope of the radially averaged power spectrum, Hann window."""
    side = field.shape[0]
    window = np.hanning(side)
    power = np.abs(np.fft.fft2(field * window[:, None] * window)) ** 2
    frequency = np.fft.fftfreq(side) * side
    radius = np.hypot(frequency[:, None], frequency[None, :]).round().astype(int)
    mean = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
    lags = np.arange(4, side // 4)
    return float(np.polyfit(np.log(lags), np.log(mean[lags]), 1)[0])


@pytest.mark.parametrize(("hurst", "expected"), [(0.3, -2.59), (0.5, -3.02), (0.8, -3.63)])
def test_fbm_spectrum_falls_with_the_hurst_exponent(hurst, expected) -> None:  # NO1
    slopes = [
        radial_slope(fbm((256, 256), hurst, np.random.default_rng(seed))) for seed in range(16)
    ]

    assert np.mean(slopes) == pytest.approx(expected, abs=0.06)
    assert np.abs(np.array(slopes) - expected).max() < 0.4


@pytest.mark.parametrize("octaves", [1, 3])
def test_value_noise_has_unit_deviation(octaves) -> None:
    fields = [
        value_noise((200, 300), 9.0, np.random.default_rng(seed), octaves=octaves)
        for seed in range(8)
    ]

    assert np.std(fields) == pytest.approx(1, abs=0.12)
    assert np.mean(fields) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("hurst", [0.4, 1.0])
def test_octaves_weaken_with_the_hurst_exponent(hurst) -> None:
    rng = np.random.default_rng(0)
    parts = [value_noise((90, 120), cell, rng).ravel() for cell in (16.0, 8.0)]

    both = value_noise((90, 120), 16.0, np.random.default_rng(0), octaves=2, hurst=hurst)

    shares = np.linalg.lstsq(np.stack(parts, axis=1), both.ravel(), rcond=None)[0]
    assert shares[1] / shares[0] == pytest.approx(2**-hurst, rel=1e-3)
    assert np.hypot(*shares) == pytest.approx(1, rel=1e-3)


def test_value_noise_is_nearly_constant_within_a_cell() -> None:
    field = value_noise((6, 6), 300.0, np.random.default_rng(0))

    assert np.ptp(field) < 0.2


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (3, 2), (130, 257)])
def test_any_shape_is_finite_and_single_precision(shape) -> None:
    rng = np.random.default_rng(0)

    for field in (
        fbm(shape, 0.8, rng),
        value_noise(shape, 5.0, rng, octaves=2),
    ):
        assert field.shape == shape
        assert field.dtype == np.float32
        assert np.isfinite(field).all()


def test_same_stream_same_field() -> None:
    first = fbm((64, 64), 0.8, np.random.default_rng(5))
    again = fbm((64, 64), 0.8, np.random.default_rng(5))

    assert np.array_equal(first, again)
