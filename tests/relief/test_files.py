"""Scans are written as the kind of file they came from; what did not move stays bit for bit."""

import errno
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from anomsynth.dataset.scans import ScanReading, load_scanned
from anomsynth.errors import InputError, OutputError
from anomsynth.relief.files import read_scan, write_scan

RNG = np.random.default_rng(8)


def xyz(missing: float = np.nan, unit: float = 0.001) -> np.ndarray:
    """Return an xyz picture in metres, a corner of which was not measured."""
    rows, cols = np.mgrid[:24, :32]
    picture = np.dstack([0.2 * cols, 0.2 * rows, 400 + 0.03 * cols]) * unit
    picture += unit * 0.01 * RNG.standard_normal(picture.shape)
    picture[:6, :5] = missing
    return picture.astype(np.float32)


def moved(scan, step=-0.5):
    """Return the scan with a square of points 0.5 mm nearer, and a point lost."""
    points = scan.points.copy()
    points[10:14, 10:14, 2] += step
    points[20, 20] = np.nan
    return scan.with_points(points)


@pytest.mark.parametrize("missing", [np.nan, 0.0])
@pytest.mark.parametrize(
    "stored",
    [
        {"photometric": "rgb"},
        {"photometric": "rgb", "compression": "zlib"},
        {"photometric": "rgb", "byteorder": ">"},
        {"photometric": "rgb", "planarconfig": "separate"},
        {"photometric": "minisblack", "planarconfig": "contig", "bigtiff": True},
        {"photometric": "minisblack"},  # rows as pages
    ],
    ids=str,
)
def test_points_of_a_tiff_that_did_not_move_stay_bit_for_bit(tmp_path, missing, stored) -> None:
    picture = xyz(missing)
    apart = stored.get("planarconfig") == "separate"
    laid = np.moveaxis(picture, 2, 0) if apart else picture
    tifffile.imwrite(tmp_path / "a.tiff", laid, **stored)

    write_scan(tmp_path / "b.tiff", moved(read_scan(tmp_path / "a.tiff")))

    with (
        tifffile.TiffFile(tmp_path / "b.tiff") as file,
        tifffile.TiffFile(tmp_path / "a.tiff") as first,
    ):
        for name in ("compression", "planarconfig", "photometric", "shape", "description"):
            assert getattr(file.pages[0], name) == getattr(first.pages[0], name)
        assert (file.byteorder, file.is_bigtiff) == (first.byteorder, first.is_bigtiff)
        assert len(file.pages) == len(first.pages)
        written = file.asarray()
    written = np.ascontiguousarray(np.moveaxis(written, 0, 2) if apart else written)
    same = (written.view(np.uint32) == picture.view(np.uint32)).all(axis=2)
    changed = np.zeros(same.shape, bool)
    changed[10:14, 10:14] = changed[20, 20] = True
    assert np.array_equal(~same, changed)
    assert written[10:14, 10:14, 2] == pytest.approx(picture[10:14, 10:14, 2] - 0.0005, abs=1e-7)
    assert np.isnan(written[20, 20]).all() if np.isnan(missing) else not written[20, 20].any()


def test_planes_may_be_pages(tmp_path) -> None:
    picture = xyz()
    tifffile.imwrite(tmp_path / "a.tiff", np.moveaxis(picture, 2, 0), photometric="minisblack")

    write_scan(tmp_path / "b.tiff", read_scan(tmp_path / "a.tiff"))

    written = tifffile.imread(tmp_path / "b.tiff", key=range(3))
    assert np.array_equal(np.moveaxis(written, 0, 2), picture, equal_nan=True)


def test_metres_are_told_from_millimeters_by_the_spacing(tmp_path) -> None:
    tifffile.imwrite(tmp_path / "m.tiff", xyz(), photometric="rgb")
    tifffile.imwrite(tmp_path / "mm.tiff", xyz(unit=1), photometric="rgb")

    metres, millimeters = read_scan(tmp_path / "m.tiff"), read_scan(tmp_path / "mm.tiff")

    assert metres.form.unit == 1000
    assert millimeters.form.unit == 1
    assert metres.form.assumed
    assert metres.mm_per_px == pytest.approx(0.2, rel=0.02)
    assert millimeters.mm_per_px == pytest.approx(0.2, rel=0.02)
    assert read_scan(tmp_path / "mm.tiff", unit=25.4).mm_per_px == pytest.approx(5.08, rel=0.02)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_depth_map_as_png_moves_by_whole_levels(tmp_path, dtype) -> None:
    levels = RNG.integers(100, 120, (24, 32)).astype(dtype)
    levels[:3] = 0
    cv2.imwrite(str(tmp_path / "a.png"), levels)
    scan = read_scan(tmp_path / "a.png", unit=0.02, mm_per_px=0.3)

    write_scan(tmp_path / "b.png", moved(scan))

    written = cv2.imread(str(tmp_path / "b.png"), cv2.IMREAD_UNCHANGED)
    assert written.dtype == dtype
    wanted = levels.copy()
    wanted[10:14, 10:14] -= 25
    wanted[20, 20] = 0
    assert np.array_equal(written, wanted)
    assert scan.mm_per_px == 0.3
    assert np.count_nonzero(~scan.valid) == 96
    assert scan.points[5, 4] == pytest.approx([1.2, 1.5, levels[5, 4] * 0.02])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_a_depth_map_as_tiff_keeps_its_type(tmp_path, dtype) -> None:
    depth = (500 + 30 * RNG.standard_normal((24, 32))).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", depth)

    write_scan(tmp_path / "b.tif", moved(read_scan(tmp_path / "a.tif", unit=0.1, mm_per_px=0.3)))

    written = tifffile.imread(tmp_path / "b.tif")
    changed = written != depth
    assert written.dtype == dtype
    assert np.count_nonzero(changed) == 17
    assert written[10:14, 10:14] == pytest.approx(depth[10:14, 10:14] - 5.0, abs=1e-3)


def test_levels_beyond_the_range_are_missing(tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8), 65500, np.uint16))
    scan = read_scan(tmp_path / "a.png", unit=1, mm_per_px=1)
    points = scan.points.copy()
    points[2, 3, 2] += 100

    write_scan(tmp_path / "a.png", scan.with_points(points))

    written = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert written[2, 3] == 0
    assert np.count_nonzero(written) == 63


def test_a_depth_map_may_get_another_width_of_pixels(tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8), 10, np.uint16))

    scan = read_scan(tmp_path / "a.png", unit=1, mm_per_px=1).with_pitch(0.25)

    assert scan.mm_per_px == 0.25
    assert scan.points[4, 6].tolist() == [1.5, 1.0, 10.0]


def test_the_sensor_is_where_the_user_says(tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8), 10, np.uint16))

    depth = read_scan(tmp_path / "a.png", unit=1, mm_per_px=1)
    height = read_scan(tmp_path / "a.png", unit=1, mm_per_px=1, sense="height")

    assert depth.normals[4, 4].tolist() == [0, 0, -1]
    assert height.normals[4, 4].tolist() == [0, 0, 1]
    assert depth.raised()[0, 0] == -height.raised()[0, 0] == -10


BAD = {
    "two bands": (xyz()[..., :2], {}, "2 bands, where a scan has three"),
    "nothing measured": (np.full((9, 9, 3), np.nan, np.float32), {}, "no point was measured"),
    "all zero": (np.zeros((9, 9, 3), np.float32), {}, "no point was measured"),
    "far off": (np.full((9, 9, 3), 1e30, np.float32), {}, r"a coordinate of 1e\+30"),
    "a far depth": (np.full((9, 9), 1e30, np.float32), {"mm_per_px": 1}, r"a coordinate of 1e\+30"),
    "one place": (np.full((9, 9, 3), 5, np.float32), {}, "at different places"),
    "integers": (np.ones((9, 9), np.uint16), {"mm_per_px": 1}, "unit the file does not say"),
    "no width": (np.ones((9, 9), np.float32), {}, "how wide a pixel is"),
    "a photo": (np.ones((9, 9, 3), np.uint8), {}, "three bands of uint8"),
    "bad unit": (np.ones((9, 9), np.uint16), {"unit": -1, "mm_per_px": 1}, "unit: must be above 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_tiff_costs_one_line_that_names_it(tmp_path, name) -> None:
    numbers, said, words = BAD[name]
    path = tmp_path / "scan.tiff"
    contig = {"planarconfig": "contig"} if numbers.ndim == 3 else {}
    tifffile.imwrite(path, numbers, photometric="minisblack", **contig)

    with pytest.raises(InputError, match=words) as caught:
        read_scan(path, **said)

    assert "\n" not in str(caught.value)
    assert name == "bad unit" or str(path) in str(caught.value)
    assert caught.value.hint


def test_other_bad_files_cost_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "whole.tiff"
    tifffile.imwrite(whole, xyz(), photometric="rgb")
    (tmp_path / "cut.tiff").write_bytes(whole.read_bytes()[:2000])
    cv2.imwrite(str(tmp_path / "colour.png"), np.ones((8, 8, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "grey.png"), np.ones((40, 40), np.uint8))
    (tmp_path / "cut.png").write_bytes((tmp_path / "grey.png").read_bytes()[:-20])
    (tmp_path / "text.tiff").write_text("hello")
    with tifffile.TiffWriter(tmp_path / "pages.tiff") as pages:
        for axis in (0, 1):
            pages.write(np.ascontiguousarray(xyz()[..., axis]))

    for name, words in {
        "none.tiff": "no such file",
        "cut.tiff": "cut off|damaged",
        "colour.png": "picture of colours",
        "cut.png": "damaged PNG",
        "text.tiff": "not a depth map",
        "pages.tiff": r"2 bands \(pages\), where a scan has three",
    }.items():
        with pytest.raises(InputError, match=words):
            read_scan(tmp_path / name, unit=1, mm_per_px=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "stored", [{"photometric": "rgb"}, {"photometric": "rgb", "compression": "zlib"}], ids=str
)
def test_a_damaged_tiff_is_read_or_refused_in_one_line(tmp_path, reads_or_says_why, stored) -> None:
    tifffile.imwrite(tmp_path / "a.tiff", xyz(), **stored)

    reads_or_says_why("a.tiff", (tmp_path / "a.tiff").read_bytes())


@pytest.mark.slow
def test_a_damaged_png_is_read_or_refused_in_one_line(tmp_path, reads_or_says_why) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.arange(600, dtype=np.uint16).reshape(20, 30))

    reads_or_says_why("a.png", (tmp_path / "a.png").read_bytes())


def test_points_of_a_picture_that_lie_on_a_line_are_refused(tmp_path) -> None:
    rows, cols = np.mgrid[:20, :30].astype(np.float32)
    tifffile.imwrite(
        tmp_path / "a.tiff", np.dstack([cols, 0 * rows, 300 + 0 * rows]), photometric="rgb"
    )

    with pytest.raises(InputError, match=r"a\.tiff: its points lie on a line"):
        read_scan(tmp_path / "a.tiff")


def test_a_scan_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch) -> None:
    tifffile.imwrite(tmp_path / "a.tiff", xyz(), photometric="rgb")
    scan, before = read_scan(tmp_path / "a.tiff"), (tmp_path / "a.tiff").read_bytes()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"a\.tiff: the disk is full"):
        write_scan(tmp_path / "a.tiff", scan)

    assert (tmp_path / "a.tiff").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_run_reads_the_file_of_a_scan_once(tmp_path, monkeypatch) -> None:
    tifffile.imwrite(tmp_path / "a.tiff", xyz(), photometric="rgb")
    read, content = [], (tmp_path / "a.tiff").read_bytes()

    def counted(path: Path) -> bytes:
        read.append(path.name)
        return content

    monkeypatch.setattr("anomsynth.relief.files.read_bytes", counted)
    loaded = load_scanned(
        tmp_path / "a.tiff", tmp_path / "a.tiff", ScanReading(), None, lambda _: 1.0
    )

    assert read == ["a.tiff"]
    assert loaded.scan.file_sha256 == hashlib.sha256(content).hexdigest()
