"""Fracture faces have the spectrum and the ripples of brittle breaks."""

from itertools import pairwise

import numpy as np
import pytest

from anomsynth.generators.fracture._conchoid import dish, fracture_face, ripples


def test_fracture_faces_have_the_spectrum_of_exponent_0_8() -> None:  # CH1
    side = 256
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.zeros((side, side))
    for seed in range(16):
        face = fracture_face((side, side), np.random.default_rng(seed))
        power += np.abs(np.fft.fft2(face * window)) ** 2
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(side, 1 / side), np.fft.fftfreq(side, 1 / side)))
    edges = np.geomspace(4, 90, 14)
    means = [power[(k >= a) & (k < b)].mean() for a, b in pairwise(edges)]
    slope = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(means), 1)[0]

    assert slope == pytest.approx(-3.6, abs=0.1)


@pytest.mark.parametrize("growth", [1.3, 1.6])
def test_ripples_widen_outwards_by_the_growth(growth: float) -> None:
    away = np.linspace(0, 400, 8001, dtype=np.float32)[None]
    wave = ripples(away, 400, growth)[0]

    crests = away[0, 1:-1][(wave[1:-1] > wave[:-2]) & (wave[1:-1] > wave[2:])]
    ratios = crests[2:] / crests[1:-1]
    assert len(ratios) >= 2
    assert ratios == pytest.approx(growth, rel=0.03)
    assert np.abs(wave[away[0] < 0.06 * 400]).max() == 0


def test_a_dish_is_deepest_inside_and_has_a_crease_for_a_rim() -> None:
    depth = dish(np.array([[0, 0.5, 0.99, 1.0, 2.0]], dtype=np.float32), 2.0)[0]

    np.testing.assert_allclose(depth, [1, 0.75, 1 - 0.99**2, 0, 0], atol=1e-6)
