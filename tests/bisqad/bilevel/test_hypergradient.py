"""Hypergradients equal what re-solving the inner problem gives; solvers converge as they claim."""

from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")


from anomsynth.bisqad.bilevel.conjugate_gradients import ConjugateGradients  # noqa: E402 - needs torch
from anomsynth.bisqad.bilevel.gauss_newton import gauss_newton_product, gradient  # noqa: E402 - needs torch
from anomsynth.bisqad.bilevel.hypergradient import (  # noqa: E402 - needs torch
    Bilevel,
    alignments,
    implicit_hypergradient,
    squashed,
    unrolled_hypergradient,
)
from anomsynth.bisqad.bilevel.weights import spread_penalty, weights_of  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

DECAY = 1e-2
EXACT = ConjugateGradients(iterations=30, tolerance=1e-13)


@dataclass
class Logistic:
    """Logistic regression with weighted samples: an inner problem that can be solved exactly."""

    inputs: torch.Tensor  # (n, 6)
    labels: torch.Tensor  # (n,) in {0, 1}
    flipped: np.ndarray  # (n,) bool
    outer_inputs: torch.Tensor
    outer_labels: torch.Tensor
    test_inputs: torch.Tensor
    test_labels: torch.Tensor

    @classmethod
    def draw(cls, seed: int, *, outer: int = 100, share: float = 0.3) -> "Logistic":
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=6)
        truth *= 12 / np.linalg.norm(truth)

        def sample(count: int) -> tuple[np.ndarray, np.ndarray]:
            inputs = rng.normal(size=(count, 6))
            chance = 1 / (1 + np.exp(-inputs @ truth))
            return inputs, (rng.random(count) < chance).astype(float)

        inputs, labels = sample(200)
        flipped = np.arange(200) < round(200 * share)
        labels[flipped] = 1 - labels[flipped]
        rest = (*sample(outer), *sample(2000))
        tensors = [torch.from_numpy(part) for part in (inputs, labels, *rest)]
        return cls(tensors[0], tensors[1], flipped, *tensors[2:])

    def losses(self, theta):
        return torch.nn.functional.binary_cross_entropy_with_logits(
            self.inputs @ theta, self.labels, reduction="none"
        )

    def inner(self, theta, weights):
        return (weights * self.losses(theta)).mean() + DECAY / 2 * theta @ theta

    def outer(self, theta):
        return torch.nn.functional.binary_cross_entropy_with_logits(
            self.outer_inputs @ theta, self.outer_labels
        )

    def accuracy(self, theta) -> float:
        right = (self.test_inputs @ theta > 0) == (self.test_labels > 0.5)
        return float(right.double().mean())

    def bilevel(self, weights) -> Bilevel:
        def curvature(theta):
            return lambda direction: self.hessian(theta, weights) @ direction

        return Bilevel(self.losses, lambda theta: self.inner(theta, weights), self.outer, curvature)

    def solve(self, weights, start=None):
        """Minimise the inner problem by Newton's method, to machine precision."""
        theta = torch.zeros(6, dtype=torch.float64) if start is None else start
        for _ in range(12):
            chance = torch.sigmoid(self.inputs @ theta)
            slope = self.inputs.T @ (weights * (chance - self.labels)) / 200 + DECAY * theta
            step = torch.linalg.solve(self.hessian(theta, weights), slope)
            theta = theta - step
            if step.abs().max() < 1e-14:
                break
        return theta

    def hessian(self, theta, weights):
        chance = torch.sigmoid(self.inputs @ theta)
        curved = self.inputs.T * (weights * chance * (1 - chance)) @ self.inputs / 200
        return curved + DECAY * torch.eye(6, dtype=torch.float64)


@pytest.fixture(scope="module")
def logistic() -> Logistic:
    return Logistic.draw(0)


@pytest.fixture(scope="module")
def ones():
    return torch.ones(200, dtype=torch.float64)


@pytest.fixture(scope="module")
def optimum(logistic, ones):
    return logistic.solve(ones)


def relative(got, wanted) -> float:
    return float((got - wanted).norm() / wanted.norm())


def separation(scores, flipped) -> float:
    """Return the share of (clean, flipped) pairs in which the clean sample scores higher."""
    scores = np.asarray(scores)
    return float(np.mean(scores[~flipped][:, None] > scores[flipped][None, :]))


def test_implicit_hypergradient_is_the_slope_of_the_resolved_problem(logistic, ones, optimum):
    change = torch.zeros_like(ones)
    wanted = []
    for index in range(40):
        values = []
        for sign in (1, -1):
            change.zero_()[index] = sign * 1e-4
            values.append(logistic.outer(logistic.solve(ones + change, optimum)))
        wanted.append((values[0] - values[1]) / 2e-4)

    got = implicit_hypergradient(logistic.bilevel(ones), optimum, EXACT)

    assert relative(got[:40], torch.stack(wanted)) < 1e-5


def test_implicit_hypergradient_is_that_of_a_dense_solve(logistic, ones, optimum):
    chance = torch.sigmoid(logistic.inputs @ optimum)
    slopes = (chance - logistic.labels)[:, None] * logistic.inputs  # g_i, by hand
    outer_chance = torch.sigmoid(logistic.outer_inputs @ optimum)
    outer = logistic.outer_inputs.T @ (outer_chance - logistic.outer_labels)
    outer = outer / len(logistic.outer_labels)
    wanted = -slopes @ torch.linalg.inv(logistic.hessian(optimum, ones)) @ outer / 200

    got = implicit_hypergradient(logistic.bilevel(ones), optimum, EXACT)

    assert relative(got, wanted) < 1e-4


def test_the_hand_written_hessian_is_that_of_the_inner_problem(logistic, ones, optimum):
    wanted = torch.autograd.functional.hessian(lambda theta: logistic.inner(theta, ones), optimum)

    assert relative(logistic.hessian(optimum, ones), wanted) < 1e-12


def test_unrolled_hypergradient_is_the_slope_of_one_step(logistic, ones):
    theta = 0.3 * torch.ones(6, dtype=torch.float64)
    rate = 0.5

    def after(weights):
        return logistic.outer(theta - rate * gradient(logistic.bilevel(weights).inner, theta))

    wanted = []
    for index in range(40):
        change = torch.zeros_like(ones)
        change[index] = 1e-4
        wanted.append((after(ones + change) - after(ones - change)) / 2e-4)

    got = unrolled_hypergradient(logistic.bilevel(ones), theta, rate)

    assert relative(got[:40], torch.stack(wanted)) < 1e-5


@pytest.mark.parametrize(("iterations", "bound"), [(6, 1e-8), (3, 2e-2)])
def test_conjugate_gradients_converge(logistic, ones, optimum, iterations, bound):
    right = gradient(logistic.outer, optimum)
    wanted = torch.linalg.solve(logistic.hessian(optimum, ones), right)

    solve = ConjugateGradients(iterations=iterations, tolerance=0)
    got = solve(logistic.bilevel(ones).curvature(optimum), right)

    assert relative(got, wanted) < bound


def test_conjugate_gradients_add_their_damping(logistic, ones, optimum):
    right = gradient(logistic.outer, optimum)
    damped = logistic.hessian(optimum, ones) + 0.5 * torch.eye(6, dtype=torch.float64)

    solve = ConjugateGradients(iterations=6, tolerance=0, damping=0.5)
    got = solve(logistic.bilevel(ones).curvature(optimum), right)

    assert relative(got, torch.linalg.solve(damped, right)) < 1e-8


def test_conjugate_gradients_stop_at_negative_curvature():
    diagonal = torch.tensor([2.0, -1.0], dtype=torch.float64)
    right = torch.tensor([0.5, 1.0], dtype=torch.float64)

    answer = ConjugateGradients(tolerance=0)(lambda vector: diagonal * vector, right)

    assert torch.isfinite(answer).all()
    assert answer @ right > 0


def test_gauss_newton_is_the_hessian_where_the_model_is_linear(logistic, ones, optimum):
    def curvature(outputs):
        chance = torch.sigmoid(outputs)
        return ones * chance * (1 - chance) / 200

    direction = torch.linspace(-1, 1, 6, dtype=torch.float64)
    product = gauss_newton_product(lambda theta: logistic.inputs @ theta, curvature, optimum)

    decay = DECAY * torch.eye(6, dtype=torch.float64)
    wanted = (logistic.hessian(optimum, ones) - decay) @ direction
    assert relative(product(direction), wanted) < 1e-12


def test_gauss_newton_is_positive_where_the_hessian_is_not():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    theta = torch.randn(15, generator=generator, dtype=torch.float64)

    def outputs(theta):
        return torch.tanh(inputs @ theta[:12].reshape(3, 4)) @ theta[12:15].repeat(2)[:4]

    def loss(theta):
        return (outputs(theta) - 1).square().sum() / 2

    product = gauss_newton_product(outputs, torch.ones_like, theta)
    unit = torch.eye(15, dtype=torch.float64)
    newton = torch.stack([product(row) for row in unit])
    hessian = torch.autograd.functional.hessian(loss, theta)

    assert torch.linalg.eigvalsh(hessian)[0] < -1e-3
    assert torch.linalg.eigvalsh((newton + newton.T) / 2)[0] > -1e-10


@pytest.mark.parametrize(("step", "bound"), [(1e-1, 5e-3), (1e-2, 5e-5), (1e-3, 5e-7)])
def test_two_forward_passes_give_all_alignments(logistic, optimum, step, bound):
    direction = torch.linspace(1, -1, 6, dtype=torch.float64)
    slopes = (torch.sigmoid(logistic.inputs @ optimum) - logistic.labels)[:, None]
    wanted = slopes * logistic.inputs @ direction

    got = alignments(logistic.losses, optimum, direction, step=step)

    assert relative(got, wanted) < bound


def test_nothing_to_improve_gives_a_zero_hypergradient(logistic, optimum):
    still = alignments(logistic.losses, optimum, torch.zeros(6, dtype=torch.float64))

    assert still.shape == (200,)
    assert not still.any()


def test_flipped_samples_rank_below_clean_ones(logistic, ones, optimum):
    hypergradient = implicit_hypergradient(logistic.bilevel(ones), optimum, EXACT)

    assert separation(-hypergradient, logistic.flipped) > 0.85


def test_hypergradient_follows_a_permutation_of_the_samples(logistic, ones, optimum):
    order = torch.randperm(200, generator=torch.Generator().manual_seed(1))
    shuffled = Logistic(**{**vars(logistic), "inputs": logistic.inputs[order]})
    shuffled.labels = logistic.labels[order]

    straight = implicit_hypergradient(logistic.bilevel(ones), optimum, EXACT)
    turned = implicit_hypergradient(shuffled.bilevel(ones), optimum, EXACT)

    assert relative(turned, straight[order]) < 1e-9


def test_duplicated_samples_get_equal_hypergradients(logistic, ones, optimum):
    inputs, labels = logistic.inputs.clone(), logistic.labels.clone()
    inputs[1], labels[1] = inputs[0], labels[0]
    doubled = Logistic(**{**vars(logistic), "inputs": inputs, "labels": labels})

    got = implicit_hypergradient(doubled.bilevel(ones), optimum, EXACT)

    assert got[0] == got[1]


def test_slope_of_the_logits_goes_through_the_normaliser(logistic, ones):
    logits = torch.linspace(-1, 1, 200, dtype=torch.float64, requires_grad=True)
    weights = weights_of(logits)
    start = logistic.solve(weights.detach())
    hypergradient = implicit_hypergradient(logistic.bilevel(weights.detach()), start, EXACT)
    (got,) = torch.autograd.grad((hypergradient * weights).sum(), logits)

    wanted = []
    for index in range(0, 200, 20):
        values = []
        for sign in (1, -1):
            moved = logits.detach().clone()
            moved[index] += sign * 1e-3
            values.append(logistic.outer(logistic.solve(weights_of(moved), start)))
        wanted.append((values[0] - values[1]) / 2e-3)

    assert relative(got[::20], torch.stack(wanted)) < 1e-4


def test_one_huge_slope_counts_little_more_than_the_others():
    slopes = torch.cat([torch.ones(99), torch.tensor([-1e6])])

    assert squashed(slopes).square().mean() == pytest.approx(1)
    assert squashed(slopes).abs().max() < 2 * squashed(slopes).abs().min()


def test_tamed_slopes_keep_sign_and_order_and_forget_their_unit():
    slopes = torch.linspace(-3, 3, 50, dtype=torch.float64)

    assert (squashed(slopes).sign() == slopes.sign()).all()
    assert (squashed(slopes).diff() > 0).all()
    assert torch.allclose(squashed(1e-6 * slopes), squashed(slopes))
    assert not squashed(torch.zeros(5)).any()


def learn_free_logits(logistic: Logistic, rounds: int = 150, penalty: float = 0.0):
    """Run the whole loop: solve, hypergradient, one step of the logits."""
    logits = torch.zeros(200, dtype=torch.float64, requires_grad=True)
    # Plain descent: Adam would blow the tiny slopes of a problem without fault up to full steps.
    optimizer = torch.optim.SGD([logits], lr=20)
    theta = torch.zeros(6, dtype=torch.float64)
    for _ in range(rounds):
        weights = weights_of(logits)
        theta = logistic.solve(weights.detach(), theta)
        problem = logistic.bilevel(weights.detach())
        slope = implicit_hypergradient(problem, theta, EXACT)
        limit = torch.quantile(slope.abs(), 0.95)
        slope = slope.clamp(-limit, limit)
        optimizer.zero_grad()
        ((slope * weights).sum() + penalty * spread_penalty(weights)).backward()
        optimizer.step()
    weights = weights_of(logits).detach()
    return weights, logistic.solve(weights, theta)


def test_the_whole_loop_finds_flipped_labels_and_helps():
    gains = []
    for seed in range(5):
        logistic = Logistic.draw(seed, outer=60)
        before = logistic.accuracy(logistic.solve(torch.ones(200, dtype=torch.float64)))

        weights, theta = learn_free_logits(logistic)

        flipped = logistic.flipped
        assert separation(weights, flipped) > 0.85
        assert weights[flipped].mean() / weights[~flipped].mean() < 0.4
        gains.append(logistic.accuracy(theta) - before)

    assert np.mean(gains) > 0.03


@pytest.mark.parametrize("seed", range(2))
def test_the_loop_leaves_clean_samples_alone(seed):
    logistic = Logistic.draw(seed, outer=60, share=0)
    before = logistic.accuracy(logistic.solve(torch.ones(200, dtype=torch.float64)))

    weights, theta = learn_free_logits(logistic, penalty=1e-2)

    assert weights.std() < 0.5
    assert before - logistic.accuracy(theta) < 0.025
