"""Clouds keep their format, their order and every property of points that did not move."""

import struct
from pathlib import Path

import numpy as np
import pytest

from anomsynth.errors import InputError
from anomsynth.relief.files import read_scan, write_scan, written_points
from anomsynth.relief.formats import lzf

RNG = np.random.default_rng(4)
COUNT = 400
STORED = "binary_compressed"
ORGANISED = (16, 25)


def surface(count=COUNT) -> np.ndarray:
    """Return points of a slightly curved plate of 20 x 12 mm."""
    xy = RNG.uniform((0, 0), (20, 12), (count, 2))
    return np.column_stack([xy, 40 + 0.01 * xy[:, 0] ** 2])


def grid() -> np.ndarray:
    rows, cols = np.mgrid[: ORGANISED[0], : ORGANISED[1]]
    return np.dstack([0.5 * cols, 0.5 * rows, 40 + 0.1 * cols]).reshape(-1, 3)


MIXED = {"red": "u1", "z": "f4", "nx": "f8", "x": "f4", "flag": "i2", "y": "f4"}


def records(points: np.ndarray, order="<", names="red z nx x flag y") -> np.ndarray:
    """Return points with other properties before, between and behind the coordinates."""
    dtype = [(name, MIXED[name]) for name in names.split()]
    table = np.zeros(len(points), [(name, order + kind) for name, kind in dtype])
    for place, axis in enumerate("xyz"):
        table[axis] = points[:, place]
    table["red"] = RNG.integers(0, 256, len(points))
    table["nx"] = RNG.standard_normal(len(points))
    table["flag"] = RNG.integers(-9, 9, len(points))
    return table


PLY_NAMES = {"u1": "uchar", "f4": "float", "f8": "double", "i2": "short"}
FORMATS = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}


def text_of(table: np.ndarray) -> bytes:
    rows = (" ".join(repr(value) for value in row.item()) for row in table)
    return "".join(f"{row}\n" for row in rows).encode()


def ply(table: np.ndarray, order: str, more: str = "", behind: bytes = b"") -> bytes:
    lines = [f"format {FORMATS[order]} 1.0", "comment made by hand", f"element vertex {len(table)}"]
    lines += [
        f"property {PLY_NAMES[table.dtype[name].str[1:]]} {name}" for name in table.dtype.names
    ]
    header = "ply\n" + "\n".join(lines) + "\n" + more + "end_header\n"
    return header.encode() + (table.tobytes() if order else text_of(table)) + behind


def pcd(table: np.ndarray, stored: str, size=(COUNT, 1)) -> bytes:
    kinds = [table.dtype[name] for name in table.dtype.names]
    header = (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n"
        f"FIELDS {' '.join(table.dtype.names)}\n"
        f"SIZE {' '.join(str(kind.itemsize) for kind in kinds)}\n"
        f"TYPE {' '.join(kind.kind.upper() for kind in kinds)}\n"
        f"COUNT {' '.join('1' for _ in kinds)}\n"
        f"WIDTH {size[0]}\nHEIGHT {size[1]}\nVIEWPOINT 0 0 0 1 0 0 0\n"
        f"POINTS {len(table)}\nDATA {stored}\n"
    ).encode()
    if stored == "ascii":
        return header + text_of(table)
    if stored == "binary":
        return header + table.tobytes()
    raw = b"".join(np.ascontiguousarray(table[name]).tobytes() for name in table.dtype.names)
    packed = lzf.stored(raw)
    return header + struct.pack("<II", len(packed), len(raw)) + packed


def xyz(table: np.ndarray, separator=" ", head="") -> bytes:
    rows = (
        separator.join(repr(float(row[name])) for name in ("x", "y", "z", "red")) for row in table
    )
    return (head + "".join(f"{row}\n" for row in rows)).encode()


CLOUDS = {
    "ply ascii": lambda table: ("a.ply", ply(table, "")),
    "ply little": lambda table: ("a.ply", ply(table, "<")),
    "ply big": lambda table: ("a.ply", ply(table.astype(table.dtype.newbyteorder(">")), ">")),
    "pcd ascii": lambda table: ("a.pcd", pcd(table, "ascii")),
    "pcd binary": lambda table: ("a.pcd", pcd(table, "binary")),
    "pcd compressed": lambda table: ("a.pcd", pcd(table, STORED)),
    "xyz": lambda table: ("a.xyz", xyz(table)),
    "text with commas and a header": lambda table: ("a.txt", xyz(table, ", ", "x,y,z,red\n\n")),
}


def saved(folder: Path, name: str, table: np.ndarray) -> Path:
    file, content = CLOUDS[name](table)
    (folder / file).write_bytes(content)
    return folder / file


@pytest.mark.parametrize("name", CLOUDS)
def test_an_untouched_cloud_is_written_byte_for_byte(tmp_path, name) -> None:
    path = saved(tmp_path, name, records(surface()))
    out = tmp_path / f"out{path.suffix}"

    write_scan(out, read_scan(path))

    assert out.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", CLOUDS)
def test_points_move_and_all_else_stays(tmp_path, name) -> None:
    table = records(surface())
    path = saved(tmp_path, name, table)
    scan = read_scan(path)
    points = scan.points.copy()
    points[10:20] += np.float32([0.25, -0.5, 1.5])
    points[30] = np.nan
    moved = scan.with_points(points)

    write_scan(path, moved)

    again = read_scan(path)
    kept = written_points(moved)
    assert np.array_equal(np.flatnonzero(~kept), [30])
    assert again.points == pytest.approx(points[kept], abs=2e-6)
    same = np.ones(COUNT, bool)
    same[10:20] = same[30] = False
    assert np.array_equal(again.points[same[kept]], scan.points[same])
    if name.startswith(("ply l", "ply b", "pcd b", "pcd c")):
        for other in ("red", "nx", "flag"):
            assert np.array_equal(again.form.numbers[other], table[other][kept])
    else:
        lines = path.read_bytes().replace(b",", b" ").splitlines()[-COUNT + 1 :]
        first = 0 if "xyz" not in name and "text" not in name else 3
        wanted = table["red"][kept]
        assert [float(line.split()[first]) for line in lines] == wanted.tolist()


def organised(name: str) -> bytes:
    table = records(grid())
    rows, cols = ORGANISED
    if name == "pcd":
        return pcd(table, "binary", (cols, rows))
    if name == "ply of a scanner":
        return ply(table, "<", f"obj_info num_cols {cols}\nobj_info num_rows {rows}\n")
    camera = (
        "element camera 1\nproperty float scalex\nproperty int viewportx\nproperty int viewporty\n"
    )
    if name == "ascii ply of a camera":
        return ply(table, "", camera, f"1.0 {cols} {rows}\n".encode())
    return ply(table, "<", camera, struct.pack("<fii", 1, cols, rows))


@pytest.mark.parametrize(
    "name", ["pcd", "ply of a scanner", "ply of a camera", "ascii ply of a camera"]
)
def test_organised_clouds_have_rows_and_columns_and_keep_all_points(tmp_path, name) -> None:
    path = tmp_path / ("a.pcd" if name == "pcd" else "a.ply")
    path.write_bytes(organised(name))
    scan = read_scan(path)
    points = scan.points.copy()
    points[3, 4, 2] -= 1
    points[5, 6] = np.nan

    write_scan(path, scan.with_points(points))

    again = read_scan(path)
    assert scan.points.shape == (*ORGANISED, 3)
    assert scan.facing == (0, 0, -1)
    assert again.points == pytest.approx(points, nan_ok=True)
    assert np.count_nonzero(~again.valid) == 1


def test_zeros_of_an_organised_cloud_are_missing_and_stay_the_mark(tmp_path) -> None:
    table = records(grid())
    for axis in "xyz":
        table[axis][7:30] = 0
    (tmp_path / "a.pcd").write_bytes(pcd(table, "binary", ORGANISED[::-1]))
    scan = read_scan(tmp_path / "a.pcd")
    points = scan.points.copy()
    points[5, 6] = np.nan

    write_scan(tmp_path / "b.pcd", scan.with_points(points))

    again = read_scan(tmp_path / "b.pcd")
    assert np.count_nonzero(~scan.valid) == 23
    assert np.count_nonzero(~again.valid) == 24
    assert np.isfinite(again.form.numbers["x"]).all()


def test_a_mesh_keeps_its_faces_and_vertices(tmp_path) -> None:
    faces = b"".join(struct.pack("<Biii", 3, i, i + 1, i + 2) for i in range(5))
    more = "element face 5\nproperty list uchar int vertex_indices\n"
    (tmp_path / "a.ply").write_bytes(ply(records(surface()), "<", more, faces))
    scan = read_scan(tmp_path / "a.ply")
    points = scan.points.copy()
    points[3] = np.nan

    write_scan(tmp_path / "b.ply", scan.with_points(points))

    assert (tmp_path / "b.ply").read_bytes().endswith(faces)
    assert read_scan(tmp_path / "b.ply").points.shape == (COUNT, 3)


def test_coordinates_far_from_the_origin_keep_their_digits(tmp_path) -> None:
    points = surface() + np.array([500000, 5000000, 0])
    table = np.zeros(COUNT, [("x", "f8"), ("y", "f8"), ("z", "f8")])
    for place, axis in enumerate("xyz"):
        table[axis] = points[:, place]
    (tmp_path / "a.ply").write_bytes(ply(table, "<"))
    scan = read_scan(tmp_path / "a.ply", unit=1)
    moved = scan.points.copy()
    moved[9] += np.float32([0, 0, 0.125])

    write_scan(tmp_path / "b.ply", scan.with_points(moved))

    written = read_scan(tmp_path / "b.ply", unit=1).form.numbers
    assert scan.mm_per_px == pytest.approx(np.sqrt(20 * 12 / COUNT), rel=0.2)
    assert written["z"][9] == pytest.approx(table["z"][9] + 0.125, abs=1e-6)
    assert np.array_equal(written["x"], table["x"])


def test_a_plain_cloud_is_seen_from_where_its_file_says(tmp_path) -> None:
    table = records(surface())
    above = pcd(table, "binary")
    (tmp_path / "up.pcd").write_bytes(above)
    (tmp_path / "down.pcd").write_bytes(above.replace(b"VIEWPOINT 0 0 0", b"VIEWPOINT 0 0 -200"))
    far = table.copy()
    far["z"] += 500
    (tmp_path / "camera.pcd").write_bytes(pcd(far, "binary"))

    assert read_scan(tmp_path / "up.pcd").facing[2] < -0.9  # its origin lies 40 mm below
    assert read_scan(tmp_path / "up.pcd", sense="height").facing[2] > 0.9
    assert read_scan(tmp_path / "down.pcd").facing[2] < -0.9
    assert read_scan(tmp_path / "camera.pcd").facing[2] < -0.9


TEXT, BINARY = ply(records(surface()), ""), ply(records(surface()), "<")
PCD = pcd(records(surface()), "binary")
BAD = {
    "other names": ("a.ply", TEXT.replace(b" x\n", b" px\n"), "no property 'x'"),
    "a word": ("a.ply", TEXT.replace(b"end_header\n", b"end_header\nx"), "no row of numbers"),
    "cut off": ("a.ply", BINARY[:-30], "cut off: 398 of 400 points"),
    "cut text": ("a.ply", TEXT[:-900], "cut off|instead of 6"),
    "no end": ("a.ply", b"ply\nformat ascii 1.0\n", "its header does not end"),
    "odd type": ("a.ply", BINARY.replace(b"uchar", b"utiny"), "damaged PLY"),
    "no points": ("a.ply", ply(records(surface())[:0], "<"), "holds no points"),
    "pcd fields": ("a.pcd", PCD.replace(b" x ", b" w "), "no field 'x'"),
    "pcd cut": ("a.pcd", PCD[:-30], "cut off: 398 of 400"),
    "pcd packed": ("a.pcd", pcd(records(surface()), STORED)[:-90], "damaged PCD"),
    "pcd size": (
        "a.pcd",
        pcd(records(surface()), "ascii", (40, 12)),
        "WIDTH 40 x HEIGHT 12, but POINTS 400",
    ),
    "pcd header": ("a.pcd", PCD.replace(b"SIZE", b"SIDE"), "incomplete"),
    "two columns": ("a.xyz", b"1 2\n3 4\n", "holds no points"),
    "ragged": ("a.xyz", b"1 2 3\n3 4\n5 6 7\n1 2 3\n", "point 2 has 2 numbers instead of 3"),
    "all nan": ("a.xyz", b"nan nan nan\n" * 9, "no point was measured"),
    "far off": ("a.xyz", b"0 1 2\n3 1 5\n" * 30 + b"1 2 1e300\n", "a coordinate of 1e\\+300"),
    "a cube": ("a.xyz", b"0 0 0\n0 0 1\n0 1 0\n1 0 0\n1 1 1\n", "only 5 points measured"),
    "no cloud": ("a.dat", b"hello", "not a depth map or a point cloud"),
    "one place": ("a.xyz", b"1 2 3\n" * 50, "different places"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_cloud_costs_one_line_that_names_it(tmp_path, name) -> None:
    file, content, words = BAD[name]
    path = tmp_path / file
    path.write_bytes(content)

    with pytest.raises(InputError, match=words) as caught:
        read_scan(path)

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_million_points_on_a_line_are_no_surface(tmp_path) -> None:
    table = np.zeros(1_000_000, [("x", "f4"), ("y", "f4"), ("z", "f4")])
    table["x"] = table["y"] = np.linspace(0, 100, len(table))
    (tmp_path / "a.ply").write_bytes(ply(table, "<"))

    with pytest.raises(InputError, match=r"a\.ply: its points lie on a line"):
        read_scan(tmp_path / "a.ply")


def test_lzf_unpacks_references_and_tells_damage() -> None:
    # "abc", then 9 bytes from 3 back (length 7 + 2), then "d".
    packed = bytes([2]) + b"abc" + bytes([7 << 5 | 0, 0, 2]) + bytes([0]) + b"d"

    assert lzf.unpacked(packed, 13) == b"abcabcabcabcd"
    with pytest.raises(ValueError, match="instead of 14"):
        lzf.unpacked(packed, 14)
    with pytest.raises(ValueError, match="refer to what is not there"):
        lzf.unpacked(bytes([0]) + b"a" + bytes([1 << 5, 9]), 4)
    with pytest.raises(ValueError, match="cut off"):
        lzf.unpacked(packed[:-4], 13)


@pytest.mark.parametrize("name", [name for name in CLOUDS if "text" not in name])
def test_open3d_reads_what_is_written(tmp_path, name) -> None:
    open3d = pytest.importorskip("open3d")  # which takes the third property of PLY for z
    path = saved(tmp_path, name, records(surface(), names="x y z red nx flag"))
    scan = read_scan(path)
    points = scan.points.copy()
    points[10:20] += np.float32([0, 0, 1.5])

    write_scan(path, scan.with_points(points))

    cloud = np.asarray(open3d.io.read_point_cloud(str(path), format=path.suffix[1:]).points)
    assert cloud == pytest.approx(points, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLOUDS)
def test_a_damaged_cloud_is_read_or_refused_in_one_line(reads_or_says_why, name) -> None:
    reads_or_says_why(*CLOUDS[name](records(surface(60))))


def test_two_properties_of_one_name_are_refused(tmp_path) -> None:
    (tmp_path / "a.ply").write_bytes(BINARY.replace(b"double nx", b"double  x"))
    (tmp_path / "a.pcd").write_bytes(PCD.replace(b" nx ", b" x "))

    with pytest.raises(InputError, match="two properties of 'vertex' have one name"):
        read_scan(tmp_path / "a.ply")
    with pytest.raises(InputError, match="says what it cannot mean"):
        read_scan(tmp_path / "a.pcd")
