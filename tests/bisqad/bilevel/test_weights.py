"""Weights keep their mean, their sign and their floor, and learn what the slopes say."""

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402 - needs torch
from hypothesis import strategies as st  # noqa: E402 - needs torch

from anomsynth.bisqad.bilevel.reweighting import LearnedWeights  # noqa: E402 - needs torch
from anomsynth.bisqad.bilevel.weights import effective_size, spread_penalty, weights_of  # noqa: E402 - needs torch
from anomsynth.bisqad.model.sqe_net import SOUND, SqeNet  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=60))
def test_weights_are_positive_and_one_on_average(logits) -> None:
    weights = weights_of(torch.tensor(logits, dtype=torch.float64))

    assert (weights >= 0).all()
    assert float(weights.mean()) == pytest.approx(1)


@given(st.lists(st.floats(-40, 40), min_size=2, max_size=60))
def test_a_quarter_of_the_samples_always_counts(logits) -> None:
    weights = weights_of(torch.tensor(logits, dtype=torch.float64))

    assert effective_size(weights) >= len(logits) / 4 - 1e-6


def test_the_floor_binds_only_where_it_is_needed() -> None:
    mild = torch.tensor([2.0, -2.0, 0.0, 0.5], dtype=torch.float64)
    harsh = torch.tensor([30.0] + 19 * [-30.0], dtype=torch.float64)

    raw = torch.sigmoid(mild)
    assert torch.allclose(weights_of(mild), raw / raw.mean())
    assert effective_size(weights_of(harsh)) == pytest.approx(5)


def test_equal_logits_weigh_one() -> None:
    weights = weights_of(torch.full((7,), -3.0))

    assert torch.allclose(weights, torch.ones(7))
    assert spread_penalty(weights) < 1e-10


def test_better_logits_never_weigh_less() -> None:
    weights = weights_of(torch.linspace(-8, 8, 50))

    assert (weights.diff() >= 0).all()


def test_samples_compete_within_their_group() -> None:
    groups = torch.arange(400) % 2
    logits = torch.where(groups == 0, 3.0, -1.0) - 4.0 * (torch.arange(400) < 100)

    weights = weights_of(logits, groups)

    spoiled = torch.arange(400) < 100
    for group in (0, 1):
        assert weights[groups == group].mean() == pytest.approx(1, abs=0.05)
        assert weights[spoiled & (groups == group)].mean() < 0.5


def test_a_sample_alone_in_its_group_cannot_hide_its_fault() -> None:
    groups = torch.tensor([0] * 99 + [1])
    logits = torch.tensor([3.0] * 99 + [-4.0])

    assert weights_of(logits, groups)[-1] < 0.1


def test_being_better_than_sound_adds_little() -> None:
    logits = torch.full((100,), SOUND)
    logits[:10] += 6

    assert weights_of(logits).max() < 1.15


def learned(count: int = 200) -> tuple[LearnedWeights, torch.Tensor]:
    """Return weights of samples of which the last half is bad, and visibly so in input 0."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(count, 4, generator=generator)
    bad = torch.arange(count) >= count // 2
    inputs[bad, 0] += 3
    net = SqeNet(["a", "b", "c", "d"])
    net.standardise_by(inputs)
    return LearnedWeights(net, inputs), bad


def average(weights: LearnedWeights, slopes: torch.Tensor) -> None:
    weights._average(torch.arange(len(slopes)), slopes)
    weights._fit()


def test_weights_follow_slopes_that_persist() -> None:
    weights, bad = learned()

    for _ in range(20):
        average(weights, torch.where(bad, 1.0, -1.0))

    assert weights.values[bad].mean() < 0.5 * weights.values[~bad].mean()


def test_weights_hardly_follow_noise() -> None:
    weights, _ = learned()
    generator = torch.Generator().manual_seed(5)

    for _ in range(20):
        average(weights, torch.randn(200, generator=generator))

    assert weights.values.std() < 0.25


def test_slopes_of_any_size_mean_the_same() -> None:
    small, bad = learned()
    large, _ = learned()

    for _ in range(3):
        average(small, torch.where(bad, 1e-6, -1e-6))
        average(large, torch.where(bad, 1e3, -1e3))

    assert torch.allclose(small.values, large.values, atol=1e-4)


def test_learning_stops_with_the_best_network_when_trust_is_lost() -> None:
    weights, bad = learned()
    losses = [1.0, 0.8, 0.6]
    for loss in losses:
        weights._check_stop(loss)
        average(weights, torch.where(bad, 1.0, -1.0))
    best = weights_of(weights._weigh()).detach()
    best_values = {name: value.clone() for name, value in weights._best.items()}

    for _ in range(8):
        weights._check_stop(2.0)

    assert bool(weights.frozen)
    assert all(
        torch.equal(value, best_values[name]) for name, value in weights.net.state_dict().items()
    )
    assert best.shape == weights.values.shape


def test_state_restores_every_number() -> None:
    weights, bad = learned()
    average(weights, torch.where(bad, 1.0, -1.0))
    weights._check_stop(0.5)
    other, _ = learned()

    other.restore(weights.state())
    for both in (weights, other):
        average(both, torch.where(bad, 0.3, -1.0))
        both._check_stop(0.7)

    assert torch.equal(other.values, weights.values)
    assert all(torch.equal(value, other.state()[name]) for name, value in weights.state().items())
