"""The detector is a smooth function of its parameters, without hidden state or randomness."""

import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes  # noqa: E402 - needs torch
from anomsynth.bisqad.model.decoder import Decoder  # noqa: E402 - needs torch
from anomsynth.bisqad.model.losses import sample_losses  # noqa: E402 - needs torch
from anomsynth.bisqad.model.network import image_score  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

CHANNELS = (6, 8, 10)
SHAPES = FeatureShapes(CHANNELS, (4, 8, 16))


def make_features(count=2, size=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn((count, channels, size >> level, size >> level), generator=generator)
        for level, channels in enumerate(CHANNELS)
    ]


def test_map_has_stride_4_for_every_kind_of_backbone() -> None:
    pyramid = Decoder(SHAPES, 8)
    column = Decoder(FeatureShapes((5, 5, 5), (16, 16, 16)), 8)

    assert pyramid(make_features(size=8)).shape == (2, 1, 8, 8)
    assert column([torch.zeros(2, 5, 4, 6)] * 3).shape == (2, 1, 16, 24)


def test_odd_sizes_fit_together() -> None:
    features = [torch.zeros(1, c, s, s) for c, s in zip(CHANNELS, (13, 7, 4), strict=True)]

    assert Decoder(SHAPES, 8)(features).shape == (1, 1, 13, 13)


def test_same_generator_gives_same_weights_and_leaves_the_global_one_alone() -> None:
    before = torch.random.get_rng_state()
    one, two = (Decoder(SHAPES, 8, generator=torch.Generator().manual_seed(5)) for _ in "ab")
    other = Decoder(SHAPES, 8, generator=torch.Generator().manual_seed(6))

    assert torch.equal(before, torch.random.get_rng_state())
    for name, values in one.state_dict().items():
        assert torch.equal(values, two.state_dict()[name])
    assert not torch.equal(one.lateral[0].weight, other.lateral[0].weight)


def test_first_map_says_that_defects_are_rare() -> None:
    shares = torch.sigmoid(Decoder(SHAPES, 8)(make_features(count=4, size=16)).detach())

    assert 0.01 < float(shares.mean()) < 0.15


def test_training_mode_changes_nothing_by_itself() -> None:
    detector, features = Decoder(SHAPES, 8), make_features()

    assert torch.equal(detector.train()(features), detector.eval()(features))
    assert {name for name, _ in detector.named_buffers()} == {
        *(f"{part}{level}" for part in ("mean", "scale") for level in range(3)),
        *("center", "spread"),
    }


def test_map_of_an_image_does_not_depend_on_its_batch() -> None:
    detector, features = Decoder(SHAPES, 8), make_features(count=3)

    alone = detector([level[1:2] for level in features])

    assert torch.allclose(detector(features)[1:2], alone, atol=1e-5)


def test_every_level_matters() -> None:
    detector, features = Decoder(SHAPES, 8), make_features()
    before = detector(features)

    for level in range(3):
        changed = [values.clone() for values in features]
        changed[level][:, :, 0, 0] += 3
        assert not torch.allclose(detector(changed), before)


def test_normalisation_is_that_of_all_batches_together() -> None:
    detector = Decoder(SHAPES, 8)
    batches = [make_features(count=2, seed=1), make_features(count=3, seed=2)]
    batches[1][0] += 5

    detector.normalise_by(batches)

    together = torch.cat([batch[0] for batch in batches])
    assert torch.allclose(detector.mean0[0, :, 0, 0], together.mean((0, 2, 3)), atol=1e-5)
    expected = together.std((0, 2, 3), correction=0) + 1e-4
    assert torch.allclose(detector.scale0[0, :, 0, 0], expected, atol=1e-5)


def test_normalised_detector_does_not_see_gain_and_offset_of_features() -> None:
    plain, scaled = Decoder(SHAPES, 8), Decoder(SHAPES, 8)
    features = make_features(count=4)
    louder = [values * 7 + 3 for values in features]
    plain.normalise_by([features])
    scaled.normalise_by([louder])

    assert torch.allclose(plain(features), scaled(louder), atol=1e-3)


def test_normalising_by_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="normal photos"):
        Decoder(SHAPES, 8).normalise_by([])


def test_drop_out_is_drawn_outside_and_keeps_the_mean() -> None:
    detector = Decoder(SHAPES, 8)
    generator = torch.Generator().manual_seed(3)

    keep = detector.draw_keep(2000, generator, share=0.25)
    again = detector.draw_keep(2000, torch.Generator().manual_seed(3), share=0.25)

    assert keep[0].unique().tolist() == pytest.approx([0, 4 / 3])
    assert float(keep[0].mean()) == pytest.approx(1, abs=0.02)
    assert all(torch.equal(*pair) for pair in zip(keep, again, strict=True))
    assert not torch.equal(keep[0], keep[1])


def test_dropped_channels_change_the_map() -> None:
    detector, features = Decoder(SHAPES, 8), make_features()
    keep = [torch.ones(2, 8, 1, 1) for _ in CHANNELS]
    same = detector(features, keep)
    keep[1][0, :4] = 0

    changed = detector(features, keep)

    assert torch.equal(same, detector(features))
    assert not torch.allclose(changed[0], same[0])
    assert torch.allclose(changed[1], same[1], atol=1e-6)


def test_curvature_by_autograd_agrees_with_differences_of_gradients() -> None:
    detector = Decoder(SHAPES, 8).double()
    features = [values.double() for values in make_features(size=4)]
    masks = torch.zeros(2, 1, 4, 4)
    masks[0, 0, :2, :2] = 1
    start = {name: value.detach().clone() for name, value in detector.named_parameters()}
    generator = torch.Generator().manual_seed(1)
    way = {
        name: torch.randn(value.shape, generator=generator, dtype=value.dtype)
        for name, value in start.items()
    }

    def gradient(parameters, **options):
        leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        logits = torch.func.functional_call(detector, leaves, (features,))
        loss = sample_losses(logits, masks).sum()
        return leaves, torch.autograd.grad(loss, list(leaves.values()), **options)

    leaves, slope = gradient(start, create_graph=True)
    along = sum((part * step).sum() for part, step in zip(slope, way.values(), strict=True))
    product = torch.autograd.grad(along, list(leaves.values()))

    step = 1e-6
    _, up = gradient({name: value + step * way[name] for name, value in start.items()})
    _, down = gradient({name: value - step * way[name] for name, value in start.items()})
    for exact, high, low in zip(product, up, down, strict=True):
        assert torch.allclose(exact, (high - low) / (2 * step), rtol=1e-4, atol=1e-4)
    assert sum(float(values.square().sum()) for values in product) > 0.1


def test_image_score_is_the_mean_of_the_highest_places() -> None:
    logits = torch.tensor([[[[1.0, 9.0], [5.0, 7.0]]], [[[0.0, 0.0], [-2.0, 3.0]]]])

    assert image_score(logits, top=2).tolist() == [8.0, 1.5]
    assert image_score(logits, top=99).tolist() == [5.5, 0.25]
