"""Colours of points are the picture of a cloud, and take part in what defects do."""

import numpy as np
import pytest

import anomsynth as asy
from anomsynth.dataset.manifest import read_lines
from anomsynth.relief.files import read_scan, tells_colours, write_scan

SHAPE = (90, 110)
PITCH = 0.4


def part(*, organised: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return points and colours of a plate with a little relief and texture."""
    rng = np.random.default_rng(3)
    rows, cols = np.indices(SHAPE)
    height = 0.5 * np.sin(cols / 20) + rng.normal(0, 0.005, SHAPE)
    points = np.dstack([PITCH * cols, PITCH * rows, height]).reshape(-1, 3).astype("<f4")
    colours = np.clip(np.array([150, 110, 80]) + rng.normal(0, 3, (*SHAPE, 1)), 0, 255).astype(
        np.uint8
    )
    colours = colours.reshape(-1, 3).astype(np.uint8)
    order = np.arange(len(points))
    if not organised:
        rng.shuffle(order)
    return points[order], colours[order]


def ply(*, organised: bool, text: bool = False) -> bytes:
    points, colours = part(organised=organised)
    size = f"obj_info num_cols {SHAPE[1]}\nobj_info num_rows {SHAPE[0]}\n" if organised else ""
    header = f"ply\nformat {'ascii' if text else 'binary_little_endian'} 1.0\n{size}"
    header += f"element vertex {len(points)}\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    header += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
    header += "end_header\n"
    if text:
        rows = zip(points.tolist(), colours.tolist(), strict=True)
        lines = ("{:.6g} {:.6g} {:.6g} {} {} {}\n".format(*xyz, *rgb) for xyz, rgb in rows)
        return header.encode() + "".join(lines).encode()
    table = np.zeros(len(points), [("p", "<f4", 3), ("c", "u1", 3)])
    table["p"], table["c"] = points, colours
    return header.encode() + table.tobytes()


def pcd(*, organised: bool) -> bytes:
    points, colours = part(organised=organised)
    width, height = (SHAPE[1], SHAPE[0]) if organised else (len(points), 1)
    header = (
        "VERSION 0.7\nFIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\n"
        f"WIDTH {width}\nHEIGHT {height}\nVIEWPOINT 0 0 9 1 0 0 0\nPOINTS {len(points)}\n"
        "DATA binary\n"
    )
    table = np.zeros(len(points), [("p", "<f4", 3), ("rgb", "<u4")])
    table["p"] = points
    red, green, blue = colours.astype(np.uint32).T
    table["rgb"] = 0xFF000000 | red << 16 | green << 8 | blue
    return header.encode() + table.tobytes()


FILES = {
    "rows ply": ("a.ply", ply(organised=True)),
    "plain ply": ("a.ply", ply(organised=False)),
    "text ply": ("a.ply", ply(organised=False, text=True)),
    "rows pcd": ("a.pcd", pcd(organised=True)),
    "plain pcd": ("a.pcd", pcd(organised=False)),
}


@pytest.fixture(params=FILES)
def path(request, tmp_path):
    """Write a coloured cloud."""
    name, content = FILES[request.param]
    (tmp_path / "plate").mkdir()
    (tmp_path / "plate" / name).write_bytes(content)
    return tmp_path / "plate" / name


def recipe(kind: str) -> asy.Recipe:
    return asy.load_recipe(
        "metal", base_share=0, defects_per_image=1, mechanisms=[{"generator": {"kind": kind}}]
    )


def test_an_untouched_cloud_is_written_byte_for_byte(path, tmp_path) -> None:
    scan = read_scan(path, sense="height")

    write_scan(tmp_path / path.name, scan)

    organised = scan.points.ndim == 3
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert np.array_equal(scan.colours.reshape(-1, 3), part(organised=organised)[1])
    assert tells_colours(path)


@pytest.mark.parametrize("kind", ["stain", "lump"])
def test_points_have_the_colours_of_the_defect(path, tmp_path, kind) -> None:
    scan = read_scan(path, sense="height")

    sample = asy.synthesize(scan, recipe(kind), seed=1)
    write_scan(tmp_path / path.name, sample.scan)

    again = read_scan(tmp_path / path.name, sense="height")
    before, after = (one.colours.reshape(-1, 3).astype(int) for one in (scan, again))
    changed = (before != after).any(axis=1)
    assert 10 < changed.sum() < 0.5 * len(changed)
    assert sample.image.shape[2] == 3
    if sample.point_labels is None:
        assert np.array_equal(after.reshape(sample.image.shape), sample.image)
        assert not (changed.reshape(sample.strict.shape) & ~sample.strict).any()
    else:
        # The rim of a change is between the map's cells.
        assert sample.point_labels[changed].mean() > 0.7
    if kind == "stain":
        assert np.array_equal(scan.points, again.points, equal_nan=True)


def test_a_run_makes_all_kinds_of_coloured_clouds(path, tmp_path, call) -> None:
    words = ("--kinds", "stain", "--per-image", 1, "--jobs", 1, "--depth-sense", "height")

    result = call("generate", path.parent, tmp_path / "out", *words)
    again = call("replay", tmp_path / "out", "plate/0", "--out", tmp_path / "again")

    assert (result.exit_code, again.exit_code) == (0, 0), result.output + again.output
    assert "passed over" not in result.output
    lines = list(read_lines(tmp_path / "out" / "_anomsynth" / "plate" / "manifest.jsonl"))
    line = next(line for line in lines if line["what"] == "sample")
    assert "depth_alone" not in line["record"]
    assert "colours" in line["sha256"]
    written = tmp_path / "again" / f"plate_0_scan{path.suffix}"
    assert written.read_bytes() == (tmp_path / "out" / line["files"]["scan"]).read_bytes()


def test_transparency_that_is_packed_with_colours_stays(tmp_path) -> None:
    (tmp_path / "a.pcd").write_bytes(FILES["rows pcd"][1])
    scan = read_scan(tmp_path / "a.pcd", sense="height")
    colours = scan.colours.copy()
    colours[3, 4] = 1, 2, 3

    write_scan(tmp_path / "b.pcd", scan.with_colours(colours))

    bits = read_scan(tmp_path / "b.pcd").form.numbers["rgb"].view(np.uint32).reshape(SHAPE)
    assert bits[3, 4] == 0xFF010203
    assert (bits >> 24 == 0xFF).all()


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"uchar red", b"uchar rad"), (b"uchar red", b"float red")],
)
def test_other_properties_are_no_colours(tmp_path, old, new) -> None:
    (tmp_path / "a.ply").write_bytes(FILES["text ply"][1].replace(old, new))

    assert not tells_colours(tmp_path / "a.ply")
    if b"rad" in new:
        assert read_scan(tmp_path / "a.ply").colours is None


def test_colours_of_another_shape_are_refused() -> None:
    points = np.zeros((4, 5, 3), np.float32)

    with pytest.raises(ValueError, match="colours: expected uint8"):
        asy.Scan(points, None, colours=np.zeros((4, 5, 4), np.uint8))
