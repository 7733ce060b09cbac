"""The learned quality is small, starts neutral, and sees what is wrong with a sample."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.model.quality_inputs import (  # noqa: E402 - needs torch
    TERM_NAMES,
    logit,
    pool_features,
    pooled_names,
    term_measure,
)
from anomsynth.bisqad.model.sqe_net import SOUND, SqeNet  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

NORMAL = [(torch.zeros(1, 8, 1, 1), torch.ones(1, 8, 1, 1)) for _ in range(2)]


def test_has_one_parameter_for_each_term_and_starts_with_the_given_score() -> None:
    names = (*TERM_NAMES, *pooled_names(3))
    inputs = torch.randn(9, len(names))
    net = SqeNet(names)

    assert sum(value.numel() for value in net.parameters()) == len(names)
    assert torch.allclose(net(inputs), SOUND + inputs[:, TERM_NAMES.index("score")])


def test_starts_with_equal_quality_where_no_score_is_given() -> None:
    assert (SqeNet("abc")(torch.randn(9, 3)) == SOUND).all()


def test_outliers_and_constants_do_not_upset_the_inputs() -> None:
    inputs = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    inputs[:, 1] = 7
    net = SqeNet("ab")
    net.standardise_by(inputs)
    with torch.no_grad():
        net.straight.fill_(1)

    far = net(torch.tensor([[1e9, 7.0], [1e3, 7.0]]))

    assert torch.isfinite(far).all()
    assert far[0] == far[1]


def make_features(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(1, 8, side, side, generator=generator) for side in (32, 16)]


def describe(features, mask) -> dict[str, float]:
    row = pool_features(features, mask, NORMAL)[0]
    return dict(zip(pooled_names(2), row.tolist(), strict=True))


def test_pooled_features_tell_a_shifted_mask_from_a_right_one() -> None:
    features = make_features()
    mask, shifted = torch.zeros(1, 32, 32), torch.zeros(1, 32, 32)
    mask[:, 4:12, 4:12] = 1
    shifted[:, 20:28, 18:26] = 1
    features[0][:, :, 4:12, 4:12] += 4

    right, wrong = describe(features, mask), describe(features, shifted)

    assert right["level0_inside"] > wrong["level0_inside"] + 1
    assert right["level0_contrast"] > wrong["level0_contrast"] + 1
    assert right["level0_elsewhere"] < wrong["level0_elsewhere"] - 0.5


def test_pooled_features_see_a_flat_fill() -> None:
    features = make_features()
    mask = torch.zeros(1, 32, 32)
    mask[:, 4:16, 4:16] = 1
    before = describe(features, mask)
    features[0][:, :, 4:16, 4:16] = 4

    assert describe(features, mask)["level0_spread"] < before["level0_spread"] - 2


def test_pooled_features_are_finite_for_a_tiny_and_a_full_mask() -> None:
    dot, full = torch.zeros(1, 32, 32), torch.ones(1, 32, 32)
    dot[0, 0, 0] = 0.004

    for mask in (dot, full):
        assert torch.isfinite(pool_features(make_features(), mask, NORMAL)).all()


def disc(shape=(64, 64), center=(20, 24), radius=9) -> np.ndarray:
    rows, cols = np.indices(shape)
    return np.hypot(rows - center[0], cols - center[1]) < radius


def test_terms_come_as_logits_in_the_order_of_their_names() -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(120, 6, (64, 64, 1)).astype(np.uint8)
    image[disc()] -= 50

    terms = term_measure()(image, disc())

    assert len(terms) == len(TERM_NAMES)
    assert all(abs(value) < 4.7 for value in terms)


def test_logits_stay_finite_at_both_ends() -> None:
    assert logit(0.5) == 0
    assert -5 < logit(0) < -4 < 4 < logit(1) < 5
