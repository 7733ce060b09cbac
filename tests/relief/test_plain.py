"""Plain clouds are mapped, and defects on them are as large in mm wherever they lie."""

import numpy as np
import pytest

from anomsynth.relief.change import SurfaceChange
from anomsynth.relief.chart import Chart, chart_of
from anomsynth.relief.plain import displace_cloud, measure_cloud_sensor
from anomsynth.relief.scan import Form, Scan
from anomsynth.relief.sensor import Sensor

RADIUS = 12.0
COUNT = 60000


def cloud_of(points: np.ndarray, facing=(0.0, 0.0, 1.0)) -> Scan:
    points = points.astype(np.float32)
    return Scan(points, Form("xyz", 1.0, "nan", points, {"keeps_all": False}), facing)


def plate(rng):
    xy = rng.uniform((0, 0), (30, 20), (COUNT, 2))
    return np.column_stack([xy, 0.3 * xy[:, 0]]), np.array([[-0.3, 0, 1]]) / np.hypot(0.3, 1)


def ball(rng):
    """Return points all around a ball: those below are not seen from above."""
    normals = rng.standard_normal((2 * COUNT, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return RADIUS * normals + [5, 6, 7], normals


def rod(rng):
    turn, along = rng.uniform(-1.1, 1.1, COUNT), rng.uniform(0, 40, COUNT)
    normals = np.column_stack([0 * turn, np.sin(turn), np.cos(turn)])
    return RADIUS * normals + np.column_stack([along, 0 * turn, 0 * turn]), normals


SHAPES = {"plate": plate, "ball": ball, "rod": rod}


@pytest.fixture(params=SHAPES)
def cloud(request):
    points, normals = SHAPES[request.param](np.random.default_rng(2))
    return chart_of(cloud_of(points)), np.broadcast_to(normals, points.shape)


def disc(chart: Chart, place: tuple[int, int], radius_mm: float, depth: float) -> SurfaceChange:
    rows, cols = np.indices(chart.shape)
    distance = np.hypot(rows - place[0], cols - place[1]) * chart.mm_per_px
    support = distance < radius_mm
    return SurfaceChange(np.where(support, -depth, 0).astype(np.float32), support)


def nearest_cell(chart: Chart, point: np.ndarray) -> tuple[int, int]:
    place = (chart.frame @ point - chart.corner) / chart.mm_per_px
    return round(float(place[1])), round(float(place[0]))


def test_normals_of_points_are_within_a_degree_of_the_true_ones(cloud) -> None:
    chart, normals = cloud
    index = np.flatnonzero(chart.visible)
    lean = normals[index] @ chart.frame[2]
    # Beyond 60 degrees, and in the outermost cells, a map has no neighbours on all sides.
    places = chart.places[index]
    inner = ((places > 4) & (places < np.array(chart.shape) - 5)).all(axis=1) & (lean > 0.5)

    cosine = (chart.normals[index] * normals[index]).sum(axis=1)[inner]

    assert np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).max() < 1


def test_what_lies_behind_is_not_seen() -> None:
    points, _ = ball(np.random.default_rng(2))
    chart = chart_of(cloud_of(points))

    above = (points - [5, 6, 7]) @ chart.frame[2]

    # Up to a slope of 54 degrees; the other side is seen nowhere.
    assert chart.visible[above > 7].all()
    assert not chart.visible[above < 0].any()


def test_displacement_is_along_the_true_normal_and_by_what_was_drawn(cloud) -> None:
    chart, normals = cloud
    change = disc(chart, (chart.shape[0] // 2, chart.shape[1] // 2), 4.0, 0.5)

    done = displace_cloud(chart, change, Sensor(), np.random.default_rng(0))

    moved = done.scan.points[done.mask] - chart.scan.points[done.mask]
    size = np.linalg.norm(moved, axis=1)
    inner = size > 0.499  # beside the rim heights are between those of cells
    cosine = -(moved / size[:, None] * normals[done.mask]).sum(axis=1)[inner]
    assert np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).max() < 1
    assert np.count_nonzero(inner) > 0.9 * size.size
    assert size.max() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("tilt_deg", [0, 25, 45])
def test_a_defect_is_as_large_on_a_slope_of_a_ball_as_on_its_top(tilt_deg) -> None:
    points, normals = ball(np.random.default_rng(2))
    chart = chart_of(cloud_of(points))
    tilt = np.deg2rad(tilt_deg)
    wanted = np.sin(tilt) * chart.frame[0] + np.cos(tilt) * chart.frame[2]
    place = nearest_cell(chart, RADIUS * wanted + [5, 6, 7])
    radius = 3.0

    done = displace_cloud(
        chart, disc(chart, place, radius, 0.3), Sensor(), np.random.default_rng(0)
    )

    centre = chart.grid[place] + chart.corner
    centre = centre @ chart.frame - [5, 6, 7]
    arc = RADIUS * np.arccos(np.clip(normals @ (centre / np.linalg.norm(centre)), -1, 1))
    assert arc[done.mask].max() == pytest.approx(radius, abs=0.75 * chart.mm_per_px)
    # Of the area of the cap 2 pi R**2 (1 - cos(r / R)), as many points as of the whole ball.
    share = (1 - np.cos(radius / RADIUS)) / 2
    assert np.count_nonzero(done.mask) / len(points) == pytest.approx(share, rel=0.06)


def test_points_beside_the_defect_stay_bit_for_bit_and_in_order(cloud) -> None:
    chart, _ = cloud
    change = disc(chart, (chart.shape[0] // 2, chart.shape[1] // 2), 3.0, 0.5)

    done = displace_cloud(chart, change, Sensor(noise_mm=0.01), np.random.default_rng(0))

    before, after = chart.scan.points.view(np.uint32), done.scan.points.view(np.uint32)
    assert np.array_equal(done.mask, (before != after).any(axis=1))
    assert 0 < np.count_nonzero(done.mask) < 0.2 * len(before)
    assert np.array_equal(done.labels == 1, done.mask)


def test_missing_points_stay_missing() -> None:
    points, _ = plate(np.random.default_rng(2))
    points[::9] = np.nan
    chart = chart_of(cloud_of(points))

    done = displace_cloud(chart, disc(chart, (40, 60), 4, 0.5), Sensor(), np.random.default_rng(0))

    assert np.isnan(done.scan.points[::9]).all()
    assert not done.mask[::9].any()


def test_a_void_takes_points_away_unless_something_is_behind() -> None:
    points, _ = plate(np.random.default_rng(2))
    points[:, 2] = 0
    chart = chart_of(cloud_of(points))
    hole = disc(chart, (40, 60), 4, 0)
    void = hole.support.astype(np.float32)
    behind = np.full(chart.shape, -5, np.float32)

    empty = displace_cloud(
        chart, SurfaceChange(hole.height, hole.support, void), Sensor(), np.random.default_rng(0)
    )
    deep = displace_cloud(
        chart,
        SurfaceChange(hole.height, hole.support, void, behind),
        Sensor(),
        np.random.default_rng(0),
    )

    area = np.count_nonzero(empty.lost) / len(points) * 30 * 20
    assert area == pytest.approx(np.pi * 4**2, rel=0.04)
    assert not deep.lost.any()
    assert deep.scan.points[:, 2].min() == pytest.approx(-5, abs=1e-3)


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_noise_is_measured_on_the_good_part(cloud, noise) -> None:
    chart, normals = cloud
    rng = np.random.default_rng(7)
    points = chart.scan.points + normals * rng.normal(0, noise, (len(normals), 1))

    found = measure_cloud_sensor(chart_of(cloud_of(points)))

    assert found.noise_mm == pytest.approx(noise, rel=0.05)


def test_points_at_the_edge_of_a_hole_tell_of_it() -> None:
    points, _ = plate(np.random.default_rng(2))
    points[:, 2] = 0
    chart = chart_of(cloud_of(points))
    hole = disc(chart, (40, 60), 4, 0)
    void = hole.support.astype(np.float32)
    owner = np.full(chart.shape, 7, np.uint16)

    done = displace_cloud(
        chart,
        SurfaceChange(hole.height, hole.support, void, owner=owner),
        Sensor(),
        np.random.default_rng(0),
    )

    away = np.hypot(*(chart.places - [40, 60]).T) * chart.mm_per_px
    assert done.beside.any()
    assert not (done.beside & done.lost).any()
    assert (np.abs(away[done.beside] - 4) < 2.2 * chart.mm_per_px).all()
    ring = (away > 4 + 0.3 * chart.mm_per_px) & (away < 4 + 0.6 * chart.mm_per_px)
    assert np.count_nonzero(done.beside[ring]) > 0.9 * np.count_nonzero(ring)
    assert (done.labels[done.beside] == 7).all()
    assert np.array_equal(done.labels > 0, done.mask | done.beside)


def test_a_deep_gap_is_dark_behind_its_wall() -> None:
    points, _ = plate(np.random.default_rng(2))
    points[:, 2] = 0
    chart = chart_of(cloud_of(points))
    sensor = Sensor(triangulation_deg=30, azimuth_deg=180)

    done = displace_cloud(chart, disc(chart, (40, 60), 4, 2), sensor, np.random.default_rng(0))

    lost = chart.places[done.lost]
    assert 0.05 < np.count_nonzero(done.lost) / np.count_nonzero(done.mask) < 0.3
    assert (np.abs(lost - [40, 60]) < 29).all()
    assert lost[:, 1].mean() < 45


def test_cells_of_marked_points_are_marked() -> None:
    points, _ = plate(np.random.default_rng(2))
    chart = chart_of(cloud_of(points))
    change = disc(chart, (40, 60), 4, 0.5)

    done = displace_cloud(chart, change, Sensor(), np.random.default_rng(0))

    marked = chart.rasterised(done.mask)
    both = np.count_nonzero(marked & change.support)
    assert both / np.count_nonzero(marked | change.support) > 0.85


def test_heights_of_the_map_are_those_in_the_middle_of_its_cells() -> None:
    points, _ = plate(np.random.default_rng(2))
    points[:, 2] = 0.2 * points[:, 0] + 0.1 * np.sin(points[:, 1])
    chart = chart_of(cloud_of(points))
    rows, cols = np.indices(chart.shape)
    middle = np.dstack([cols, rows, 0 * rows]) * chart.mm_per_px + chart.corner
    middle[..., 2] = chart.raised + chart.corner[2]
    world = middle @ chart.frame

    off = world[..., 2] - 0.2 * world[..., 0] - 0.1 * np.sin(world[..., 1])

    assert np.nanpercentile(np.abs(off[4:-4, 4:-4]), 99) < 0.003


def test_a_change_of_another_size_is_refused() -> None:
    chart = chart_of(cloud_of(plate(np.random.default_rng(2))[0]))
    none = np.zeros((4, 4), np.float32)

    with pytest.raises(ValueError, match="on a map of"):
        displace_cloud(chart, SurfaceChange(none, none > 0), Sensor(), np.random.default_rng(0))
