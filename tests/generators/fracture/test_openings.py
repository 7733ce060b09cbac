"""Cracks gape as elastic cracks do, and branches hold on to their parents."""

import math

import numpy as np
import pytest

from anomsynth.core.component import Bounds
from anomsynth.fields.paths import arc_length
from anomsynth.generators.fracture._growth import Loading, Strand, Tip, grow
from anomsynth.generators.fracture._openings import (
    Chips,
    Hairlines,
    Opening,
    open_strands,
    tip_opening,
)

PLAIN = Opening(width=6.0, variation=0.0, ragged=0.0)
CHIPS = Chips(1, radius=Bounds(low=0.8, high=2.2), depth=Bounds(low=0.2, high=0.6))
HAIRLINES = Hairlines(
    1,
    length=Bounds(low=0.15, high=0.5),
    distance=Bounds(low=0.8, high=1.6),
    width=Bounds(low=0.2, high=0.45),
    rejoin_probability=0.35,
)


def line(length: float, *, free: bool = True) -> Strand:
    points = np.stack([np.zeros(101), np.linspace(0, length, 101)], axis=1)
    return Strand(points, np.ones(101), free, parent=-1)


def test_width_grows_with_the_root_of_the_distance_from_the_tip() -> None:  # CR5
    gap = open_strands([line(300)], PLAIN, np.random.default_rng(0))[0]
    along = arc_length(gap.stroke.points)
    distance = along[-1] - along
    r = np.geomspace(3, 0.3 * 300, 40)
    width = np.interp(r, distance[::-1], (gap.left + gap.right)[::-1])

    exponent = np.polyfit(np.log(r), np.log(width), 1)[0]

    assert exponent == pytest.approx(0.5, abs=0.05)
    assert gap.left[0] + gap.right[0] == pytest.approx(6)


def test_tip_opening_is_an_ellipse() -> None:
    x = np.linspace(0, 1, 11)

    np.testing.assert_allclose(tip_opening(x) ** 2 + (1 - x) ** 2, 1)


def test_a_crack_that_crosses_the_part_is_open_at_its_end() -> None:
    gap = open_strands([line(100, free=False)], PLAIN, np.random.default_rng(0))[0]

    np.testing.assert_allclose(gap.left + gap.right, 6)


def test_two_wings_make_one_crack_that_is_widest_inside() -> None:
    east = line(100)
    west = Strand(-line(60).points, np.ones(101), free=True, parent=-1)

    gaps = open_strands([east, west], PLAIN, np.random.default_rng(0))

    width = gaps[0].left + gaps[0].right
    assert len(gaps) == 1
    assert width[[0, -1]].max() < 1e-6
    assert gaps[0].stroke.points[np.argmax(width), 1] == pytest.approx(0, abs=3)


@pytest.mark.parametrize("unit", [1.0, 12.0])
def test_branches_start_on_the_crack_they_left(unit: float) -> None:
    loading = Loading(length=150 * unit, step=1.75 * unit, zone=5 * unit, rate=1 / (80 * unit))
    tips = [Tip(0, 0, 0.0, 90 * unit, 0.8), Tip(0, 0, math.pi, 60 * unit, 0.8)]
    strands = grow(
        tips, loading, lambda row, col: 0.0, lambda row, col: True, np.random.default_rng(5)
    )

    gaps = open_strands(strands, Opening(width=2.0, unit=unit), np.random.default_rng(0))

    assert len(gaps) > 1
    for number, gap in enumerate(gaps[1:], start=1):
        others = np.concatenate([other.stroke.points for other in gaps[:number]])
        assert np.hypot(*(others - gap.stroke.points[0]).T).min() < 1e-6


def test_daughters_are_finer_than_their_parents() -> None:
    loading = Loading(length=200, rate=1 / 80)
    strands = grow(
        [Tip(0, 0, 0, 200, 0.5)],
        loading,
        lambda row, col: 0.0,
        lambda row, col: True,
        np.random.default_rng(3),
    )

    gaps = open_strands(strands, PLAIN, np.random.default_rng(0))

    for gap in gaps[1:]:
        assert (gap.left + gap.right).max() < 6


def test_lips_wander_on_their_own_and_around_the_width_asked_for() -> None:
    opening = Opening(width=4.0, variation=0.3, ragged=0.2)

    gap = open_strands([line(3000, free=False)], opening, np.random.default_rng(0))[0]

    assert np.corrcoef(gap.left, gap.right)[0, 1] < 0.95
    assert np.log(gap.left + gap.right).mean() == pytest.approx(math.log(4), abs=0.1)
    assert np.log(gap.left + gap.right).std() == pytest.approx(0.33, abs=0.08)


def test_chips_widen_one_lip_and_hairlines_are_thin_and_near() -> None:
    plain = open_strands([line(200)], PLAIN, np.random.default_rng(0))[0]
    opening = Opening(width=6.0, variation=0.0, ragged=0.0, chips=CHIPS, hairlines=HAIRLINES)

    broken, hairline = open_strands([line(200)], opening, np.random.default_rng(0))

    grown = [
        np.any(broken.stroke.left > plain.left + 0.5),
        np.any(broken.stroke.right > plain.right + 0.5),
    ]
    assert sum(grown) == 1
    assert (hairline.left + hairline.right).max() < 3
    assert np.abs(hairline.stroke.points[:, 0]).max() < 20


def test_chips_are_as_long_and_as_deep_as_drawn() -> None:
    def bight(radius: float, depth: float) -> tuple[float, float]:
        chips = Chips(1, Bounds(low=radius, high=radius), Bounds(low=depth, high=depth))
        opening = Opening(width=6.0, variation=0.0, ragged=0.0, chips=chips)
        sizes = []
        for seed in range(40):
            gap = open_strands([line(600, free=False)], opening, np.random.default_rng(seed))[0]
            grown = gap.stroke.left + gap.stroke.right - gap.left - gap.right
            along = arc_length(gap.stroke.points)
            if 40 < along[np.argmax(grown)] < 560:  # not cut off by an end of the crack
                sizes.append((np.ptp(along[grown > 0]), grown[grown > 0].mean()))
        length, deep = np.mean(sizes, axis=0)
        return float(length), float(deep)

    length, deep = bight(4, 0.5)
    # Twice 4 widths of 6 pixels long; half of 24 pixels deep, a rough half ellipse.
    assert length == pytest.approx(48, rel=0.12)
    assert deep == pytest.approx(np.pi / 4 * 12, rel=0.12)
    assert bight(4, 0.25)[1] == pytest.approx(deep / 2, rel=0.1)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_hairlines_are_as_long_fine_and_near_as_drawn(chance: float) -> None:
    def one(value: float) -> Bounds:
        return Bounds(low=value, high=value)

    hairlines = Hairlines(1, one(0.4), one(2.0), one(0.3), chance)
    opening = Opening(width=6.0, variation=0.0, ragged=0.0, unit=0.01, hairlines=hairlines)
    gaps = [
        open_strands([line(600)], opening, np.random.default_rng(seed))[1] for seed in range(20)
    ]
    apart = [np.abs(gap.stroke.points[:, 0]) for gap in gaps]
    lengths = [np.ptp(gap.stroke.points[:, 1]) for gap in gaps]

    assert np.median(lengths) == pytest.approx(0.4 * 600, rel=0.03)
    assert [(gap.left + gap.right).max() for gap in gaps] == pytest.approx([0.3 * 6] * 20, rel=0.02)
    farthest = [far[len(far) // 2] if chance else far[-1] for far in apart]
    assert np.median(farthest) == pytest.approx(2 * 6, rel=0.25)
    # Both ends lie on the crack, or the far one stays away from it.
    assert (np.median([far[-1] for far in apart]) < 1) == (chance == 1)


def test_fine_detail_has_the_roughness_of_surface_cracks() -> None:  # CR1 on the whole line
    points = np.stack([np.zeros(1025), 2.0 * np.arange(1025)], axis=1)
    strand = Strand(points, np.ones(1025), free=False, parent=-1)
    traces = [
        open_strands([strand], PLAIN, np.random.default_rng(seed))[0].stroke.points[:, 0]
        for seed in range(48)
    ]

    lags = [2, 4, 8, 16, 32, 64, 128]
    spread = [[np.mean((y[lag:] - y[:-lag]) ** 2) for y in traces] for lag in lags]

    exponent = np.polyfit(np.log(lags), np.log(spread), 1)[0].mean() / 2
    assert exponent == pytest.approx(0.64, abs=0.04)
