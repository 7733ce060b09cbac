"""Crack mosaics have the junctions and the spacing that drying and healing give."""

import numpy as np
import pytest

from anomsynth.fields.mosaics import (
    CELLS_PER_SHIELD,
    PLATE,
    Seam,
    dry_mosaic,
    healed_mosaic,
    junction_angle,
)
from anomsynth.fields.paths import arc_length

SEEDS = range(6)


def heading_at(line: np.ndarray, end: int, lag: float) -> np.ndarray:
    """Return the unit vector from an end (0 or -1) of a line to where it is `lag` away."""
    line = line if end == 0 else line[::-1]
    along = arc_length(line)
    step = [np.interp(lag, along, line[:, axis]) - line[0, axis] for axis in (0, 1)]
    return np.array(step) / np.hypot(*step)


def joint_angles(seams: list[Seam], lag: float) -> np.ndarray:
    """Return the angles between each crack and the two arms of the one it ends on, degrees."""
    found = []
    for seam in seams:
        for end, parent, vertex in seam.joints:
            line = seams[parent].points
            for arm in (line[vertex:], line[vertex::-1]):
                if len(arm) >= 3 and arc_length(arm)[-1] >= lag:
                    cosine = heading_at(seam.points, end, lag) @ heading_at(arm, 0, lag)
                    found.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.array(found)


def cell(across: float) -> float:
    """Return the side of a grid cell as a share of the mosaic's."""
    return 1 / round(across * PLATE * CELLS_PER_SHIELD)


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


def test_cracks_meet_at_right_angles() -> None:  # CR6
    angles = np.concatenate(
        [joint_angles(dry_mosaic(5, 0, np.random.default_rng(s)), 3 * cell(5)) for s in SEEDS]
    )

    assert len(angles) > 100
    assert 85 <= angles.mean() <= 93
    assert np.sqrt(np.mean((angles - 90) ** 2)) <= 15
    assert np.mean(np.abs(angles - 90) < 20) >= 0.9


def test_healing_turns_joints_towards_120_degrees() -> None:
    assert junction_angle(0) == 90
    assert junction_angle(4) == pytest.approx(90 + 30 * (1 - np.exp(-1)))
    means = []
    for cycles in (0.0, 2.0, 1e3):
        mosaics = [dry_mosaic(5, cycles, np.random.default_rng(s)) for s in SEEDS]
        angles = np.concatenate([joint_angles(m, 2 * cell(5)) for m in mosaics])
        means.append(np.median(angles))

    assert means[0] == pytest.approx(90, abs=2)
    assert means[1] == pytest.approx(junction_angle(2), abs=3)
    assert means[2] == pytest.approx(117, abs=3)  # the bend is felt over two cells


def test_nothing_opens_in_the_shadow_of_an_older_crack() -> None:  # CR10
    for seed in SEEDS:
        seams = dry_mosaic(4, 0, np.random.default_rng(seed))
        for index, seam in enumerate(seams[1:], start=1):
            older = np.concatenate([s.points for s in seams[:index]])
            away = [np.hypot(*(older - place).T).min() for place in seam.points]
            # Measured on a 5x5 chamfer between cells: 5 % and a cell.
            assert max(away) > (0.93 * CELLS_PER_SHIELD - 1) * cell(4)


def test_the_length_of_cracks_goes_with_one_over_the_shielding_length() -> None:  # CR10
    lengths = []
    for across in (2.5, 5.0):
        mosaics = [dry_mosaic(across, 0, np.random.default_rng(s)) for s in SEEDS]
        total = [sum(arc_length(seam.points)[-1] for seam in seams) for seams in mosaics]
        lengths.append(float(np.mean(total)))

    # A square plate of side p has borders of 2 / p per unit of area.
    assert lengths[0] == pytest.approx(2 * 2.5, rel=0.12)
    assert lengths[1] == pytest.approx(2 * 5.0, rel=0.08)


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
