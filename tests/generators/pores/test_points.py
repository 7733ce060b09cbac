"""Point patterns keep their number, their rectangle and their pair statistics."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from anomsynth.generators.pores._points import (
    clark_evans,
    scatter_clusters,
    scatter_independent,
    scatter_repelling,
)

UNIT = (1.0, 1.0)


def ripley_k(points: np.ndarray, distance: float) -> float:
    """Estimate K from points whose neighbourhood lies within the unit square (border method)."""
    inner = ((points > distance) & (points < 1 - distance)).all(axis=1)
    tree = cKDTree(points)
    pairs = sum(len(found) - 1 for found in tree.query_ball_point(points[inner], distance))
    return pairs / max(int(inner.sum()), 1) / len(points)


def test_independent_points_pass_clark_and_evans() -> None:  # PI3
    scores = [
        clark_evans(scatter_independent(200, UNIT, np.random.default_rng(seed)), UNIT)[1]
        for seed in range(20)
    ]

    many = [
        clark_evans(scatter_independent(200, UNIT, np.random.default_rng(100 + seed)), UNIT)[1]
        for seed in range(400)
    ]
    assert np.std(many) == pytest.approx(1, abs=0.1)
    assert np.abs(np.mean(scores)) < 0.6
    assert np.abs(scores).max() < 3.2
    assert np.mean(np.abs(scores) < 2.5) >= 0.95


def test_repelling_points_are_regular_and_keep_their_distance() -> None:  # PI3
    points = scatter_repelling(80, UNIT, 0.06, np.random.default_rng(2))

    ratio, _ = clark_evans(points, UNIT)
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    assert len(points) == 80
    assert 0.06 <= nearest.min() < 0.066
    assert ratio > 1.1


def test_clusters_follow_the_pair_law_of_thomas() -> None:  # PI3
    parents, spread = 25, 0.03
    near, far = [], []
    for seed in range(200):
        points = scatter_clusters(
            200, UNIT, per_cluster=200 / parents, spread=spread, rng=np.random.default_rng(seed)
        )
        near.append(ripley_k(points, spread))
        far.append(ripley_k(points, 2 * spread))

    # The shorter distance tells the spread, the longer one the number of parents.
    theory = np.pi * spread**2 + (1 - np.exp(-1 / 4)) / parents
    assert np.mean(near) / theory == pytest.approx(1, abs=0.08)
    theory = np.pi * (2 * spread) ** 2 + (1 - np.exp(-1)) / parents
    assert np.mean(far) / theory == pytest.approx(1, abs=0.06)


def test_clusters_are_found_clustered() -> None:
    points = scatter_clusters(150, UNIT, per_cluster=10, spread=0.02, rng=np.random.default_rng(0))

    assert clark_evans(points, UNIT)[0] < 0.8


def test_clusters_reach_in_from_all_sides() -> None:
    points = np.concatenate(
        [
            scatter_clusters(100, UNIT, per_cluster=4, spread=0.1, rng=np.random.default_rng(seed))
            for seed in range(60)
        ]
    )

    for share in ((points < 0.1).mean(), (points > 0.9).mean()):
        assert share == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize("count", [1, 2, 57])
def test_patterns_keep_their_number_and_rectangle(count) -> None:
    rng = np.random.default_rng(count)
    extent = (3.0, 11.0)

    for points in (
        scatter_independent(count, extent, rng),
        scatter_clusters(count, extent, per_cluster=4, spread=0.5, rng=rng),
        scatter_repelling(count, extent, 0.1, rng),
    ):
        assert points.shape == (count, 2)
        assert (points >= 0).all()
        assert (points < extent).all()


def test_a_full_rectangle_gives_fewer_points_but_one() -> None:
    points = scatter_repelling(10, UNIT, 5.0, np.random.default_rng(0))

    assert len(points) == 1


def test_clark_and_evans_need_two_points() -> None:
    assert clark_evans(np.zeros((1, 2)), UNIT) == (1.0, 0.0)
