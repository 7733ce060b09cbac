"""Scans of real things, as packages ship them: written back as they were, dented as drawn.

Debian's ``libcgal-demo`` has laser scans and photogrammetry as PLY and text; matplotlib has the
relief of a fault that radar measured from orbit, in whole metres. Both are optional.
"""

import tarfile
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from anomsynth.relief.change import SurfaceChange
from anomsynth.relief.chart import chart_of
from anomsynth.relief.displace import displace
from anomsynth.relief.files import encode_scan, read_scan, write_scan
from anomsynth.relief.plain import displace_cloud, measure_cloud_sensor
from anomsynth.relief.sensor import measure_sensor

CGAL = Path("/usr/share/doc/libcgal-dev/data.tar.gz")
CLOUDS = ["hippo1.ply", "hippo2.ply", "b9_training.ply", "building.ply", "kitten.xyz"]


def dent(shape: tuple[int, int], place: tuple[int, int], radius: float, depth: float):
    rows, cols = np.indices(shape)
    share = np.hypot(rows - place[0], cols - place[1]) / radius
    height = -depth * np.clip(1 - share**2, 0, None)
    return SurfaceChange(height.astype(np.float32), share < 1)


@pytest.mark.skipif(not CGAL.exists(), reason="the package libcgal-demo is not installed")
@pytest.mark.parametrize("name", CLOUDS)
def test_a_real_cloud_comes_back_and_takes_a_dent(tmp_path, name) -> None:
    with tarfile.open(CGAL) as archive:
        content = archive.extractfile(f"data/points_3/{name}").read()
    path = tmp_path / name
    path.write_bytes(content)
    scan = read_scan(path)
    chart = chart_of(scan)
    row, col = np.argwhere(np.isfinite(chart.raised)).mean(axis=0)
    depth = 3 * chart.mm_per_px
    change = dent(chart.shape, (round(row), round(col)), min(chart.shape) / 6, depth)

    done = displace_cloud(chart, change, measure_cloud_sensor(chart), np.random.default_rng(0))
    write_scan(tmp_path / f"dented-{name}", done.scan)

    assert encode_scan(scan) == content
    again = read_scan(tmp_path / f"dented-{name}", unit=scan.form.unit)
    left = ~done.lost
    moved = np.linalg.norm(done.scan.points - scan.points, axis=1)
    assert 0 < np.count_nonzero(done.mask) < 0.5 * len(scan.points)
    assert 0.6 * depth < np.nanmax(moved) < 1.2 * depth + 6 * measure_cloud_sensor(chart).noise_mm
    assert len(again.points) == np.count_nonzero(left)
    beside = again.points[~done.mask[left]] - scan.points[~done.mask]
    assert np.abs(beside).max() <= 1e-5 * np.abs(scan.points).max()


def elevation() -> np.ndarray:
    found = find_spec("matplotlib")  # without importing it, which takes seconds
    home = Path(found.origin).parent if found is not None and found.origin else Path()
    path = home / "mpl-data" / "sample_data" / "jacksboro_fault_dem.npz"
    if not path.exists():
        pytest.skip("matplotlib and its sample data are not installed")
    return np.load(path)["elevation"]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_real_height_map_takes_a_dent_in_whole_steps(tmp_path, suffix) -> None:
    metres = elevation()
    if suffix == ".png":
        cv2.imwrite(str(tmp_path / "a.png"), metres.astype(np.uint16))
    else:
        tifffile.imwrite(tmp_path / "a.tif", metres)
    scan = read_scan(tmp_path / f"a{suffix}", unit=1.0, mm_per_px=90.0, sense="height")
    sensor = measure_sensor(scan)
    change = dent(metres.shape, (170, 200), 40, 60)

    done = displace(scan, change, sensor, np.random.default_rng(0))
    write_scan(tmp_path / f"b{suffix}", done.scan)

    if suffix == ".png":
        written = cv2.imread(str(tmp_path / "b.png"), cv2.IMREAD_UNCHANGED)
    else:
        written = tifffile.imread(tmp_path / "b.tif")
    step = written.astype(float) - metres
    assert sensor.quantum_mm == 1.0
    assert 0.3 < sensor.noise_mm < 10
    assert not step[~change.support].any()
    # Seen from above a slope is thicker by the inverse of its cosine; radar has no noise to add.
    down, right = np.gradient(cv2.blur(metres.astype(np.float32), (5, 5)), 90.0)
    drawn = change.height * np.sqrt(1 + down**2 + right**2)
    off = (step - drawn)[change.support]
    assert np.abs(np.median(off)) < 0.5
    assert np.percentile(np.abs(off), 95) < 1.5 + 2 * sensor.noise_mm
    assert step[change.support].sum() == pytest.approx(drawn.sum(), rel=0.02)
