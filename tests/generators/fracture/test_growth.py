"""Tips obey the laws of linear elastic fracture mechanics that are claimed for them."""

import math

import numpy as np
import pytest

from anomsynth.generators.fracture._growth import Loading, Tip, grow, kink_angle


def everywhere(row: float, col: float) -> bool:
    return True


def ahead(row: float, col: float) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("ratio", "degrees"), [(0.1, -11.20), (0.3, -29.10), (1.0, -53.13), (1e9, -70.53)]
)
def test_kinks_follow_the_maximum_hoop_stress(ratio: float, degrees: float) -> None:  # CR3
    angle = kink_angle(ratio)

    assert math.degrees(angle) == pytest.approx(degrees, abs=0.05)
    assert kink_angle(-ratio) == -angle
    if ratio < 1e3:
        residual = math.sin(angle) + ratio * (3 * math.cos(angle) - 1)
        assert residual == pytest.approx(0, abs=1e-9)


def test_no_shear_means_no_kink() -> None:
    assert kink_angle(0) == 0


def test_a_misaligned_crack_turns_across_the_tension() -> None:
    loading = Loading(length=80, wander=0)

    strand = grow([Tip(0, 0, 0.8, 80)], loading, ahead, everywhere, np.random.default_rng(0))[0]

    steps = np.diff(strand.points, axis=0)
    heading = np.arctan2(steps[:, 0], steps[:, 1])
    assert abs(heading[-1]) < 0.01
    assert (np.diff(np.abs(heading)) <= 1e-9).all()
    assert abs(heading[0]) > 0.3  # over the process zone, not at once


@pytest.mark.parametrize("half_deg", [15.5, 18.5, 22.0])
def test_branches_open_by_twice_the_half_angle(half_deg: float) -> None:  # CR4
    # Directions are measured on the points of the two lines just behind the branch point.
    loading = Loading(length=400, wander=0, rate=1 / 60, half_angle=math.radians(half_deg))
    angles: list[float] = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        strands = grow([Tip(0, 0, 0, 400, 0.5)], loading, ahead, everywhere, rng)
        for strand in strands[1:]:
            parent = strands[strand.parent].points
            if strand.joint < len(parent) - 1:
                mine = strand.points[1] - strand.points[0]
                other = parent[strand.joint + 1] - parent[strand.joint]
                angles.append(math.acos(mine @ other / math.hypot(*mine) / math.hypot(*other)))

    mean = math.degrees(np.mean(angles))
    assert len(angles) >= 100
    assert mean == pytest.approx(2 * half_deg, abs=2)
    assert 30 <= mean <= 45  # Quinn 2020


@pytest.mark.parametrize(
    ("rate", "branching"), [(0.02, 1.0), (0.02, 2.0), (0.05, 2.0), (0.3, 24.0), (1e-4, 0.003)]
)
def test_branch_points_are_as_far_apart_as_the_energy_says(rate: float, branching: float) -> None:
    """CR9: K^2 grows by c a pixel, halves at K_b^2; mean spacing is K_b^2 / 2c."""
    # Without noise of the heading and opening angle the branches end on the crack they left.
    loading = Loading(
        length=10 * branching / rate,
        wander=0,
        rate=rate,
        branching=branching,
        half_angle=0,
        uneven=0,
    )
    tip = Tip(0, 0, 0, loading.length, 0.5)
    gaps: list[float] = []
    for seed in range(200):
        main = grow([tip], loading, ahead, everywhere, np.random.default_rng(seed))[0]
        places = [0.0, *(place for place, _ in main.branchings)]
        gaps += np.diff(places).tolist()

    assert len(gaps) > 1000
    assert np.mean(gaps) == pytest.approx(branching / (2 * rate), rel=0.05)


def test_branches_share_the_square_of_the_width() -> None:
    loading = Loading(length=200, rate=1 / 80)

    strands = grow([Tip(0, 0, 0, 200, 0.5)], loading, ahead, everywhere, np.random.default_rng(3))

    branches = [strand for strand in strands if strand.parent == 0]
    assert branches
    for branch in branches:
        before = strands[0].scale[branch.joint]
        after = strands[0].scale[min(branch.joint + 1, len(strands[0].scale) - 1)]
        if after < before:
            assert branch.scale[0] ** 2 + after**2 == pytest.approx(before**2)


def test_a_crack_stops_at_another_one() -> None:
    wall = Tip(-40, 50, math.pi / 2, 80)
    runner = Tip(0, 0, 0, 100)
    loading = Loading(length=100, wander=0, zone=1e9)

    strands = grow([wall, runner], loading, ahead, everywhere, np.random.default_rng(0))

    assert not strands[1].free
    assert strands[1].points[-1, 1] == pytest.approx(50, abs=3)


def test_a_crack_ends_at_the_edge_of_the_material() -> None:
    tip = Tip(0, 0, 0, 100)

    def narrow(row: float, col: float) -> bool:
        return col < 30

    strand = grow([tip], Loading(length=100), ahead, narrow, np.random.default_rng(0))[0]

    assert not strand.free
    assert (strand.points[:-1, 1] < 30).all()


def test_wandering_paths_are_rough_like_real_cracks() -> None:
    loading = Loading(length=600, zone=6, wander=math.radians(4))
    traces = [
        grow([Tip(0, 0, 0, 600)], loading, ahead, everywhere, np.random.default_rng(seed))[0]
        for seed in range(30)
    ]
    lags = np.array([4, 8, 16, 40])
    spread = [
        np.mean([np.mean((t.points[lag:, 0] - t.points[:-lag, 0]) ** 2) for t in traces])
        for lag in lags
    ]

    exponent = np.polyfit(np.log(lags), np.log(spread), 1)[0] / 2
    assert 0.55 < exponent < 0.75


def headings(strand) -> np.ndarray:
    steps = np.diff(strand.points, axis=0)
    return np.arctan2(steps[:, 0], steps[:, 1])


def test_headings_relax_over_the_process_zone() -> None:
    loading = Loading(length=8, step=0.05, zone=8, wander=0)

    strand = grow([Tip(0, 0, 0.02, 8)], loading, ahead, everywhere, np.random.default_rng(0))[0]

    # A small misfit psi kinks the crack by -2 psi: it is gone as exp(-2 s / zone).
    assert headings(strand)[-1] == pytest.approx(0.02 * np.exp(-2), rel=0.05)


def test_headings_wander_by_the_noise_that_the_zone_leaves() -> None:
    loading = Loading(length=900, step=0.25, zone=6, wander=math.radians(4))

    found = [
        headings(grow([Tip(0, 0, 0, 900)], loading, ahead, everywhere, np.random.default_rng(s))[0])
        for s in range(16)
    ]

    # Ornstein and Uhlenbeck: variance = wander**2 / (2 * 2 / zone).
    wanted = math.radians(4) * math.sqrt(6 / 4)
    assert np.std(np.concatenate([own[100:] for own in found])) == pytest.approx(wanted, rel=0.08)


def test_the_number_of_strands_is_bounded() -> None:
    loading = Loading(length=2000, rate=1 / 4)

    strands = grow([Tip(0, 0, 0, 2000, 1)], loading, ahead, everywhere, np.random.default_rng(0))

    assert len(strands) <= 24
