"""The mixture finds who made what, and says so where nobody did."""

import numpy as np
import pytest

from anomsynth.fitting.mixture import floor_of, unmix
from anomsynth.fitting.space import Cloud, Space


@pytest.fixture
def clouds() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(middle, 1, (80, 3)) for middle in (0, 6, 12)]


def found(clouds, points, prior=(1 / 3, 1 / 3, 1 / 3)):
    space = Space.spanned_by(clouds)
    dense = [Cloud.of(space.place(cloud)) for cloud in clouds]
    densities = np.column_stack([cloud.density(space.place(points)) for cloud in dense])
    return unmix(densities, floor_of(dense), np.array(prior), np.ones(len(points)))


def test_weights_are_those_that_the_defects_were_drawn_with(clouds) -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(0, 1, (30, 3)), rng.normal(12, 1, (10, 3))])

    mixture = found(clouds, points)

    assert mixture.weights == pytest.approx([0.72, 0.02, 0.25, 0.01], abs=0.05)
    assert np.all(mixture.shares.argmax(axis=1)[:30] == 0)
    assert mixture.shares.sum(axis=1) == pytest.approx(1)


def test_what_lies_off_every_cloud_is_made_by_none(clouds) -> None:
    mixture = found(clouds, np.array([[0.0, 6.0, 12.0]]))

    assert mixture.shares[0, -1] > 0.9


def test_few_defects_leave_weight_to_what_was_believed(clouds) -> None:
    mixture = found(clouds, np.zeros((1, 3)), prior=(0.2, 0.7, 0.1))

    assert 0.3 < mixture.weights[0] < 0.6
    assert mixture.weights[1] > 0.3


def test_what_cannot_be_measured_takes_the_usual_place(clouds) -> None:
    space = Space.spanned_by(clouds)

    assert np.isfinite(space.place(np.full((1, 3), np.nan))).all()
