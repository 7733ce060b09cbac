"""Spacing and normals are those of known shapes."""

import numpy as np
import pytest

from anomsynth.errors import InputError
from anomsynth.relief.scan import Form, Scan, check_same_size


def scan_of(points: np.ndarray, **more) -> Scan:
    return Scan(points, Form("xyz_tiff", 1.0, "nan", points), **more)


def test_normals_are_within_a_degree_of_the_true_ones(shape) -> None:
    points, normals = shape
    scan = scan_of(points)

    inner = scan.valid.copy()
    inner[[0, 1, 2, -3, -2, -1]] = inner[:, [0, 1, 2, -3, -2, -1]] = False
    cosine = (scan.normals * normals).sum(axis=2)[inner]

    assert np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).max() < 1
    assert np.isnan(scan.normals[~scan.valid]).all()


def test_normals_of_a_noisy_scan_are_close_on_the_whole(shape) -> None:
    points, normals = shape
    noise = np.random.default_rng(3).normal(0, 0.01, points.shape[:2]).astype(np.float32)
    scan = scan_of(points + noise[..., None] * np.float32([0, 0, 1]))

    cosine = (scan.normals * normals).sum(axis=2)[scan.valid]

    assert np.rad2deg(np.arccos(np.clip(np.median(cosine), -1, 1))) < 1


def test_normals_do_not_mix_two_surfaces() -> None:
    rows, cols = np.mgrid[:40, :40].astype(np.float32)
    points = np.dstack([0.1 * cols, 0.1 * rows, np.where(cols < 20, 300, 310)])

    normals = scan_of(points.astype(np.float32)).normals

    assert normals[..., 2].max() < -0.9999


def test_spacing_is_that_of_neighbours_across_a_tilted_surface() -> None:
    rows, cols = np.mgrid[:40, :40].astype(np.float32)
    points = np.dstack([0.1 * cols, 0.1 * rows, 0.1 * cols])

    assert scan_of(points).mm_per_px == pytest.approx(0.1 * 2**0.25, rel=1e-3)


def test_noise_hardly_widens_the_spacing() -> None:
    rows, cols = np.mgrid[:80, :80].astype(np.float32)
    z = np.random.default_rng(0).normal(300, 0.05, rows.shape)
    points = np.dstack([0.1 * cols, 0.1 * rows, z]).astype(np.float32)

    assert scan_of(points).mm_per_px == pytest.approx(0.1, rel=0.02)


def test_spacing_of_a_plain_cloud_is_that_of_an_equally_dense_grid() -> None:
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.uniform(0, 20, (40000, 2)), np.zeros(40000)]).astype(np.float32)

    assert scan_of(points).mm_per_px == pytest.approx(0.1, rel=0.05)


def test_a_picture_of_another_size_is_told_of() -> None:
    rows, cols = np.mgrid[:8, :9].astype(np.float32)
    scan = scan_of(np.dstack([cols, rows, rows]))

    with pytest.raises(InputError, match=r"a\.tiff: 8 x 9 points, but a\.png has 8 x 8 pixels"):
        check_same_size(scan, np.zeros((8, 8, 3), np.uint8), ("a.tiff", "a.png"))
    check_same_size(scan, np.zeros((8, 9, 3), np.uint8), ("a.tiff", "a.png"))


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="points: expected"):
        scan_of(np.zeros((4, 4, 2), np.float32))
    with pytest.raises(ValueError, match="points: expected"):
        scan_of(np.zeros((4, 3), np.float32)).with_points(np.zeros((5, 3), np.float32))
