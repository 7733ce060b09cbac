"""Stars of cracks have the angles, radii and openings they claim."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.generators.fracture._stars import Blow, concentric_arcs, radial_cracks, ring_radii

BLOW = Blow(
    contact=10,
    radials=7,
    reach=100,
    scatter=0.0,
    fork_deg=20,
    forks=0,
    rings=3,
    growth=1.6,
    width=3,
)


def directions(points: np.ndarray) -> float:
    step = points[min(6, len(points) - 1)] - points[0]
    return float(np.arctan2(*step))


def test_radial_cracks_divide_the_circle_evenly() -> None:
    rays, branches = radial_cracks(BLOW, np.random.default_rng(0))
    angles = np.sort([directions(ray.points) % (2 * np.pi) for ray in rays])

    assert branches == []
    assert len(rays) == 7
    assert np.degrees(np.diff(angles)) == pytest.approx(360 / 7, abs=8)


def test_branches_share_the_opening_and_open_twice_the_half_angle() -> None:  # CR4
    blow = replace(BLOW, forks=1.0, radials=12)
    angles, shares, own = [], [], []
    for seed in range(60):
        rays, branches = radial_cracks(blow, np.random.default_rng(seed))
        for branch in branches:
            gaps = [np.hypot(*(ray.points - branch.points[0]).T) for ray in rays]
            parent = int(np.argmin([gap.min() for gap in gaps]))
            place = int(gaps[parent].argmin())
            arm = rays[parent].points[place:]
            if gaps[parent][place] < 1e-6 and place > 3 and len(arm) > 8:
                turn = directions(branch.points) - directions(arm)
                angles.append(np.degrees(abs((turn + np.pi) % (2 * np.pi) - np.pi)))
                shares.append(rays[parent].width[place] / rays[parent].width[place - 1])
                own.append(branch.width[0] / rays[parent].width[place - 1])

    assert len(angles) >= 150
    assert np.median(angles) == pytest.approx(40, abs=3)
    # w_1^2 + w_2^2 = w^2; lips vary along the way, the branch's own more.
    assert np.median(shares) == pytest.approx(np.sqrt(0.5), abs=0.05)
    assert np.exp(np.mean(np.log(own))) == pytest.approx(np.sqrt(0.5), abs=0.04)


def test_radial_cracks_close_with_the_root_of_the_distance_to_their_tip() -> None:
    logs = []
    for seed in range(40):
        rays, _ = radial_cracks(replace(BLOW, radials=12), np.random.default_rng(seed))
        for ray in rays:
            left = np.linspace(1, 0, len(ray.width))
            places = np.geomspace(0.1, 0.9, 12)
            logs.append(np.interp(places, left[-2::-1], np.log(ray.width[-2::-1])))

    exponent = np.polyfit(np.log(places), np.mean(logs, axis=0), 1)[0]
    assert exponent == pytest.approx(0.5, abs=0.05)


def test_rings_begin_at_the_cone_crack_and_grow_geometrically() -> None:
    radii = ring_radii(BLOW, np.random.default_rng(1))

    firsts = [ring_radii(BLOW, np.random.default_rng(seed))[0] / 10 for seed in range(200)]
    assert min(firsts) == pytest.approx(1.1, abs=0.01)
    assert max(firsts) == pytest.approx(1.3, abs=0.01)
    np.testing.assert_allclose(radii[1:] / radii[:-1], 1.6)


def test_arcs_end_on_the_radial_cracks() -> None:
    rng = np.random.default_rng(2)
    rays, _ = radial_cracks(BLOW, rng)
    arcs = concentric_arcs(BLOW, rays, ring_radii(BLOW, rng), rng)

    every = np.concatenate([ray.points for ray in rays])
    assert len(arcs) > 6
    for arc in arcs[7:]:
        for end in arc.points[[0, -1]]:
            assert np.hypot(*(every - end).T).min() < 2.5
