"""Healed mosaics have the junctions of a honeycomb."""

import numpy as np
import pytest

from anomsynth.generators.fracture._honeycombs import healed_mosaic
from anomsynth.generators.fracture._mosaics import Seam


def honeycomb_angles(seams: list[Seam]) -> np.ndarray:
    """Return all angles at inner Y junctions, degrees."""
    arms: dict[tuple[float, float], list[float]] = {}
    for seam in seams:
        for near, far in (seam.points[[0, -1]], seam.points[[-1, 0]]):
            step = far - near
            key = (round(float(near[0]), 9), round(float(near[1]), 9))
            arms.setdefault(key, []).append(np.arctan2(*step))
    turns = [np.sort(arm) for arm in arms.values() if len(arm) == 3]
    gaps = [np.diff([*turn, turn[0] + 2 * np.pi]) for turn in turns]
    return np.degrees(np.concatenate(gaps))


@pytest.mark.parametrize(("steps", "spread"), [(0, 29.0), (10, 13.5)])
def test_honeycombs_have_y_joints_with_the_known_scatter(steps: int, spread: float) -> None:  # CR7
    angles = np.concatenate(
        [honeycomb_angles(healed_mosaic(12, steps, np.random.default_rng(s))) for s in range(3)]
    )

    assert angles.mean() == pytest.approx(120, abs=1e-6)
    assert angles.std() == pytest.approx(spread, abs=2)


def test_wobbling_borders_still_meet() -> None:
    seams = healed_mosaic(5, 5, np.random.default_rng(0), 0.06)
    ends = np.concatenate([seam.points[[0, -1]] for seam in seams])
    near = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))

    assert (np.sort(near, axis=1)[:, 1] < 1e-9).mean() > 0.8


@pytest.mark.parametrize("across", [6.0, 12.0])
def test_honeycombs_have_as_many_plates_as_asked(across: float) -> None:
    joints = 0
    for seed in range(4):
        seams = healed_mosaic(across, 2, np.random.default_rng(seed))
        ends = np.concatenate([seam.points[[0, -1]] for seam in seams]).round(9)
        inside = ends[((ends > 0) & (ends < 1)).all(axis=1)]
        joints += len(np.unique(inside, axis=0))

    assert joints / 4 == pytest.approx(2 * across**2, rel=0.06)  # Euler: two joints a plate
