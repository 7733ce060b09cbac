"""Fracture surfaces are self-affine down to the pixel, whatever grid they are drawn on."""

import math
from itertools import pairwise

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Float32
from anomsynth.fields.facets import facets
from anomsynth.fields.grid import Grid

ROUGHNESS = 0.08
SIDE = 480


def floor_on(step: int, seed: int) -> Float32:
    return facets(Grid(Box(0, 0, SIDE, SIDE), step), ROUGHNESS, stream(seed, "floor", step))


def rms_slope(relief: Float32) -> float:
    return math.hypot(*(float(np.diff(relief, axis=axis).std()) for axis in (0, 1)))


def log_spectrum(relief: Float32, low: float, high: float) -> tuple[float, float]:
    """Return slope and level of the radial power spectrum between two frequencies, per pixel."""
    window = np.hanning(SIDE)[:, None] * np.hanning(SIDE)[None, :]
    power = np.abs(np.fft.rfft2((relief - relief.mean()) * window)) ** 2
    wave = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    edges = np.geomspace(low, high, 9)
    inside = [(wave >= left) & (wave < right) for left, right in pairwise(edges)]
    means = np.log([power[ring].mean() for ring in inside])
    slope, _ = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), means, 1)
    return float(slope), float(means.mean())


@pytest.mark.parametrize("step", [1, 2, 4])
def test_the_floor_has_the_drawn_rms_slope(step) -> None:
    slopes = [rms_slope(floor_on(step, seed)) for seed in range(4)]

    assert np.mean(slopes) == pytest.approx(ROUGHNESS, rel=0.1)


def test_the_floor_is_self_affine() -> None:
    slopes = [log_spectrum(floor_on(1, seed), 0.02, 0.2)[0] for seed in range(8)]

    assert np.mean(slopes) == pytest.approx(-3.6, abs=0.15)  # CH1: H = 0.8


@pytest.mark.parametrize("step", [2, 4])
@pytest.mark.parametrize(("low", "high"), [(0.02, 0.08), (0.25, 0.45)], ids=["coarse", "fine"])
def test_a_coarse_grid_has_the_same_spectrum_on_both_sides_of_its_cells(step, low, high) -> None:
    fine = np.mean([log_spectrum(floor_on(1, seed), low, high)[1] for seed in range(4)])
    coarse = np.mean([log_spectrum(floor_on(step, seed), low, high)[1] for seed in range(4)])

    assert coarse == pytest.approx(fine, abs=0.6)  # natural logarithm of power
