"""Stars of cracks have the angles, radii and openings they claim."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.component import Bounds
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
    fork_place=Bounds(low=0.25, high=0.8),
    fork_length=Bounds(low=0.4, high=1.0),
    arc_width=Bounds(low=0.35, high=0.85),
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


def test_branches_begin_and_end_where_drawn() -> None:
    places = Bounds(low=0.5, high=0.5)
    blow = replace(BLOW, forks=0.3, fork_place=places, fork_length=places)
    stars = [radial_cracks(blow, np.random.default_rng(seed)) for seed in range(20)]
    branches = [branch for _, twigs in stars for branch in twigs]
    starts = [np.hypot(*branch.points[0]) for branch in branches]
    lengths = [np.hypot(*(branch.points[-1] - branch.points[0])) for branch in branches]

    # Cracks of 100 pixels whose inner end lies 3 to 10 pixels from the blow: half of their way.
    assert np.median(starts) == pytest.approx(53, abs=3)
    # Half of the half that is left.
    assert np.median(lengths) == pytest.approx(0.5 * 0.5 * 93.5, rel=0.1)


def test_arcs_are_as_wide_as_drawn() -> None:
    thin = replace(BLOW, arc_width=Bounds(low=0.2, high=0.2))

    def typical(blow: Blow) -> float:
        widths = []
        for seed in range(30):
            rays, _ = radial_cracks(blow, np.random.default_rng(seed))
            arcs = concentric_arcs(blow, rays, np.array([15.0]), np.random.default_rng(seed))
            widths += [np.log(arc.width).mean() for arc in arcs]
        return float(np.exp(np.mean(widths)))

    assert typical(thin) == pytest.approx(0.2 * 3, rel=0.06)
    assert typical(BLOW) == pytest.approx(0.58 * 3, rel=0.1)  # geometric mean of 0.35 to 0.85
