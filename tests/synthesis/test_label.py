"""Masks hold what visibly changed; the label closes gaps as documented and no more."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.synthesis import label
from anomsynth.synthesis.label import SMALL_IN_WIDE, closing_radius, outline, strict_mask

EVERYWHERE = np.ones((60, 80), bool)


def blank() -> np.ndarray:
    return np.zeros((60, 80), np.float32)


def test_weak_change_counts_only_beside_strong_change() -> None:
    difference = blank()
    difference[10, 10:14] = [3.0, 1.5, 1.5, 1.0]
    difference[30, 10:16] = 1.5

    mask = strict_mask(difference, EVERYWHERE)

    assert mask[10, 10:13].all()
    assert mask.sum() == 3


def test_single_specks_do_not_count() -> None:
    difference = blank()
    difference[5, 5:7] = 50.0

    assert not strict_mask(difference, EVERYWHERE).any()


def test_change_outside_the_support_never_counts() -> None:
    difference = np.full((60, 80), 9.0, np.float32)
    support = blank() > 0
    support[20:30, 20:30] = True

    assert np.array_equal(strict_mask(difference, support), support)


def test_radius_is_half_the_inradius_one_for_hairlines_and_small_for_specks() -> None:
    wide = np.zeros((61, 61), bool)
    wide[10:51, 10:51] = True
    line = np.zeros((61, 61), bool)
    line[30, 5:50] = True

    specks = np.zeros((61, 61), bool)
    specks[12:14, 12:14] = True

    assert closing_radius(wide, wide) == pytest.approx(10, abs=1)
    assert closing_radius(line, line) == 1
    assert closing_radius(wide, specks) == 1


def test_two_sides_of_a_dent_become_one_hole_free_region() -> None:
    strict = np.zeros((60, 80), bool)
    strict[20:40, 20:28] = True
    strict[20:40, 36:44] = True

    label = outline(strict, 6, EVERYWHERE)

    assert label[30, 32]
    assert cv2.connectedComponents(label.astype(np.uint8))[0] == 2


def test_ring_is_filled_but_not_where_defects_may_not_go() -> None:
    rows, cols = np.mgrid[:60, :80]
    distance = np.hypot(rows - 30, cols - 40)
    ring = (distance < 20) & (distance > 16)
    allowed = distance > 5

    label = outline(ring, 1, allowed)

    assert label[30 - 10, 40]
    assert not label[30, 40]


@given(seed=st.integers(0, 500), radius=st.integers(1, 9))
def test_label_contains_the_strict_mask_and_what_a_disc_of_the_radius_reaches(seed, radius) -> None:
    rng = np.random.default_rng(seed)
    strict = cv2.GaussianBlur(rng.standard_normal((60, 80)), (0, 0), 2) > 0.25
    framed = np.pad(strict.astype(np.uint8), 20)
    closed = (cv2.distanceTransform(1 - framed, cv2.DIST_L2, 5) <= radius).astype(np.uint8)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(closed, contours, -1, 1, thickness=cv2.FILLED)
    widest = closed[20:-20, 20:-20] > 0

    label = outline(strict, radius, EVERYWHERE)

    assert not (strict & ~label).any()
    assert not (label & ~widest).any()


def test_empty_stays_empty() -> None:
    nothing = np.zeros((60, 80), bool)

    assert not outline(nothing, 3, EVERYWHERE).any()


def test_wide_closings_on_the_reduced_grid_stay_true() -> None:
    strict = np.zeros((600, 600), bool)
    strict[100:500, 100:200] = True
    strict[100:500, 280:380] = True

    label = outline(strict, 60, np.ones((600, 600), bool))

    assert label[300, 240]
    assert not (strict & ~label).any()
    assert label[:90].sum() == 0


@pytest.mark.parametrize("radius", range(1, SMALL_IN_WIDE + 1))
def test_both_ways_of_closing_give_the_same_outline(
    radius: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    specks = np.random.default_rng(radius).random((80, 120)) < 0.15 / radius
    frame = np.zeros_like(specks)
    frame[10:-10, 10:-10] = specks[10:-10, 10:-10]
    monkeypatch.setattr(label, "SMALL", radius)
    quick = outline(frame, radius, np.ones_like(frame))

    monkeypatch.setattr(label, "SMALL", 0)

    np.testing.assert_array_equal(quick, outline(frame, radius, np.ones_like(frame)))
