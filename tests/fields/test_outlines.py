"""Outlines keep their area, their bounds and their sharpness."""

from collections.abc import Iterator

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.fields.grid import Grid
from anomsynth.fields.outlines import (
    ANGLES,
    RELATIVE,
    Mouths,
    _as_distance,
    grown_polygon,
    harmonic_rims,
    joined_rims,
    mouth_coverage,
    mouth_field,
    random_polygon,
    squared_rims,
)


def one_mouth(radius: float, aspect: float = 1.0, irregularity: float = 0.15) -> Mouths:
    return Mouths(
        radius=np.array([radius]),
        aspect=np.array([aspect]),
        angle=np.array([0.4]),
        relative=harmonic_rims(1, irregularity, 0.8, np.random.default_rng(4)),
    )


def offsets(half: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    axis = np.arange(-half, half + 1, dtype=np.float32) + np.float32(shift)
    return axis[:, None], axis[None, :]


@pytest.mark.parametrize("radius", [0.3, 0.6, 1.0, 2.5, 8.0, 30.0])
@pytest.mark.parametrize("aspect", [1.0, 2.5])
def test_coverage_integrates_to_the_mouths_area(radius, aspect) -> None:
    mouths = one_mouth(radius, aspect)

    _, outside = mouth_field(mouths, 0, offsets(80, 0.3))
    area = mouth_coverage(mouths, 0, outside, 0.0).sum()

    assert area == pytest.approx(np.pi * radius**2, rel=0.06)


def test_share_is_one_on_the_rim_and_level_sets_round_off_inside() -> None:
    mouths = one_mouth(40.0, irregularity=0.25)

    plain, outside = mouth_field(mouths, 0, offsets(60))
    rounded, _ = mouth_field(mouths, 0, offsets(60), rounded=True)

    rim = np.abs(outside) < 0.3
    down, right = offsets(60)
    distance = np.hypot(down, right)
    inner = np.abs(distance - 12) < 0.5
    assert np.allclose(plain[rim], 1, atol=0.02)
    assert np.allclose(rounded[rim], 1, atol=0.02)
    assert np.ptp(rounded[inner]) < 0.5 * np.ptp(plain[inner])


def test_first_harmonics_stay_below_the_leaf_limit() -> None:
    rims = harmonic_rims(200, 1.0, 0.7, np.random.default_rng(0))

    first = 2 * np.abs(np.fft.rfft(rims, axis=1)[:, 2]) / ANGLES
    assert first.max() <= 0.26
    assert rims.min() >= RELATIVE[0]
    assert rims.max() <= RELATIVE[1]


def test_harmonics_fall_off_with_the_roughness_exponent() -> None:
    rims = harmonic_rims(800, 0.1, 0.7, np.random.default_rng(0))

    size = np.sqrt((np.abs(np.fft.rfft(rims, axis=1)) ** 2).mean(axis=0))[2:20]
    slope = np.polyfit(np.log(np.arange(2, 20)), np.log(size), 1)[0]
    assert slope == pytest.approx(-1.2, abs=0.08)


def test_rims_have_unit_mean_square() -> None:
    rims = joined_rims(
        harmonic_rims(5, 0.1, 0.7, np.random.default_rng(0)), squared_rims(np.full(5, 3.0))
    )

    assert (rims.astype(float) ** 2).mean(axis=1) == pytest.approx(1, abs=0.01)


def test_random_polygon_has_the_area_of_its_ellipse() -> None:
    corners = random_polygon(8, (30.0, 12.0), 0.7, np.random.default_rng(1))

    rows, cols = corners[:, 0], corners[:, 1]
    area = 0.5 * abs(np.sum(rows * np.roll(cols, -1) - cols * np.roll(rows, -1)))
    assert area == pytest.approx(np.pi * 30 * 12, rel=1e-6)


def test_polygon_long_axis_lies_along_its_angle() -> None:
    corners = random_polygon(11, (50.0, 5.0), 0.0, np.random.default_rng(1))

    assert np.ptp(corners[:, 1]) > 4 * np.ptp(corners[:, 0])


def test_ungrown_polygon_is_itself_to_a_pixel() -> None:
    square = np.array([[20.0, 20.0], [20.0, 60.0], [60.0, 60.0], [60.0, 20.0]])
    grid = Grid(Box(0, 0, 80, 80))

    phi = grown_polygon(square, grid, np.zeros((80, 80), np.float32), 0.0)

    assert phi[40, 22] == pytest.approx(2, abs=0.3)
    assert phi[40, 17] == pytest.approx(-3, abs=0.3)
    assert np.clip(phi + 0.5, 0, 1).sum() == pytest.approx(1600, rel=0.02)


@pytest.mark.parametrize("step", [1, 3])
def test_growth_moves_the_border_outwards(step) -> None:
    square = np.array([[40.0, 40.0], [40.0, 80.0], [80.0, 80.0], [80.0, 40.0]])
    grid = Grid(Box(0, 0, 120, 120), step)

    phi = grid.refine(grown_polygon(square, grid, np.full(grid.shape, 6, np.float32), 0.0))

    expected = 40**2 + 4 * 40 * 6 + np.pi * 36
    assert np.count_nonzero(phi > 0) == pytest.approx(expected, rel=0.05)


def test_grown_region_is_one_piece_without_holes() -> None:
    square = np.array([[40.0, 40.0], [40.0, 80.0], [80.0, 80.0], [80.0, 40.0]])
    grid = Grid(Box(0, 0, 120, 120))
    growth = np.zeros((120, 120), np.float32)
    growth[10:14, 10:14] = 100
    growth[58:62, 58:62] = -100

    phi = grown_polygon(square, grid, growth, 0.0)

    assert (phi[5:20, 5:20] < -0.5).all()
    assert (phi[58:62, 58:62] > 0).all()


def copies(array: np.ndarray, count: int = 64) -> Iterator[np.ndarray]:
    """Yield copies of an array that begin at different places of a cache line.

    What is allocated in between moves the buffers of intermediate results, too.
    """
    between = []
    for shift in range(count):
        between.append(np.empty(16 * (shift % 7) + 40, np.uint8))
        room = np.empty(array.nbytes + 8 * count, np.uint8)
        start = -room.ctypes.data % 64 + array.itemsize * shift
        copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        copy[...] = array
        between.append(room)
        yield copy


@pytest.mark.parametrize("shape", [(2, 9), (4, 8), (9, 13), (31, 33), (64, 64)])
def test_distances_do_not_depend_on_where_an_array_lies_in_memory(shape) -> None:
    phi = np.random.default_rng(0).normal(0, 3, shape).astype(np.float32)

    found = [_as_distance(copy, 2) for copy in copies(phi)]  # all kept: buffers are not reused

    assert len({distance.tobytes() for distance in found}) == 1


@pytest.mark.parametrize("shape", [(37, 53), (64, 64), (1, 9)])
def test_mouths_do_not_depend_on_where_an_array_lies_in_memory(shape) -> None:
    mouths = one_mouth(12.0, 1.7)
    down = (np.arange(shape[0], dtype=np.float32) - 7.3)[:, None]
    right = (np.arange(shape[1], dtype=np.float32) - 11.8)[None, :]

    found = [
        mouth_field(mouths, 0, offsets) for offsets in zip(copies(down), copies(right), strict=True)
    ]

    assert len({share.tobytes() + outside.tobytes() for share, outside in found}) == 1
