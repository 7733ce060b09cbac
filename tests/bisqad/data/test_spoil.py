"""Spoiled samples are wrong in the way they claim, and chosen whatever the order."""

import numpy as np
import pytest

from anomsynth.bisqad.data.spoil import choose_faults, spoil
from anomsynth.core.rng import stream


def disc(shape=(64, 64), center=(20, 24), radius=9) -> np.ndarray:
    rows, cols = np.indices(shape)
    return np.hypot(rows - center[0], cols - center[1]) < radius


@pytest.mark.parametrize("seed", range(5))
def test_a_shifted_mask_leaves_the_defect(seed) -> None:
    image = np.full((64, 64, 1), 90, np.uint8)

    same, moved = spoil(image, disc(), "shifted", stream(seed))

    assert (same == image).all()
    assert moved.sum() == disc().sum()
    assert (moved & disc()).sum() <= 0.2 * disc().sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_filled_defect_is_one_colour_and_its_mask_stays(dtype) -> None:
    image = np.random.default_rng(0).integers(0, 250, (64, 64, 3)).astype(dtype)

    filled, mask = spoil(image, disc(), "filled", stream(1))

    assert filled.dtype == dtype
    assert (mask == disc()).all()
    assert len(np.unique(filled[mask], axis=0)) == 1
    assert (filled[~mask] == image[~mask]).all()


def test_the_spoiled_share_is_kept_and_does_not_depend_on_order() -> None:
    ids = [f"s{number}" for number in range(50)]

    faults = choose_faults(ids, 0.3, seed=1)

    assert len(faults) == 15
    assert sorted(faults.values()).count("filled") == 7
    assert choose_faults(ids[::-1], 0.3, seed=1) == faults
    assert choose_faults(ids, 0.3, seed=2) != faults
