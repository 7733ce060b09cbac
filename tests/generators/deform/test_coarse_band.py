"""Bands on cells stand where the line is."""

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.generators.deform._coarse_band import trace_on_cells

BOX = Box(40, 100, 401, 503)  # whole cells do not fit
ENDS = np.array([[120.0, 180.0], [300.0, 420.0]])


def true_places() -> tuple[np.ndarray, np.ndarray]:
    """Return the distance from the line and the share of the way along it of each pixel."""
    step = ENDS[1] - ENDS[0]
    length = np.hypot(*step)
    rows, cols = np.mgrid[BOX.top : BOX.bottom, BOX.left : BOX.right]
    down, right = rows - ENDS[0, 0], cols - ENDS[0, 1]
    aside = (down * step[1] - right * step[0]) / length
    return aside, (down * step[0] + right * step[1]) / length**2


@pytest.mark.parametrize(("half", "step"), [(8.0, 1), (95.0, 4)])
def test_offset_and_place_are_those_of_the_pixels(half, step) -> None:
    traced = trace_on_cells(ENDS, np.full(2, half), BOX)

    assert traced.grid.step == step
    known = traced.known()
    aside, along = true_places()
    beside = (along > 0.1) & (along < 0.9) & (np.abs(aside) < half - 2 * step)
    assert known[beside].all()
    assert not known[(along < -0.05) | (along > 1.05)].any()  # it stops at its ends
    assert np.abs(traced.refine(traced.offset) - aside)[beside].max() < 1e-3
    assert np.abs(traced.refine(traced.band.share) - along)[beside].max() < 1e-4


@pytest.mark.parametrize("half", [8.0, 95.0])
def test_a_tight_band_is_the_same_one_cut_out(half) -> None:
    whole = trace_on_cells(ENDS, np.full(2, half), BOX)
    tight = trace_on_cells(ENDS, np.full(2, half), BOX, tight=True)

    box = tight.grid.box
    assert box.shape < BOX.shape
    inside = slice(box.top - BOX.top, box.bottom - BOX.top)
    inside = inside, slice(box.left - BOX.left, box.right - BOX.left)
    known = whole.known()[inside]
    assert (tight.known() >= known).all()
    assert np.count_nonzero(known) == np.count_nonzero(whole.known())
    expected = whole.refine(whole.offset)[inside][known]
    assert (tight.refine(tight.offset)[known] == expected).all()


def test_a_line_elsewhere_has_no_band() -> None:
    assert trace_on_cells(ENDS + 1000, np.full(2, 8.0), BOX) is None
