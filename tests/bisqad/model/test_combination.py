"""References count as much as trusted defects allow, and measures are those of scikit-learn."""

import math

import pytest

torch = pytest.importorskip("torch")

from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: E402 - needs torch

from anomsynth.bisqad.model.combination import (  # noqa: E402 - needs torch
    FAR,
    GIVEN_UP,
    MarkedMaps,
    area_under_roc,
    average_precision,
    choose_weights,
    combine,
    quality,
)

pytestmark = pytest.mark.torch


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make_maps(sees, count=40) -> MarkedMaps:
    """Return maps of noise in which each part sees defects, a square of 16 places, so clearly."""
    good, defects = draw(count, len(sees), 8, 8), draw(count, len(sees), 8, 8, seed=1)
    masks = torch.zeros(count, 8, 8)
    masks[:, 2:6, 2:6] = 1
    return MarkedMaps(good, defects + torch.tensor(sees).view(1, -1, 1, 1) * masks[:, None], masks)


def test_measures_agree_with_scikit_learn() -> None:
    low, high = draw(50), draw(30, seed=1) + 1
    truth = torch.cat([torch.zeros(50), torch.ones(30)])

    values = torch.cat([low, high])

    assert area_under_roc(low, high) == pytest.approx(roc_auc_score(truth, values))
    assert area_under_roc(low, low) == pytest.approx(0.5)
    assert average_precision(values, truth) == pytest.approx(average_precision_score(truth, values))


def test_maps_are_summed_by_weight() -> None:
    maps = draw(2, 3, 4, 4)

    found = combine(maps, torch.tensor([0.5, 2.0]))

    assert torch.allclose(found, maps[:, :1] + 0.5 * maps[:, 1:2] + 2 * maps[:, 2:])


def test_far_distances_count_by_their_logarithm() -> None:
    maps = torch.tensor([0.0, FAR, math.e * FAR, math.e**2 * FAR]).view(1, 1, 2, 2)
    maps = torch.cat([torch.zeros_like(maps), maps], dim=1)

    found = combine(maps, torch.tensor([1.0])).flatten()

    assert found.tolist() == pytest.approx([0, FAR, 2 * FAR, 3 * FAR])


def test_a_reference_that_costs_nothing_gets_the_largest_weight() -> None:
    assert choose_weights(make_maps([9.0, 9.0])).tolist() == [1]


def test_a_reference_that_sees_nothing_gets_none() -> None:
    maps = make_maps([1.5, 0.0])

    assert choose_weights(maps).tolist() == [0]


def test_a_reference_that_sees_nothing_gets_no_share() -> None:
    weights = choose_weights(make_maps([1.0, 0.0, 1.0]))

    assert weights[1] > 0
    assert weights[0] == 0


def test_references_that_see_alike_share_the_weight() -> None:
    assert choose_weights(make_maps([9.0, 9.0, 9.0])).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("sees", [[2.0, 1.2], [1.5, 1.0, 0.3]])
def test_the_choice_gives_up_little_and_none_that_counts_more_does(sees) -> None:
    maps = make_maps(sees)

    chosen = choose_weights(maps)

    best = max(quality(maps, torch.zeros(len(sees) - 1)), quality(maps, chosen))
    assert quality(maps, chosen) >= best - GIVEN_UP
    more = torch.zeros(len(sees) - 1)
    more[0] = 1.0
    assert chosen.sum() == 1 or quality(maps, more) < quality(maps, chosen)


def test_without_trusted_defects_references_share_half_a_weight() -> None:
    good = draw(5, 3, 8, 8)

    assert choose_weights(MarkedMaps(good, good[:0], good[:0, 0])).tolist() == [0.25, 0.25]
