"""Particle counts and sizes are those of the cleanliness standard."""

import numpy as np
import pytest

from anomsynth.generators.loose._cleanliness import draw_sizes, particles_above


@pytest.mark.parametrize(("size", "count"), [(50, 11817), (100, 1100), (250, 26.4), (500, 1.0)])
def test_counts_of_level_500_are_the_table_s(size: float, count: float) -> None:
    assert particles_above(size, 500) == pytest.approx(count, rel=0.01)


def test_drawn_sizes_have_the_distribution_of_the_counts() -> None:  # DU1
    sizes = draw_sizes(20000, 30, 1000, np.random.default_rng(0))

    for size in (40, 60, 100):
        expected = particles_above(size, 1000) / particles_above(30, 1000)
        assert (sizes > size).mean() == pytest.approx(expected, abs=3 * np.sqrt(expected / 20000))
    assert sizes.min() >= 30
