"""Random lines have the roughness, stiffness and length they are asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.core.rng import stream
from anomsynth.fields import paths
from anomsynth.fields.paths import (
    arc,
    arc_length,
    densify,
    displace,
    fbm_trace,
    smooth_noise,
    tangents,
    turned,
    worm_like_chain,
)


def hurst(traces: list[np.ndarray], lags: list[int]) -> float:
    """Return the mean exponent of the traces' height differences, which no scaling changes."""
    spread = [[np.mean((y[lag:] - y[:-lag]) ** 2) for y in traces] for lag in lags]
    return float(np.polyfit(np.log(lags), np.log(spread), 1)[0].mean() / 2)


# Single traces of this length read a little less than they have.
@pytest.mark.parametrize(("asked", "found"), [(0.65, 0.64), (0.80, 0.75)])
def test_fbm_traces_have_the_roughness_asked_for(asked: float, found: float) -> None:  # CR1
    rng = np.random.default_rng(0)

    traces = [fbm_trace(1024, asked, rng) for _ in range(96)]

    assert hurst(traces, [2, 4, 8, 16, 32, 64, 128]) == pytest.approx(found, abs=0.03)


@given(count=st.integers(1, 300), correlation=st.floats(0.1, 500))
def test_smooth_noise_is_finite_for_any_length(count: int, correlation: float) -> None:
    noise = smooth_noise(count, correlation, np.random.default_rng(2))

    assert noise.shape == (count,)
    assert np.isfinite(noise).all()


def test_smooth_noise_has_unit_variance_and_the_correlation_asked_for() -> None:
    noise = smooth_noise(200_000, 20.0, np.random.default_rng(3))

    assert noise.std() == pytest.approx(1, abs=0.05)
    assert np.corrcoef(noise[:-5], noise[5:])[0, 1] > 0.85
    assert abs(np.corrcoef(noise[:-60], noise[60:])[0, 1]) < 0.05


def test_worm_like_chains_have_the_mean_square_distance_of_theory() -> None:  # FI1
    rng = np.random.default_rng(4)
    length, persistence = 200.0, 80.0
    chains = [worm_like_chain(length, persistence, 201, rng) for _ in range(1500)]

    squared = np.mean([np.sum((chain[-1] - chain[0]) ** 2) for chain in chains])
    ahead = np.mean([tangents(chain)[-1] @ tangents(chain)[0] for chain in chains])

    twice = 2 * persistence
    theory = 2 * twice * length * (1 - twice / length * (1 - np.exp(-length / twice)))
    assert squared == pytest.approx(theory, rel=0.06)
    assert ahead == pytest.approx(np.exp(-length / twice), abs=0.09)


def test_arcs_turn_through_the_angle_asked_for() -> None:
    line = arc(100.0, np.pi / 2, 1001)

    assert arc_length(line)[-1] == pytest.approx(100)
    # A quarter circle of radius 200 / pi ends one radius ahead and one aside.
    np.testing.assert_allclose(line[-1], [200 / np.pi, 200 / np.pi], rtol=1e-3)


def test_turning_keeps_lengths_and_goes_towards_rows() -> None:
    line = turned(np.array([[0.0, 0.0], [0.0, 5.0]]), np.pi / 2)

    np.testing.assert_allclose(line, [[0, 0], [5, 0]], atol=1e-12)


def test_displacement_goes_to_the_right_of_the_travel() -> None:
    line = displace(np.array([[3.0, 0.0], [3.0, 1.0], [3.0, 2.0]]), np.array([1.0, 1.0, 1.0]))

    np.testing.assert_allclose(line[:, 0], 4.0)  # travelling to +col, right is down, +row


def test_densifying_keeps_the_points_and_rounds_the_corners() -> None:
    corner = np.array([[0.0, 0.0], [0.0, 10.0], [10.0, 10.0]])

    fine = densify(corner, 8)

    assert fine.shape == (17, 2)
    np.testing.assert_allclose(fine[::8], corner)
    angle = np.arctan2(*np.diff(fine, axis=0).T)
    assert np.abs(np.diff(angle)).max() < np.pi / 6


@pytest.mark.parametrize("correlation", [1.0, 7.3])
def test_long_noise_does_not_show_where_it_was_pieced(correlation, monkeypatch) -> None:
    whole = smooth_noise(4000, correlation, stream(1))
    monkeypatch.setattr(paths, "LONGEST", 130)

    assert np.array_equal(smooth_noise(4000, correlation, stream(1)), whole)


def test_noise_may_have_more_knots_than_opencv_reads_at_once() -> None:
    assert smooth_noise(40_000, 1.0, stream(2)).std() == pytest.approx(1, abs=0.1)
