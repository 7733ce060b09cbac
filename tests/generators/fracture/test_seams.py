"""The weakest line stays on the part and follows what the photo shows."""

from dataclasses import replace

import numpy as np

from anomsynth.core.types import Surface
from anomsynth.generators.fracture._growth import Tip
from anomsynth.generators.fracture._seams import Search, weakest_strand


def test_the_line_starts_at_the_tip_and_ends_at_the_edge(surface: Surface) -> None:
    tip = Tip(80, 100, 0.0, 300)

    strand = weakest_strand(
        surface, tip, lambda row, col: 0.0, Search(2.0, 0.5), np.random.default_rng(0)
    )

    np.testing.assert_allclose(strand.points[0], [80, 100])
    assert not strand.free
    assert (strand.points[:-1, 1] < 192).all()


def test_a_seam_of_the_photo_is_followed(surface: Surface) -> None:
    pixels = np.full_like(surface.pixels, 120)
    pixels[84:86] = 60
    seamed = replace(surface, pixels=pixels)
    tip = Tip(80, 20, 0.0, 160)

    strand = weakest_strand(
        seamed, tip, lambda row, col: 0.0, Search(1.5, 0.9), np.random.default_rng(1)
    )

    later = strand.points[len(strand.points) // 3 :]
    assert np.mean(np.abs(later[:, 0] - 84.5) < 2.5) > 0.7
