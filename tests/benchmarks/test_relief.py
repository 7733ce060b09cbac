"""How much CPU time and memory a defect on a scan takes, without reading and writing.

``pytest tests/benchmarks/test_relief.py -n 0 --benchmark-enable --benchmark-only`` measures; in the
ordinary suite each runs once. No time is asserted; memory is, beyond the points themselves.
"""

import time
import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from anomsynth.core.heap import keep_freed_memory
from anomsynth.relief.change import SurfaceChange
from anomsynth.relief.chart import chart_of
from anomsynth.relief.displace import displace
from anomsynth.relief.plain import displace_cloud, measure_cloud_sensor
from anomsynth.relief.scan import Form, Scan
from anomsynth.relief.sensor import measure_sensor

SIDE = 1024
CPU = pytest.mark.benchmark(timer=time.process_time)
PLAIN = 500_000
# Radii of dents over the side of the picture or map: 3 %, 12 % and 75 % of it.
RADII = {"small": 0.1, "usual": 0.2, "whole": 0.49}
MOST_MEMORY = {"organised": 80e6, "plain": 200e6}  # bytes


@pytest.fixture(autouse=True)
def as_in_a_worker():
    keep_freed_memory()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(threads)


def organised() -> Scan:
    """Return a wavy plate of a million points, a percent of which was not measured."""
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    height = 300 + np.sin(cols / 50) + rng.normal(0, 0.01, rows.shape)
    points = np.dstack([0.1 * cols, 0.1 * rows, height]).astype(np.float32)
    points[rng.random(rows.shape) < 0.01] = np.nan
    return Scan(points, Form("xyz_tiff", 1.0, "nan", points))


def plain() -> Scan:
    """Return a wavy plate of half a million points in any order."""
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 70, (PLAIN, 2))
    height = np.sin(places[:, 0] / 10) + rng.normal(0, 0.01, PLAIN)
    points = np.column_stack([places, height]).astype(np.float32)
    return Scan(points, Form("xyz", 1.0, "nan", points, {"keeps_all": False}), (0.0, 0.0, 1.0))


def dent(shape: tuple[int, int], radius: float) -> SurfaceChange:
    rows, cols = np.indices(shape, dtype=np.float32)
    middle = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    share = np.hypot(rows - middle[0], cols - middle[1]) / (radius * min(shape))
    height = -np.clip(1 - share**2, 0, None)
    return SurfaceChange(height.astype(np.float32), share < 1)


@CPU
@pytest.mark.slow
@pytest.mark.parametrize("size", RADII)
def test_dent_in_an_organised_scan(benchmark, size) -> None:
    scan = organised()
    sensor, change = measure_sensor(scan), dent((SIDE, SIDE), RADII[size])

    done = benchmark(displace, scan, change, sensor, np.random.default_rng(0))

    assert done.mask.any()


@CPU
@pytest.mark.slow
def test_measuring_the_sensor_of_an_organised_scan(benchmark) -> None:
    scan = organised()

    assert benchmark(measure_sensor, scan).noise_mm == pytest.approx(0.01, rel=0.05)


@CPU
@pytest.mark.slow
@pytest.mark.parametrize("size", RADII)
def test_dent_in_a_plain_cloud(benchmark, size) -> None:
    scan = plain()
    change = dent(chart_of(scan).shape, RADII[size])

    done = benchmark(map_and_dent, scan, change)

    assert done.mask.any()


def map_and_dent(scan: Scan, change: SurfaceChange):
    """Do all that a cloud needs: nothing is known of it but its points."""
    fresh = Scan(scan.points, scan.form, scan.facing)
    chart = chart_of(fresh)
    return displace_cloud(chart, change, measure_cloud_sensor(chart), np.random.default_rng(0))


def peak(work: Callable[[], object]) -> int:
    """Return the most memory that work takes at a time, bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_of_an_organised_scan() -> None:
    scan = organised()
    sensor, change = measure_sensor(scan), dent((SIDE, SIDE), RADII["whole"])

    most = peak(lambda: displace(scan, change, sensor, np.random.default_rng(0)))

    assert most < MOST_MEMORY["organised"]


@pytest.mark.slow
def test_memory_of_a_plain_cloud() -> None:
    scan = plain()
    change = dent(chart_of(scan).shape, RADII["whole"])

    most = peak(lambda: map_and_dent(scan, change))

    assert most < MOST_MEMORY["plain"]
