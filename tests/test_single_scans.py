"""Scans from Python: read, damaged, written, with or without a picture of their own."""

import numpy as np
import pytest

import anomsynth as asy
from anomsynth.errors import InputError


@pytest.fixture
def mound(scan_maker, tmp_path):
    """Return the folder with ``rgb`` and ``xyz`` of one mound."""
    return scan_maker(tmp_path / "scans", "xyz", 1) / "mound" / "train" / "good"


@pytest.fixture
def scan(mound) -> asy.Scan:
    return asy.read_scan(mound / "xyz" / "000.tiff")


@pytest.fixture
def recipe() -> asy.Recipe:
    return asy.load_recipe("metal", defects_per_image=1, mechanisms=[
        {"generator": {"kind": "pitting"}},
    ])  # fmt: skip


def test_a_scan_comes_back_with_pits_in_mm(scan, recipe, tmp_path) -> None:
    sample = asy.synthesize(scan, recipe, seed=1)
    asy.write_scan(tmp_path / "pitted.tiff", sample.scan)

    again = asy.read_scan(tmp_path / "pitted.tiff")
    step = np.nan_to_num(np.linalg.norm(again.points - scan.points, axis=2))
    assert sample.instances[0].gain == 1
    assert step.max() == pytest.approx(-sample.instances[0].measured["lowest_mm"], rel=0.4)
    assert not step[~sample.mask].max() > 0.1
    assert sample.image.shape == (128, 144, 1)
    assert sample.quality.score >= 0


def test_a_picture_goes_along_with_its_scan(mound, scan, recipe) -> None:
    surface = asy.analyze(mound / "rgb" / "000.png", scan=scan)

    sample = asy.synthesize(surface, recipe, seed=1)

    assert sample.image.shape == (128, 144, 3)
    assert surface.mm_per_px == pytest.approx(0.4, rel=0.01)
    assert 0.2 < surface.foreground.mean() < 0.6  # the mound, not the ground
    assert sample.scan.points.shape == (128, 144, 3)


def test_the_same_seed_gives_the_same_points(scan, recipe) -> None:
    first, again, other = (asy.synthesize(scan, recipe, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first.scan.points, again.scan.points, equal_nan=True)
    assert not np.array_equal(first.scan.points, other.scan.points, equal_nan=True)


def test_a_scale_beside_a_scan_is_refused(scan) -> None:
    with pytest.raises(InputError, match="a scan knows its scale"):
        asy.analyze(scan, scale=asy.Scale(mm_per_px=1))


def test_a_picture_of_another_size_is_refused(scan) -> None:
    with pytest.raises(InputError, match="scan: 128 x 144 points, but the picture has 50 x 60"):
        asy.analyze(np.zeros((50, 60), np.uint8), scan=scan)
