"""What mechanisms draw in mm is what the saved clouds hold, measured on the numbers in the files.

Scans are exact surfaces in metres, as MVTec 3D-AD has them; heights are signed distances from the
surface that is known, not from normals of this package.
"""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from anomsynth.core.layer import DefectLayer
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError
from anomsynth.relief.change import SurfaceChange
from anomsynth.relief.chart import chart_of
from anomsynth.relief.displace import displace
from anomsynth.relief.files import read_scan, write_scan
from anomsynth.relief.plain import displace_cloud
from anomsynth.relief.sensor import Sensor
from anomsynth.testing import make_surface

PITCH = 0.05  # mm
SHAPE = (400, 520)


def plane(slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points in metres of a plane that leans along the columns, and its normal."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    x = cols * PITCH / np.hypot(1, slope)  # so that points are as far apart both ways
    points = np.dstack([x, rows * PITCH, 300 + slope * x]) / 1000
    return points.astype(np.float32), np.array([slope, 0, -1]) / np.hypot(1, slope)


def change_of(layer: DefectLayer, shape: tuple[int, int]) -> SurfaceChange:
    """Return the layer on the whole scan."""
    box = layer.box
    inner = (
        slice(max(box.top, 0), min(box.bottom, shape[0])),
        slice(max(box.left, 0), min(box.right, shape[1])),
    )
    own = tuple(
        slice(part.start - start, part.stop - start)
        for part, start in zip(inner, layer.origin, strict=True)
    )
    height, support = np.zeros(shape, np.float32), np.zeros(shape, bool)
    support[inner] = layer.support[own]
    if layer.height is not None:
        height[inner] = np.where(layer.support, layer.height, 0)[own]
    void = None
    if layer.void:
        void = np.zeros(shape, np.float32)
        void[inner] = layer.coverage[own]
    return SurfaceChange(height, support, void)


def saved_heights(folder: Path, lean: float, seed: int = 0, **generator) -> tuple:
    """Return the layer of a defect and its heights in the saved cloud, (H, W) mm, NaN missing."""
    good, normal = plane(lean)
    tifffile.imwrite(folder / "good.tiff", good, photometric="rgb")
    scan = read_scan(folder / "good.tiff")
    surface = make_surface(*SHAPE, mm_per_px=scan.mm_per_px)
    made = generators.build(generator)
    layer = next(filter(None, (_tried(made, surface, seed + turn) for turn in range(40))))
    done = displace(scan, change_of(layer, SHAPE), Sensor(), stream(0))
    write_scan(folder / "bad.tiff", done.scan)
    bad = tifffile.imread(folder / "bad.tiff").astype(float) * 1000
    bad[(bad == 0).all(axis=2)] = np.nan  # as a file without a missing point has them
    return layer, (bad - good.astype(float) * 1000) @ normal


def _tried(made, surface, seed: int) -> DefectLayer | None:
    """Return a layer that lies whole on the part, if this seed gives one."""
    try:
        layer = made.generate(surface, stream(seed))
    except PlacementError:
        return None
    box = layer.box
    inside = min(box.top, box.left) > 0 and box.bottom < SHAPE[0] and box.right < SHAPE[1]
    return layer if inside else None


def volume(heights: np.ndarray) -> float:
    """Return the volume under heights on a grid, mm**3."""
    return float(np.nansum(heights)) * PITCH**2


WIDTH, TIP = 0.6, 0.5  # mm
SCRATCH = {
    "kind": "scratch",
    "width_mm": WIDTH,
    "tip_radius_mm": TIP,
    "path": "arc",
    "turn_deg": 0,
    "length": 0.8,
    "count": 1,
    "chatter": 0,
    "lift_off": 0.05,
    "stiffness": 50,
}


@pytest.mark.parametrize("lean", [0, 0.6])
def test_a_scratch_is_as_deep_as_its_tip_presses(tmp_path, lean) -> None:
    layer, heights = saved_heights(tmp_path, lean, **SCRATCH, cutting=1)

    # d = w**2 / (8 R) under the highest load.
    assert -heights.min() == pytest.approx(WIDTH**2 / (8 * TIP), rel=0.02)
    assert volume(heights) == pytest.approx(float(layer.height.sum()) * PITCH**2, rel=0.002)


@pytest.mark.parametrize("cutting", [0.0, 0.5])
def test_ridges_of_a_saved_scratch_hold_what_was_not_cut(tmp_path, cutting) -> None:
    _, heights = saved_heights(tmp_path, 0.6, **SCRATCH, cutting=cutting)

    ridges, groove = volume(heights.clip(0)), -volume(heights.clip(None, 0))
    assert ridges == pytest.approx((1 - cutting) * groove, rel=0.02)


def test_a_scratch_is_as_wide_as_drawn(tmp_path) -> None:
    _, heights = saved_heights(tmp_path, 0, **SCRATCH, cutting=1)

    # Its cross-section is a parabola: the area below a line through the deepest point is 2/3 w d.
    row, col = np.unravel_index(heights.argmin(), heights.shape)
    crossings = []
    for turn in np.deg2rad(np.arange(0, 180, 2)):
        steps = np.arange(-60, 60, 0.5)
        rows = np.rint(row + steps * np.sin(turn)).astype(int).clip(0, SHAPE[0] - 1)
        cols = np.rint(col + steps * np.cos(turn)).astype(int).clip(0, SHAPE[1] - 1)
        crossings.append(-heights[rows, cols].sum() * 0.5 * PITCH)
    narrowest = min(crossings)
    depth = -heights.min()
    assert 1.5 * narrowest / depth == pytest.approx(WIDTH, rel=0.02)


def test_a_dent_with_pile_up_keeps_its_volume(tmp_path) -> None:
    layer, heights = saved_heights(
        tmp_path,
        0.6,
        kind="warpage",
        mode="dent",
        radius=0.08,
        slope=0.2,
        skirt_probability=0,
        bulge_probability=0,
        asymmetry=0,
    )

    pit, rim = -volume(heights.clip(None, 0)), volume(heights.clip(0))
    assert pit > 0.5
    assert rim == pytest.approx(pit, rel=0.02)
    assert -heights.min() == pytest.approx(-float(layer.height.min()), rel=0.002)


def test_a_pit_has_the_radius_and_depth_that_were_drawn(tmp_path) -> None:
    radius, ratio = 1.5, 0.5
    _, heights = saved_heights(
        tmp_path,
        0,
        kind="pitting",
        count=1,
        radius_mm=radius,
        aspect=1,
        irregularity=0,
        squareness=2,
        squareness_scatter=1,
        depth_ratio=ratio,
        section=2,
        section_scatter=1,
        size=0.5,
    )

    area = np.count_nonzero(heights < -1e-4) * PITCH**2
    assert np.sqrt(area / np.pi) == pytest.approx(radius, rel=0.02)
    assert -heights.min() == pytest.approx(ratio * radius, rel=0.02)


def test_a_crack_is_as_wide_open_as_drawn(tmp_path) -> None:
    layer, heights = saved_heights(
        tmp_path,
        0,
        kind="crack",
        width_mm=0.6,
        length=0.5,
        edge_probability=0,
        branch_spacing=6,
        hairlines=0,
        chips=0,
        variation=0.15,
        seed=3,
    )

    # Points are missing where more than half of a pixel is open: mean width times length.
    opening = np.count_nonzero(np.isnan(heights)) * PITCH**2 / layer.measured["length_mm"]
    drawn = float(layer.coverage.sum()) * PITCH**2 / layer.measured["length_mm"]
    assert opening == pytest.approx(drawn, rel=0.02)
    assert opening == pytest.approx(layer.measured["mean_width_px"] * PITCH, rel=0.1)


@pytest.mark.parametrize("name", ["a.ply", "a.xyz"])
def test_a_scratch_on_a_saved_rod_is_as_deep_as_drawn(tmp_path, name) -> None:
    # Evenly spread, and on no lattice: the plastic number's additive sequence.
    even = np.outer(np.arange(100000), [0.7548776662466927, 0.5698402909980532]) % 1
    turn, along = 2 * even[:, 0] - 1, 24 * even[:, 1]
    points = np.column_stack([along, 12 * np.sin(turn), 12 * np.cos(turn)]).astype(np.float32)
    if name == "a.ply":
        header = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n"
        header += "".join(f"property float {axis}\n" for axis in "xyz") + "end_header\n"
        (tmp_path / name).write_bytes(header.encode() + points.tobytes())
    else:
        np.savetxt(tmp_path / name, points, fmt="%.6f")
    scan = read_scan(tmp_path / name, sense="height")
    chart = chart_of(scan)
    surface = make_surface(*chart.shape, mm_per_px=chart.mm_per_px)
    layer = generators.build({**SCRATCH, "cutting": 1, "length": 0.3}).generate(surface, stream(2))

    done = displace_cloud(chart, change_of(layer, chart.shape), Sensor(), stream(0))
    write_scan(tmp_path / name, done.scan)

    saved = read_scan(tmp_path / name, sense="height").points
    depth = 12 - np.hypot(saved[:, 1], saved[:, 2])
    assert np.array_equal(depth > 1e-3, done.mask & (depth > 1e-3))
    assert depth.max() == pytest.approx(-float(layer.height.min()), rel=0.02)
    # Of all points, as many moved as the groove has of the rod's area; so its volume.
    area = 24 * 12 * 2 / len(points)
    drawn = -float(layer.height.sum()) * chart.mm_per_px**2
    assert depth[done.mask].sum() * area == pytest.approx(drawn, rel=0.05)
