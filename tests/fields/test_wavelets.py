"""Wavelet bands add up to the picture and have the variances they should."""

import numpy as np
import pytest

from anomsynth.fields.wavelets import STARLET_WHITE_SD, split, starlet, stationary


@pytest.fixture(scope="module")
def white() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((512, 512)).astype(np.float32)


@pytest.mark.parametrize("transform", ["starlet", "swt"])
@pytest.mark.parametrize("shape", [(64, 64), (33, 50), (5, 7)])
def test_bands_add_up_to_the_picture(transform, shape) -> None:  # RE3
    picture = np.random.default_rng(0).standard_normal(shape).astype(np.float32)

    bands = split(picture, 3, transform)

    assert np.abs(sum(bands) - picture).max() < 1e-5


def test_white_noise_has_the_published_starlet_deviations(white) -> None:  # RE3
    found = [float(band.std()) for band in starlet(white, 3)[:3]]

    assert found == pytest.approx(STARLET_WHITE_SD[:3], rel=0.02)


def test_starlet_deviations_are_those_of_the_kernel() -> None:  # RE3
    spot = np.zeros((257, 257), np.float32)
    spot[128, 128] = 1

    # White noise through a filter: its deviation is the root of the sum of squared weights.
    found = [np.sqrt((band.astype(float) ** 2).sum()) for band in starlet(spot, 5)[:5]]

    np.testing.assert_allclose(found, STARLET_WHITE_SD, rtol=0.03)


def test_stationary_bands_of_a_constant_are_empty() -> None:
    bands = stationary(np.full((32, 32), 3.0, np.float32))

    assert max(float(np.abs(band).max()) for band in bands[:-1]) < 1e-5


def test_shift_moves_the_starlet_and_changes_nothing_else(white) -> None:
    here = starlet(white[:128, :128], 3)
    there = starlet(white[1:129, 2:130], 3)

    assert np.allclose(here[1][40:60, 40:60], there[1][39:59, 38:58], atol=1e-5)
