"""Prototypes follow optimal transport, and distances mix looks and places as they say."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.prototypes import (  # noqa: E402 - needs torch
    BALANCED,
    barycentres,
    mixed_cost,
    sinkhorn,
)
from anomsynth.errors import RecipeError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((12,), (8,), 64)
SIDE = 8


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(values):
    return values / values.norm(dim=-1, keepdim=True)


def made(features, **options):
    built = detectors.build({"kind": "prototypes", **options})
    network = built.build(SHAPES, torch.Generator().manual_seed(1))
    network.learn_normal(lambda: [[features[:9]], [features[9:]]])
    return network


@pytest.mark.parametrize("shape", [(60, 12), (12, 60)])
def test_plans_carry_equal_masses(shape) -> None:
    plan = sinkhorn(torch.rand(shape, generator=torch.Generator().manual_seed(0)), rounds=5000)

    rows, columns = shape
    np.testing.assert_allclose(plan.sum(1), np.full(rows, 1 / rows), rtol=1e-9)
    np.testing.assert_allclose(plan.sum(0), np.full(columns, 1 / columns), rtol=2 * BALANCED)


def test_plans_are_those_of_pot() -> None:
    ot = pytest.importorskip("ot")
    cost = mixed_cost(
        unit(draw(80, 6)), draw(20, 6, seed=1), 0.7, 0.3 * unit(draw(80, 20, seed=2).abs())
    )

    ours = sinkhorn(cost, 0.02, rounds=5000)

    even = [np.full(count, 1 / count) for count in (80, 20)]
    exact = cost.double().numpy()
    theirs = ot.sinkhorn(*even, exact, 0.02, "sinkhorn_log", 10_000, 1e-10)
    np.testing.assert_allclose(ours, theirs, atol=5e-6)  # masses are right to 1e-4


def test_a_sharp_plan_costs_as_little_as_the_best_assignment() -> None:
    scipy = pytest.importorskip("scipy.optimize")
    cost = torch.rand(16, 16, generator=torch.Generator().manual_seed(2))

    plan = sinkhorn(cost, 1 / 250, rounds=20_000)

    rows, columns = scipy.linear_sum_assignment(cost.numpy())
    best = float(cost[rows, columns].mean())
    assert float((plan * cost).sum()) == pytest.approx(best, rel=0.02)


def test_costs_mix_looks_and_places() -> None:
    places, prototypes, there = unit(draw(5, 4)), draw(3, 4, seed=1), torch.full((5, 3), 0.06)

    found = mixed_cost(places, prototypes, 0.7, there).numpy()

    cosine = places.numpy() @ unit(prototypes).numpy().T
    np.testing.assert_allclose(found, 0.7 * (1 - cosine) / 2 + 0.06, atol=1e-6)


def test_prototypes_move_to_the_mean_of_what_arrives() -> None:
    plan = torch.tensor([[0.2, 0.0], [0.1, 0.1], [0.0, 0.6]], dtype=torch.float64)
    places = torch.tensor([[0.0, 3.0], [3.0, 0.0], [1.0, 1.0]])

    found = barycentres(plan, places)

    assert torch.allclose(found[0], torch.tensor([1.0, 2.0]))
    assert torch.allclose(found[1], (0.1 * places[1] + 0.6 * places[2]) / 0.7)


def test_distances_are_those_of_the_nearest_prototypes_of_either_kind() -> None:
    network = made(draw(20, 12, SIDE, SIDE), alpha=0.4, local=1, shared=7)
    photo = draw(2, 12, SIDE, SIDE, seed=9)

    found = network.side_maps([photo])[:, 0].numpy()

    asked = unit(network.described([photo]).double()).numpy()
    local, shared = (
        unit(network.get_buffer(name).double()).numpy() for name in ("local", "shared")
    )
    units = network.get_buffer("units").numpy()
    middles = (np.stack(np.meshgrid(*[np.arange(SIDE)] * 2, indexing="ij"), -1) + 0.5) / SIDE
    assert local.shape == (SIDE**2, 12)  # one at each place
    for row, col in ((0, 0), (3, 6)):
        away = np.linalg.norm(middles[row, col] - middles.reshape(-1, 2), axis=1) / np.sqrt(2)
        here = asked[:, row, col]
        near = (0.6 * (1 - here @ local.T) / 2 + 0.4 * away).min(1) / units[0]
        anywhere = ((1 - here @ shared.T) / 2).min(1) / units[1]
        np.testing.assert_allclose(found[:, row, col], (near + anywhere) / 2, rtol=2e-3)


def test_good_photos_are_about_one_unit_away() -> None:
    photos = draw(1, 12, SIDE, SIDE) + 0.3 * draw(30, 12, SIDE, SIDE, seed=1)

    found = made(photos).side_maps([photos])

    assert float(found.mean()) == pytest.approx(1, abs=0.1)


def test_a_part_in_another_place_is_farther_the_more_places_count() -> None:
    common = draw(1, 12, SIDE, SIDE, seed=3)
    photos = common + 0.1 * draw(30, 12, SIDE, SIDE, seed=4)
    ratios = []

    for alpha in (0.0, 0.3):
        network = made(photos, alpha=alpha, local=1)
        turned, known = (
            network.side_maps([photo])[..., 2:6, 2:6].mean() for photo in (common.flip(-1), common)
        )
        ratios.append(float(turned / known))

    assert ratios[0] < 1.6
    assert ratios[1] > 1.3 * ratios[0]


def test_few_photos_are_enough() -> None:
    network = made(draw(2, 12, SIDE, SIDE))

    assert torch.isfinite(network.side_maps([draw(3, 12, SIDE, SIDE, seed=5)])).all()


@pytest.mark.parametrize(("field", "value"), [("alpha", 1.5), ("local", 0), ("shared", 0)])
def test_rejects_bad_parameters(field, value) -> None:
    with pytest.raises(RecipeError, match=field):
        detectors.build({"kind": "prototypes", field: value})
