"""Normals that a file has turn with the surface where its points move, and stay elsewhere."""

import numpy as np
import pytest

from anomsynth.relief.change import SurfaceChange
from anomsynth.relief.chart import chart_of
from anomsynth.relief.displace import displace
from anomsynth.relief.files import read_scan, write_scan
from anomsynth.relief.plain import displace_cloud
from anomsynth.relief.sensor import Sensor

SHAPE = (90, 110)
PITCH = 0.2  # mm
RADIUS, DEPTH = 5.0, 0.6  # of the dent, mm
NAMES = {"ply": ("nx", "ny", "nz"), "pcd": ("normal_x", "normal_y", "normal_z")}


def saved(folder, kind: str, stored: str, *, organised: bool, sign: int):
    """Write a tilted plane with its normals, a colour and a number, and return its path."""
    rows, cols = (np.arange(size) - (size - 1) / 2 for size in SHAPE)
    y, x = (grid.ravel() * PITCH for grid in np.meshgrid(rows, cols, indexing="ij"))
    names = ("x", "y", "z", *NAMES[kind], "quality")
    table = np.zeros(x.size, [(name, "<f4") for name in names[:-1]] + [("quality", "<i2")])
    table["x"], table["y"], table["z"] = x, y, 400 + 0.2 * x
    normal = sign * np.array([0.2, 0, -1]) / np.hypot(0.2, 1)
    for name, value in zip(NAMES[kind], normal, strict=True):
        table[name] = value
    table["quality"] = np.arange(x.size) % 999
    if not organised:
        np.random.default_rng(0).shuffle(table)
    text = "".join(" ".join(repr(one) for one in row.item()) + "\n" for row in table).encode()
    body = text if stored == "ascii" else table.tobytes()
    if kind == "ply":
        words = {"f4": "float", "i2": "short"}
        size = f"obj_info num_cols {SHAPE[1]}\nobj_info num_rows {SHAPE[0]}\n" if organised else ""
        header = "ply\nformat " + ("ascii" if stored == "ascii" else "binary_little_endian")
        header += f" 1.0\n{size}element vertex {len(table)}\n"
        header += "".join(f"property {words[table.dtype[n].str[1:]]} {n}\n" for n in names)
        header += "end_header\n"
    else:
        size = (SHAPE[1], SHAPE[0]) if organised else (len(table), 1)
        header = f"VERSION 0.7\nFIELDS {' '.join(names)}\nSIZE 4 4 4 4 4 4 2\nTYPE F F F F F F I\n"
        header += f"COUNT 1 1 1 1 1 1 1\nWIDTH {size[0]}\nHEIGHT {size[1]}\n"
        header += f"VIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(table)}\nDATA {stored}\n"
    path = folder / f"scan.{kind}"
    path.write_bytes(header.encode() + body)
    return path


def dented(scan):
    """Return a scan with a paraboloid sunk into its middle."""
    chart = None if scan.organised else chart_of(scan)
    shape, pitch = (SHAPE, PITCH) if chart is None else (chart.shape, chart.mm_per_px)
    rows, cols = np.indices(shape, dtype=np.float32)
    away = np.hypot(rows - (shape[0] - 1) / 2, cols - (shape[1] - 1) / 2) * pitch
    height = (-DEPTH * np.clip(1 - (away / RADIUS) ** 2, 0, None)).astype(np.float32)
    change = SurfaceChange(height, away < RADIUS)
    rng = np.random.default_rng(0)
    if chart is None:
        return displace(scan, change, Sensor(), rng)
    return displace_cloud(chart, change, Sensor(), rng)


@pytest.mark.parametrize("organised", [True, False])
@pytest.mark.parametrize(("kind", "stored"), [("ply", "ascii"), ("ply", "b"), ("pcd", "binary")])
@pytest.mark.parametrize("sign", [1, -1])
def test_normals_lean_as_the_dent_does(tmp_path, kind, stored, organised, sign) -> None:
    path = saved(tmp_path, kind, stored, organised=organised, sign=sign)
    scan = read_scan(path, sense="depth")
    done = dented(scan)

    write_scan(tmp_path / f"out.{kind}", done.scan)

    again = read_scan(tmp_path / f"out.{kind}", sense="depth")
    moved = done.mask.ravel()
    before, after = (
        np.stack([one.form.numbers[name] for name in NAMES[kind]], axis=1) for one in (scan, again)
    )
    assert np.array_equal(before[~moved], after[~moved])
    places = scan.points.reshape(-1, 3).astype(float)
    away = places - np.array([0, 0, 400])
    up = np.array([0.2, 0, -1]) / np.hypot(0.2, 1)
    flat = away - (away @ up)[:, None] * up
    expected = up - 2 * DEPTH / RADIUS**2 * flat  # sunk the more, the nearer to the middle
    expected *= sign / np.linalg.norm(expected, axis=1, keepdims=True)
    inner = moved & (np.linalg.norm(flat, axis=1) < 0.85 * RADIUS)
    cosine = (after * expected).sum(axis=1)[inner]
    assert inner.sum() > 500
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 1.5
    assert np.degrees(np.arccos((before * expected).sum(axis=1)[inner])).max() > 8
    assert np.allclose(np.linalg.norm(after, axis=1), 1, atol=1e-4)


def test_what_has_no_normals_is_written_as_it_was(tmp_path) -> None:
    path = saved(tmp_path, "ply", "b", organised=True, sign=1)
    path.write_bytes(path.read_bytes().replace(b"float nz", b"float oz"))
    done = dented(read_scan(path))

    write_scan(tmp_path / "out.ply", done.scan)

    before, after = (read_scan(one).form.numbers for one in (path, tmp_path / "out.ply"))
    assert np.array_equal(before["nx"], after["nx"])
    assert (before["z"] != after["z"]).any()
