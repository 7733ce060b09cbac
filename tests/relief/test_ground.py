"""The part of a scan is what stands out of the ground."""

import numpy as np
import pytest

from anomsynth.relief.ground import find_part


def block(rise: float, noise: float = 0.02, tilt: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Return a map of heights with a block on a tilted ground, and where the block is."""
    rows, cols = np.indices((90, 120))
    part = (abs(rows - 45) < 20) & (abs(cols - 60) < 30)
    raised = tilt * cols - 0.02 * rows + rise * part
    raised = raised + np.random.default_rng(0).normal(0, noise, part.shape)
    return raised.astype(np.float32), part


@pytest.mark.parametrize("tilt", [0, 0.2])
def test_a_block_is_found_on_a_tilted_ground(tilt) -> None:
    raised, part = block(1.0, tilt=tilt)

    found, ground = find_part(raised)

    assert np.count_nonzero(found != part) <= 0.002 * part.size
    assert abs(np.median((raised - ground)[part]) - 1) < 0.02


def test_gaps_in_the_data_are_no_part() -> None:
    raised, part = block(1.0)
    raised[40:50, 50:70] = np.nan

    found, _ = find_part(raised)

    assert not found[40:50, 50:70].any()
    assert found[part & np.isfinite(raised)].mean() > 0.99


def test_noise_on_a_plate_that_fills_the_picture_is_no_part() -> None:
    raised, _ = block(0.0)

    found, ground = find_part(raised)

    assert found.all()
    assert ground is None


def test_without_a_ground_what_was_measured_is_the_part() -> None:
    raised, part = block(1.0)
    raised[~part] = np.nan

    found, ground = find_part(raised)

    assert np.array_equal(found, part)
    assert ground is None


def test_the_rim_of_a_round_part_is_no_ground() -> None:
    rows, cols = np.indices((90, 90))
    away = np.hypot(rows - 44.5, cols - 44.5)
    raised = (8 - away**2 / 300).astype(np.float32)
    raised[away > 45] = np.nan

    found, ground = find_part(raised)

    assert np.array_equal(found, np.isfinite(raised))
    assert ground is None
