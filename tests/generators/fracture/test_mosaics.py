"""Crack mosaics have the junctions and the spacing that drying and healing give."""

import numpy as np
import pytest

from anomsynth.fields.paths import arc_length
from anomsynth.generators.fracture._mosaics import (
    CELLS_PER_SHIELD,
    PLATE,
    Seam,
    dry_mosaic,
    junction_angle,
)

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


def test_cracks_meet_at_right_angles() -> None:  # CR6
    seeds = range(20)  # one in a hundred is far off
    angles = np.concatenate(
        [joint_angles(dry_mosaic(5, 0, np.random.default_rng(s)), 3 * cell(5)) for s in seeds]
    )

    assert len(angles) > 1000
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
