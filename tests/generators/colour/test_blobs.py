"""Irregular regions have about the size asked for and many shapes."""

import numpy as np
import pytest

from anomsynth.fields.grid import Grid
from anomsynth.generators.colour._blobs import Blob, area_level, blob_share, edged, trimmed


def share_of(seed: int = 0, **changes) -> tuple[Grid, np.ndarray]:
    blob = Blob(centre=(150, 160), radius=50, **changes)
    grid = Grid.over(blob.box(2.2, (300, 320)), 150)
    return grid, blob_share(blob, grid, np.random.default_rng(seed))


@pytest.mark.parametrize("lobes", [1, 3])
@pytest.mark.parametrize("aspect", [1.0, 2.5])
def test_area_is_about_that_of_the_disc(lobes: int, aspect: float) -> None:
    areas = []
    for seed in range(6):
        grid, share = share_of(seed, lobes=lobes, aspect=aspect)
        areas.append((share < 1).sum() * grid.step**2)

    assert np.mean(areas) == pytest.approx(np.pi * 50**2, rel=0.3)


def test_a_level_encloses_the_area_asked_for() -> None:
    _, share = share_of(ragged=0.1)
    inside = np.ones(share.shape, dtype=bool)

    level = area_level(share, inside, 700)

    assert (share <= level).sum() == pytest.approx(700, abs=2)
    assert area_level(share, ~inside, 700) == 1.0
    assert area_level(share, inside, 1e9) == share.max()


def test_edges_are_one_inside_and_zero_outside() -> None:
    profile = edged(np.array([[0.0, 0.79, 1.0, 1.21, 3.0]], dtype=np.float32), 1.0, 0.4)

    np.testing.assert_allclose(profile, [[1, 1, 0.5, 0, 0]], atol=1e-6)


def test_trimming_keeps_what_is_used() -> None:
    grid, share = share_of()

    small, cells = trimmed(grid, share < 0.5)

    assert (share[cells] < 0.5).sum() == (share < 0.5).sum()
    assert small.shape == share[cells].shape
    row, col = np.unravel_index(share.argmin(), share.shape)
    first = small.box.top + (row - cells[0].start) * small.step
    assert first == grid.box.top + row * grid.step
    assert 0 < col - cells[1].start < small.shape[1]


def test_a_region_beyond_the_corner_still_has_a_box() -> None:
    box = Blob(centre=(0, 0), radius=0.2).box(1.0, (1, 1))

    assert box == (0, 0, 1, 1)
