"""What a sensor does is measured on the good part."""

import numpy as np
import pytest

from anomsynth.relief.scan import Form, Scan
from anomsynth.relief.sensor import Sensor, measure_sensor, shadowed

RNG = np.random.default_rng(5)


def scan_of(points: np.ndarray) -> Scan:
    points = points.astype(np.float32)
    return Scan(points, Form("xyz_tiff", 1.0, "nan", points))


def blocks(pitch=0.1, height=3.0) -> np.ndarray:
    """Return blocks on a table, seen from above at 300 mm."""
    rows, cols = np.mgrid[:160, :200]
    z = np.full(rows.shape, 300.0)
    for row in range(20, 140, 50):
        for col in range(30, 180, 60):
            z[row : row + 25, col : col + 25] -= height
    return np.dstack([cols * pitch, rows * pitch, z])


@pytest.mark.parametrize("noise", [0.005, 0.05])
def test_noise_is_measured_on_a_curved_part(shape, noise) -> None:
    points, _ = shape
    noisy = points + [0, 0, 1] * RNG.normal(0, noise, (*points.shape[:2], 1))

    assert measure_sensor(scan_of(noisy)).noise_mm == pytest.approx(noise, rel=0.05)


def test_an_exact_scan_has_no_noise(shape) -> None:
    assert measure_sensor(scan_of(shape[0])).noise_mm < 1e-4


@pytest.mark.parametrize("quantum", [0.02, 0.1])
def test_steps_between_heights_are_found(quantum) -> None:
    points = blocks()
    points[..., 2] += 0.01 * points[..., 0] + RNG.normal(0, 0.05, points.shape[:2])
    rounded = points.copy()
    rounded[..., 2] = quantum * np.rint(points[..., 2] / quantum)

    assert measure_sensor(scan_of(rounded)).quantum_mm == pytest.approx(quantum, rel=0.01)
    assert measure_sensor(scan_of(points)).quantum_mm == 0


@pytest.mark.parametrize("azimuth", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [15, 30])
def test_the_angle_and_the_side_of_the_projector_are_told_from_shadows(angle, azimuth) -> None:
    points = blocks()
    points[..., 2] += RNG.normal(0, 0.01, points.shape[:2])
    true = Sensor(triangulation_deg=angle, azimuth_deg=azimuth)
    dark = shadowed(-points[..., 2].astype(np.float32), 0.1, true, 4)
    points[dark] = np.nan

    found = measure_sensor(scan_of(points))

    assert found.azimuth_deg == azimuth
    assert found.triangulation_deg == pytest.approx(angle, abs=1.5)


def test_a_scan_without_gaps_comes_from_a_sensor_that_loses_nothing() -> None:
    found = measure_sensor(scan_of(blocks()))

    assert found.triangulation_deg == 0
    assert found.steepest_deg == 90


def test_single_gaps_do_not_say_where_the_projector_stands() -> None:
    points = blocks()
    points[RNG.random(points.shape[:2]) < 0.01] = np.nan

    assert measure_sensor(scan_of(points)).triangulation_deg == 20
