"""Particles are as many as the standard says and cover as much as their area."""

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.fields.outlines import ANGLES, Mouths
from anomsynth.generators.loose._particles import (
    Bodies,
    convex_rims,
    draw_sizes,
    particles_above,
    rasterise,
)


def discs(centres: list[tuple[float, float]], radii: list[float]) -> Bodies:
    count = len(radii)
    outlines = Mouths(
        radius=np.array(radii, float),
        aspect=np.ones(count),
        angle=np.zeros(count),
        relative=np.ones((count, ANGLES), np.float32),
    )
    return Bodies(np.array(centres, float), outlines)


@pytest.mark.parametrize("radius", [0.2, 0.5, 1.0, 2.0, 6.0])
@pytest.mark.parametrize("shift", [(0, 0), (0.3, 0.5)])
def test_coverage_adds_up_to_the_area(radius: float, shift: tuple[float, float]) -> None:
    bodies = discs([(20 + shift[0], 20 + shift[1])], [radius])
    spots = rasterise(bodies, Box(0, 0, 41, 41), np.zeros(1))

    assert spots.coverage.sum() == pytest.approx(np.pi * radius**2, rel=0.12)


def test_many_sizes_at_once_equal_one_at_a_time() -> None:
    box = Box(0, 0, 60, 80)
    centres, radii = [(10.2, 12.7), (30.5, 40.1), (44.4, 61.9)], [1.3, 7.5, 3.2]
    together = rasterise(discs(centres, radii), box, np.zeros(3))
    alone = [
        rasterise(discs([c], [r]), box, np.zeros(1)) for c, r in zip(centres, radii, strict=True)
    ]

    picture = sum(spots.painted(spots.coverage, box) for spots in alone)
    assert np.allclose(together.painted(together.coverage, box), picture, atol=1e-6)


def test_where_two_overlap_the_more_covering_one_shows() -> None:
    box = Box(0, 0, 30, 30)
    spots = rasterise(discs([(15, 12), (15, 16)], [4, 4]), box, np.zeros(2))
    owner = spots.painted(spots.body.astype(np.float32), box, fill=-1)

    assert owner[15, 9] == 0
    assert owner[15, 19] == 1
    assert spots.painted(spots.coverage, box)[15, 14] == pytest.approx(1, abs=0.01)


def test_bodies_outside_the_box_leave_nothing() -> None:
    spots = rasterise(discs([(-20, -20)], [3]), Box(0, 0, 10, 10), np.zeros(1))

    assert spots.flat.size == 0
    assert (spots.painted(spots.coverage, Box(0, 0, 10, 10)) == 0).all()


def test_broken_particles_are_convex_and_all_different() -> None:
    rims = convex_rims(20, np.random.default_rng(0))
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES

    assert np.allclose((rims**2).mean(axis=1), 1, atol=1e-3)
    for rim in rims:
        corner = np.stack([rim * np.sin(angle), rim * np.cos(angle)], axis=1)
        step = np.roll(corner, -1, axis=0) - corner
        turn = np.cross(
            np.c_[step, np.zeros(ANGLES)], np.roll(np.c_[step, np.zeros(ANGLES)], -1, 0)
        )
        # Cut by the largest radius, the outline is still nowhere dented.
        assert (turn[:, 2] * np.sign(np.median(turn[:, 2])) > -2e-3).mean() > 0.97
    assert np.abs(rims[0] - rims[1]).max() > 0.05


@pytest.mark.parametrize(("size", "count"), [(50, 11817), (100, 1100), (250, 26.4), (500, 1.0)])
def test_counts_of_level_500_are_the_table_s(size: float, count: float) -> None:
    assert particles_above(size, 500) == pytest.approx(count, rel=0.01)


def test_drawn_sizes_have_the_distribution_of_the_counts() -> None:  # DU1
    sizes = draw_sizes(20000, 30, 1000, np.random.default_rng(0))

    for size in (40, 60, 100):
        expected = particles_above(size, 1000) / particles_above(30, 1000)
        assert (sizes > size).mean() == pytest.approx(expected, abs=3 * np.sqrt(expected / 20000))
    assert sizes.min() >= 30
