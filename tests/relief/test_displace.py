"""Points move along the true normal by what was drawn, and nothing else moves."""

import numpy as np
import pytest

from anomsynth.relief.change import SurfaceChange
from anomsynth.relief.displace import displace, normal_reach
from anomsynth.relief.scan import Form, Scan
from anomsynth.relief.sensor import Sensor

RNG = np.random.default_rng(0)


def scan_of(points: np.ndarray, kind="xyz_tiff", **more) -> Scan:
    return Scan(points, Form(kind, 1.0, "nan", points), **more)


def flat(shape=(60, 80), pitch=0.1, kind="xyz_tiff", **more) -> Scan:
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    points = np.dstack([pitch * cols, pitch * rows, np.full_like(rows, 300)])
    return scan_of(points, kind, **more)


def round_dent(scan: Scan, depth=0.4, radius_px=14.0) -> SurfaceChange:
    shape = scan.points.shape[:2]
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    share = np.hypot(rows - shape[0] // 2, cols - shape[1] // 2) / radius_px
    height = -depth * np.clip(1 - share**2, 0, None)
    return SurfaceChange(height.astype(np.float32), share < 1)


def bits(points: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(points).view(np.uint32)


def test_points_move_within_a_degree_of_the_true_normal(shape) -> None:
    points, normals = shape
    scan = scan_of(points)
    change = round_dent(scan, depth=0.8, radius_px=40)

    moved = displace(scan, change, Sensor(), RNG).scan.points - points

    deep = (change.height < -0.2) & scan.valid
    step = moved[deep] / np.linalg.norm(moved[deep], axis=1, keepdims=True)
    cosine = -(step * normals[deep]).sum(axis=1)
    assert np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).max() < 1
    along = -(moved[deep] * normals[deep]).sum(axis=1)
    assert along == pytest.approx(-change.height[deep], rel=0.002, abs=1e-4)


def test_what_lies_outside_the_support_stays_bit_for_bit_and_nan_stays_nan(shape) -> None:
    points, _ = shape
    points = points.copy()
    points[::7, ::5] = np.nan
    scan = scan_of(points)
    change = round_dent(scan)

    done = displace(scan, change, Sensor(noise_mm=0.02, triangulation_deg=30), RNG)

    same = (bits(done.scan.points) == bits(points)).all(axis=2)
    assert same[~change.support].all()
    assert np.isnan(done.scan.points[~scan.valid]).all()
    assert np.array_equal(done.mask, ~same)
    assert np.array_equal(done.labels > 0, done.mask)
    assert np.array_equal(done.lost, done.mask & ~done.scan.valid)


def test_a_depth_map_shows_the_vertical_distance_of_the_moved_plane() -> None:
    rows, cols = np.mgrid[:60, :80].astype(np.float32)
    slope = 0.75
    points = np.dstack([0.1 * cols, 0.1 * rows, 300 + slope * 0.1 * cols])
    scan = scan_of(points, "depth_tiff", pitch_mm=0.1)
    support = np.zeros((60, 80), bool)
    support[20:40, 20:60] = True

    done = displace(scan, SurfaceChange(np.float32(0.2) * support, support), Sensor(), RNG)

    moved = done.scan.points - points
    assert (moved[..., :2] == 0).all()
    assert moved[20:40, 20:60, 2] == pytest.approx(-0.2 * np.hypot(1, slope), abs=2e-4)


def test_each_point_says_which_defect_it_belongs_to() -> None:
    scan = flat()
    support = np.zeros((60, 80), bool)
    support[10:20, 10:20] = support[30:40, 40:60] = True
    owner = np.zeros((60, 80), np.uint16)
    owner[10:20, 10:20], owner[30:40, 40:60] = 1, 2
    change = SurfaceChange(np.where(support, -0.3, 0).astype(np.float32), support, owner=owner)

    done = displace(scan, change, Sensor(), RNG)

    assert np.array_equal(done.labels, owner)


def test_a_void_with_nothing_behind_is_missing_from_half_a_pixel_on() -> None:
    scan = flat()
    void = np.zeros((60, 80), np.float32)
    void[20:30, 20:30], void[20:30, 30], void[20:30, 19] = 1, 0.55, 0.45
    change = SurfaceChange(np.zeros_like(void), void > 0, void)

    done = displace(scan, change, Sensor(), RNG)

    assert np.array_equal(done.lost, void >= 0.5)
    assert np.array_equal(done.mask, done.lost)


def test_what_is_behind_a_void_mixes_with_its_edge() -> None:
    scan = flat()
    void = np.zeros((60, 80), np.float32)
    void[20:30, 20:30], void[20:30, 30] = 1, 0.25
    behind = np.full((60, 80), -308, np.float32)
    change = SurfaceChange(np.zeros_like(void), void > 0, void, behind)

    done = displace(scan, change, Sensor(), RNG)

    assert done.scan.points[20:30, 20:30, 2] == pytest.approx(308)
    assert done.scan.points[20:30, 30, 2] == pytest.approx(302)
    assert not done.lost.any()


@pytest.mark.parametrize(("azimuth", "side"), [(180, (0, -1)), (0, (0, 1)), (90, (-1, 0))])
def test_a_deep_gap_is_dark_behind_the_wall_towards_the_projector(azimuth, side) -> None:
    scan = flat((80, 80))
    support = np.zeros((80, 80), bool)
    support[30:50, 30:50] = True
    depth, angle = 1.0, 30.0
    change = SurfaceChange(np.where(support, -depth, 0).astype(np.float32), support)

    done = displace(scan, change, Sensor(triangulation_deg=angle, azimuth_deg=azimuth), RNG)

    # The shadow of a wall of 1 mm is tan(30 degrees) mm long: 5 pixels of 0.1 mm.
    assert np.count_nonzero(done.lost) == 20 * int(np.tan(np.deg2rad(angle)) * depth / 0.1)
    row, col = np.argwhere(done.lost).mean(axis=0) - 39.5
    assert np.dot((row, col), side) == pytest.approx(7.5, abs=0.1)


def test_walls_that_are_too_steep_are_missing() -> None:
    scan = flat()
    support = np.zeros((60, 80), bool)
    support[20:40, 20:60] = True
    ramp = np.where(support, -(np.arange(80) - 20) * np.float32(0.1 * 1.5), 0)
    change = SurfaceChange(ramp.astype(np.float32), support)

    gentle = displace(scan, change, Sensor(steepest_deg=60), RNG)
    steep = displace(scan, change, Sensor(steepest_deg=50), RNG)

    inner = (slice(22, 38), slice(22, 57))
    assert not gentle.lost[inner].any()  # rises by 56 degrees
    assert steep.lost[inner].all()


def test_noise_grows_with_the_inverse_cosine_of_incidence() -> None:
    scan = flat((300, 300))
    support = np.ones((300, 300), bool)
    slope = 1.5
    ramp = (-slope * 0.1 * np.arange(300, dtype=np.float32)) * support

    done = displace(scan, SurfaceChange(ramp, support), Sensor(noise_mm=0.02), RNG)

    inner = (slice(2, -2), slice(2, -2))
    added = (done.scan.points[..., 2] - scan.points[..., 2] + ramp)[inner]
    # cos**-2 = 1 + slope**2 of the variance, of which the good surface has 1.
    assert added.std() == pytest.approx(0.02 * slope, rel=0.02)


def test_heights_are_rounded_to_the_steps_of_the_sensor() -> None:
    scan = flat()
    change = round_dent(scan)

    done = displace(scan, change, Sensor(quantum_mm=0.05), RNG)

    steps = (done.scan.points[..., 2] - 300) / 0.05
    assert np.abs(steps - np.rint(steps)).max() < 2e-3
    assert np.abs(done.scan.points[..., 2] - 300 + change.height).max() <= 0.0251
    assert not done.mask[(change.height > -0.024)].any()


def test_heights_mix_where_they_jump_and_only_there() -> None:
    scan = flat()
    cliff = np.zeros((60, 80), bool)
    cliff[20:40, 20:60] = True
    jump = SurfaceChange(np.where(cliff, -2, 0).astype(np.float32), cliff)
    soft = round_dent(scan, depth=0.4)
    sensor = Sensor(spot_px=0.5)

    mixed = displace(scan, jump, sensor, RNG).scan.points[..., 2] - 300
    kept = displace(scan, soft, sensor, RNG).scan.points
    exact = displace(scan, soft, Sensor(), RNG).scan.points

    assert mixed[21:39, 21:59] == pytest.approx(2)
    assert (mixed[20, 21:59] > 1).all()
    assert (mixed[20, 21:59] < 1.99).all()
    assert np.array_equal(kept, exact)


def test_visibility_is_told_in_multiples_of_the_noise() -> None:
    scan = flat()
    support = np.zeros((60, 80), bool)
    support[20:40, 20:60] = True
    change = SurfaceChange(np.where(support, -0.3, 0).astype(np.float32), support)

    told = displace(scan, change, Sensor(noise_mm=0.1), RNG).measured

    assert told["over_noise"] == pytest.approx(3)
    assert told["deepest_mm"] == pytest.approx(-0.3)
    assert told["highest_mm"] == 0
    assert told["moved_points"] == 800
    assert told["lost_points"] == 0


def test_normals_are_averaged_farther_where_there_is_more_noise() -> None:
    reaches = [normal_reach(noise, 0.1) for noise in (0, 0.003, 0.01, 0.1)]

    assert reaches == sorted(reaches)
    assert reaches[0] == 2
    assert reaches[-1] == 8


def test_nothing_happens_without_a_support_and_sizes_must_agree() -> None:
    scan = flat()
    none = np.zeros((60, 80), np.float32)

    assert displace(scan, SurfaceChange(none, none > 0), Sensor(), RNG).scan is scan
    with pytest.raises(ValueError, match="on a scan of"):
        displace(scan, SurfaceChange(none[1:], none[1:] > 0), Sensor(), RNG)
    with pytest.raises(ValueError, match="void: expected float32"):
        SurfaceChange(none, none > 0, void=none > 0)
