"""Lines that are worked on all at once come out as they would one by one."""

import numpy as np
import pytest

from anomsynth.generators.fracture._bundles import (
    Bundle,
    bundle,
    resampled,
    roughened,
    visible_runs,
)

LINE = np.stack([np.full(41, 30.0), np.linspace(20.0, 100.0, 41)], axis=1)
BENT = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 9.0]])
SHORT = np.array([[5.0, 5.0], [5.2, 5.0]])


def split(lines: Bundle) -> list[np.ndarray]:
    return np.split(lines.points, lines.starts[1:])


def test_lines_keep_their_ends() -> None:
    fine = resampled(bundle([LINE, BENT, SHORT]), 0.7)
    rough = roughened(fine, 1.5, np.random.default_rng(1))

    for line, dense, bumpy in zip((LINE, BENT, SHORT), split(fine), split(rough), strict=True):
        np.testing.assert_array_equal(dense[[0, -1]], line[[0, -1]])
        np.testing.assert_allclose(bumpy[[0, -1]], line[[0, -1]], atol=1e-9)
    assert (split(rough)[0][:, 0] - 30).std() == pytest.approx(1.5, rel=0.25)


def test_vertices_lie_on_the_line_at_even_steps_of_its_length() -> None:
    _, bent, short = split(resampled(bundle([LINE, BENT, SHORT]), 1.0))

    assert len(bent) == 11, "10 px long"
    assert len(short) == 3, "three at least"
    np.testing.assert_allclose(bent[:6], np.linspace(0, 5, 6)[:, None] * [0.6, 0.8])
    np.testing.assert_allclose(bent[5:], np.stack([np.full(6, 3.0), np.arange(4.0, 10.0)], axis=1))


def test_a_line_alone_is_the_same_as_among_others() -> None:
    alone = resampled(bundle([BENT]), 0.7).points
    among = split(resampled(bundle([LINE, BENT, SHORT]), 0.7))[1]

    np.testing.assert_allclose(among, alone, atol=1e-12)


def test_smooth_lines_stay_as_they_are() -> None:
    lines = bundle([LINE, BENT])

    assert roughened(lines, 0.05, np.random.default_rng(0)) is lines


def test_only_open_stretches_are_kept() -> None:
    width = np.array([0, 0, 1, 2, 0, 0, 3, 0.5])
    points = np.stack([np.arange(8.0), np.zeros(8)], axis=1)

    runs = visible_runs(bundle([points]), width)

    assert [run[1].tolist() for run in runs] == [[0, 1, 2, 0], [0, 3, 0.5]]


def test_runs_never_cross_from_one_line_to_the_next() -> None:
    points = np.stack([np.arange(8.0), np.zeros(8)], axis=1)
    width = np.array([0, 1, 2, 3, 4, 0, 0, 5])

    runs = visible_runs(bundle([points[:4], points[4:]]), width)

    assert [run[1].tolist() for run in runs] == [[0, 1, 2, 3], [4, 0], [0, 5]]
    assert [run[0][0, 0] for run in runs] == [0, 4, 6]


def test_rough_lines_have_the_roughness_of_surface_cracks() -> None:  # CR1 on the whole line
    line = np.stack([np.zeros(1024), np.arange(1024.0)], axis=1)
    rough = [roughened(bundle([line]), 3.0, np.random.default_rng(seed)) for seed in range(48)]
    traces = [lines.points[:, 0] for lines in rough]

    lags = [2, 4, 8, 16, 32, 64]
    spread = [[np.mean((y[lag:] - y[:-lag]) ** 2) for y in traces] for lag in lags]
    exponent = np.polyfit(np.log(lags), np.log(spread), 1)[0].mean() / 2
    assert exponent == pytest.approx(0.64, abs=0.04)
