"""The cheapest path is cheapest, rough like a crack, and prefers seams."""

import itertools
from dataclasses import replace

import numpy as np

from anomsynth.core.types import Surface
from anomsynth.generators.fracture._growth import Tip
from anomsynth.generators.fracture._toughness import (
    Search,
    cheapest_path,
    grain_noise,
    smoothed,
    toughness,
    weakest_strand,
)


def cost(energy: np.ndarray, path: tuple[int, ...], bend: float) -> float:
    steps = sum(abs(a - b) for a, b in itertools.pairwise(path))
    return sum(energy[row, col] for row, col in enumerate(path)) + bend * steps


def test_no_other_path_is_cheaper() -> None:
    energy = np.random.default_rng(0).random((6, 5)).astype(np.float32)

    found = tuple(cheapest_path(energy, 0.2).astype(int))

    allowed = (
        path
        for path in itertools.product(range(5), repeat=6)
        if all(abs(a - b) <= 1 for a, b in itertools.pairwise(path))
    )
    assert np.isclose(cost(energy, found, 0.2), min(cost(energy, p, 0.2) for p in allowed))


def test_paths_have_the_roughness_of_a_directed_polymer() -> None:  # CR2
    rng = np.random.default_rng(1)
    flat = np.zeros((512, 301), dtype=np.float32)
    paths = [
        cheapest_path(toughness(grain_noise(flat.shape, 0.8, rng), flat, contrast=0.6, pull=0), 0.3)
        for _ in range(24)
    ]
    lags = [4, 8, 16, 32, 64]
    spread = [np.mean([np.mean((y[lag:] - y[:-lag]) ** 2) for y in paths]) for lag in lags]

    exponent = np.polyfit(np.log(lags), np.log(spread), 1)[0] / 2
    assert 0.60 <= exponent <= 0.72


def test_paths_start_where_they_are_told() -> None:
    energy = np.ones((40, 21), dtype=np.float32)

    assert cheapest_path(energy, 0.3, start=3)[0] == 3


def test_seams_draw_the_path() -> None:
    rng = np.random.default_rng(2)
    seam = np.zeros((60, 31), dtype=np.float32)
    seam[:, 22] = 1

    path = cheapest_path(toughness(0 * seam, seam, contrast=0, pull=0.6), 0.1)
    loose = cheapest_path(
        toughness(grain_noise(seam.shape, 0.8, rng), seam, contrast=0.6, pull=0), 0.1
    )

    assert (path == 22).all()
    assert not (loose == 22).all()


def test_smoothing_keeps_the_ends_and_a_straight_line() -> None:
    line = np.arange(10.0)

    np.testing.assert_allclose(smoothed(line), line)
    assert smoothed(np.array([0.0, 1.0, 0.0, 1.0]))[[0, -1]].tolist() == [0, 1]


def test_energy_is_lognormal_and_less_along_seams() -> None:
    rough = np.array([[0.0, 1.5, -2.0]], dtype=np.float32)
    edges = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)

    energy = toughness(rough, edges, contrast=0.6, pull=0.7)

    np.testing.assert_allclose(energy[0], [1, np.exp(0.9) * 0.65, np.exp(-1.2) * 0.3], rtol=1e-5)


def test_the_line_starts_at_the_tip_and_ends_at_the_edge(surface: Surface) -> None:
    tip = Tip(80, 100, 0.0, 300)

    strand = weakest_strand(
        surface, tip, lambda row, col: 0.0, Search(2.0, 0.5), np.random.default_rng(0)
    )

    np.testing.assert_allclose(strand.points[0], [80, 100])
    assert not strand.free
    assert (strand.points[:-1, 1] < 192).all()


def test_a_seam_of_the_photo_is_followed(surface: Surface) -> None:
    pixels = np.full_like(surface.pixels, 120)
    pixels[84:86] = 60
    seamed = replace(surface, pixels=pixels)
    tip = Tip(80, 20, 0.0, 160)

    strand = weakest_strand(
        seamed, tip, lambda row, col: 0.0, Search(1.5, 0.9), np.random.default_rng(1)
    )

    later = strand.points[len(strand.points) // 3 :]
    assert np.mean(np.abs(later[:, 0] - 84.5) < 2.5) > 0.7
