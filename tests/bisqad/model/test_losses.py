"""The loss of a sample is its own, ranks maps as it should, and can be differentiated twice."""

import math

import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.model.losses import sample_losses, truth_at  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


def square(size=16, low=4, high=12):
    mask = torch.zeros(1, 1, size, size)
    mask[..., low:high, low:high] = 1
    return mask


def logits_like(mask, sure=4.0):
    return (2 * mask - 1) * sure


def test_loss_matches_the_equation_on_one_pixel() -> None:
    logits, truth = torch.tensor([[[[0.7]]]]), torch.tensor([[[[1.0]]]])
    p = 1 / (1 + math.exp(-0.7))
    entropy = -math.log(p)
    expected = 20 * (1 - p) ** 2 * entropy + 0.2 * entropy + 1 - (2 * p + 1) / (p * p + 2)

    assert float(sample_losses(logits, truth)) == pytest.approx(expected, rel=1e-6)


def test_right_maps_cost_less_than_blank_ones_and_those_less_than_wrong_ones() -> None:
    truth = square()
    right, blank, wrong = (
        float(sample_losses(logits, truth))
        for logits in (logits_like(truth), logits_like(truth * 0), logits_like(1 - truth))
    )

    assert right < 0.1 < blank < wrong


def test_loss_of_a_sample_does_not_depend_on_the_others() -> None:
    masks = torch.cat([square(), square(low=0, high=2), torch.zeros(1, 1, 16, 16)])
    logits = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))

    together = sample_losses(logits, masks)
    alone = torch.cat([sample_losses(logits[i : i + 1], masks[i : i + 1]) for i in range(3)])

    assert together.shape == (3,)
    assert torch.allclose(together, alone)


def test_normal_sample_costs_little_when_the_map_is_low_and_much_when_it_is_high() -> None:
    empty = torch.zeros(1, 1, 16, 16)

    assert float(sample_losses(empty - 5, empty)) < 0.01
    assert float(sample_losses(empty + 5, empty)) > 10


def test_small_defect_weighs_like_a_large_one_when_it_is_missed() -> None:
    small, large = square(64, 30, 33), square(64, 10, 50)
    blank = torch.full((1, 1, 64, 64), -3.0)

    # Without the Dice term the ratio is that of the areas, 1 : 178.
    assert float(sample_losses(blank, small)) > 0.9
    assert float(sample_losses(blank, large)) / float(sample_losses(blank, small)) < 25


def test_truth_of_any_size_is_averaged_over_the_cells() -> None:
    fine = torch.zeros(1, 8, 8, dtype=torch.bool)
    fine[0, :2, :4] = True

    truth = truth_at(torch.zeros(1, 1, 2, 2), fine)

    assert truth.tolist() == [[[[0.5, 0.0], [0.0, 0.0]]]]


def test_extreme_logits_stay_finite() -> None:
    truth = square()
    logits = (logits_like(1 - truth) * 1e4).requires_grad_()

    loss = sample_losses(logits, truth).sum()
    loss.backward()

    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_gradient_and_curvature_are_exact() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 3, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    masks = torch.zeros(2, 1, 3, 3)
    masks[0, 0, 0, 0] = 1

    assert torch.autograd.gradcheck(lambda z: sample_losses(z, masks), (logits,))
    assert torch.autograd.gradgradcheck(lambda z: sample_losses(z, masks), (logits,))


def test_other_number_of_masks_is_refused() -> None:
    with pytest.raises(ValueError, match="2 masks for 1 maps"):
        sample_losses(torch.zeros(1, 1, 4, 4), torch.zeros(2, 1, 4, 4))
