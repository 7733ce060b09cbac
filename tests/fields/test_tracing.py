"""Lines keep their area on the pixel grid, and cost follows the line."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.fields.paths import arc
from anomsynth.fields.strokes import Band, Stroke
from anomsynth.fields.tracing import trace


def straight(angle_deg: float, width: float, length: float = 100.0, count: int = 67) -> Stroke:
    angle = np.deg2rad(angle_deg)
    along = np.linspace(-length / 2, length / 2, count)[:, None]
    points = np.array([80.3, 79.6]) + along * [np.sin(angle), np.cos(angle)]
    return Stroke(points, np.full(count, width / 2), np.full(count, width / 2))


def found(*strokes: Stroke, shape: tuple[int, int] = (160, 160), margin: float = 0.0) -> Band:
    band = trace(strokes, np.ones(shape, dtype=bool), margin)
    assert band is not None
    return band


@pytest.mark.parametrize("width", [0.05, 0.3, 1.0, 2.5, 7.0])
@pytest.mark.parametrize("angle_deg", [0, 17, 45, 90, 133])
def test_coverage_integrates_to_the_width(width: float, angle_deg: float) -> None:  # CR8
    area = found(straight(angle_deg, width)).coverage().sum()

    assert area == pytest.approx(100 * width, rel=0.01)


@given(shift=st.floats(0, 1), angle_deg=st.floats(0, 180))
def test_a_line_never_covers_more_than_its_width_or_a_pixel(shift: float, angle_deg: float) -> None:
    stroke = straight(angle_deg, 0.3)
    moved = Stroke(stroke.points + shift, stroke.left, stroke.right)

    coverage = found(moved).coverage()

    assert coverage.max() <= 0.3 * np.sqrt(2) + 1e-6  # a diagonal crosses a pixel by sqrt(2)
    assert coverage.sum() == pytest.approx(30, rel=0.02)


def test_uneven_lips_lie_on_their_own_side() -> None:
    line = straight(0, 0)  # travels to +col: right is down

    band = found(Stroke(line.points, line.left + 1, line.right + 3))

    middle = band.cols == 80
    by_row = dict(zip(band.rows[middle], band.coverage()[middle], strict=True))
    assert [by_row[row] for row in range(79, 84)] == pytest.approx([0.2, 1, 1, 1, 0.8])
    assert (band.offset[band.rows > 80.3] > 0).all()


def test_tight_bends_have_no_holes() -> None:
    line = arc(60.0, 1.5 * np.pi, 31) + 60
    band = found(Stroke(line, np.full(31, 3.0), np.full(31, 3.0)))
    picture = band.spread(band.coverage(), band.box)

    distance = np.sqrt(
        ((np.argwhere(picture >= 0) + band.box[:2])[:, None] - line[None]) ** 2 @ [1.0, 1.0]
    ).min(axis=1)
    ends = (
        np.hypot(*((np.argwhere(picture >= 0) + band.box[:2])[:, None] - line[[0, -1]]).T).min(
            axis=0
        )
        < 4
    )
    assert (picture.ravel()[(distance < 2.2) & ~ends] > 0.999).all()
    assert (picture.ravel()[distance > 4.2] == 0).all()


def test_the_wider_of_two_overlapping_strokes_wins() -> None:
    thin, thick = straight(0, 0.4), straight(0, 6.0)

    band = found(thin, thick)

    np.testing.assert_allclose(band.coverage(), found(thick).coverage())


def test_values_are_interpolated_along_the_strokes() -> None:
    stroke = straight(0, 2.0)

    band = found(stroke, straight(90, 2.0))
    along = band.at(np.concatenate([stroke.points[:, 1], np.full(67, -1.0)]))

    own = along >= 0
    np.testing.assert_allclose(along[own & (band.past < -1)], band.cols[own & (band.past < -1)])


def test_the_margin_and_distances_reach_beyond_the_edge() -> None:
    band = found(straight(0, 2.0), margin=4.0)
    beside = band.past < -1

    outside = band.distance_outside()[beside]

    np.testing.assert_allclose(outside, np.abs(band.rows - 80.3)[beside] - 1, atol=1e-9)
    assert outside.max() > 3.5


def test_only_pixels_of_the_frame_are_used() -> None:
    frame = np.zeros((160, 160), dtype=bool)
    frame[:, 40:60] = True

    band = trace([straight(45, 3.0)], frame)

    assert band is not None
    assert frame[band.rows, band.cols].all()
    assert trace([straight(45, 3.0)], np.zeros_like(frame)) is None


@given(row=st.floats(-300, 300), col=st.floats(-300, 300), scale=st.floats(1e-9, 50))
def test_strokes_anywhere_and_of_any_size_are_survived(
    row: float, col: float, scale: float
) -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.0], [0.5, 1.0], [1.0, 3.0]]) * scale + (row, col)

    band = trace([Stroke(points, np.full(4, 0.4), np.full(4, 2.0))], np.ones((7, 9), dtype=bool))

    if band is not None:
        assert np.isfinite(band.coverage()).all()
        assert band.coverage().max() <= 1


def test_memory_follows_the_line_not_the_picture() -> None:
    frame = np.ones((6000, 6000), dtype=bool)

    tracemalloc.start()
    trace([straight(45, 3.0)], frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 6e6
