"""A decoder is told of the normal, and says what it knows in one unit."""

import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.hybrid import INPUT_RANGE  # noqa: E402 - needs torch
from anomsynth.bisqad.model.network import image_score  # noqa: E402 - needs torch
from anomsynth.errors import RecipeError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((3, 4, 5), (4, 8, 16), 64)


def draw(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(count, channels, side, side, generator=generator)
        for channels, side in zip(SHAPES.channels, (16, 8, 4), strict=True)
    ]


def build(*, inputs):
    made = detectors.build({"kind": "bisqad", "width": 8, "inputs": inputs})
    built = made.build(SHAPES, torch.Generator().manual_seed(1))
    built.learn_normal(lambda: [draw(12)])
    one = torch.zeros(12, dtype=torch.int64)
    built.scale_side_maps(built.side_maps(draw(12, seed=1)), one)
    return built.eval().requires_grad_(requires_grad=False)


@pytest.fixture
def network():
    return build(inputs=False)


@pytest.fixture
def told():
    return build(inputs=True)


def marked(count=6):
    """Return features with a square far from anything normal, and its mask."""
    features = draw(count, seed=3)
    masks = torch.zeros(count, 16, 16)
    masks[:, 4:12, 4:12] = 1
    for level, side in zip(features, (4, 2, 1), strict=True):
        level[:, :, side : 3 * side, side : 3 * side] += 6
    return features, masks


def test_distances_reach_a_decoder_that_is_told_scaled_and_bounded(told, monkeypatch) -> None:
    seen = []
    forward = told.decoder.forward
    monkeypatch.setattr(told.decoder, "forward", lambda features, keep=None: (
        seen.append(features[-1]), forward(features, keep))[1])  # fmt: skip

    told(draw(40, seed=2))
    told([100 * level for level in draw(2)])

    ordinary, gross = seen
    assert ordinary.shape == (40, 2, 8, 8)
    assert ordinary.median(dim=0).values.abs().mean() < 0.3
    assert gross.max() == INPUT_RANGE[1]


def test_what_the_references_say_moves_a_decoder_that_is_told(network, told) -> None:
    features = draw(3)
    own = told.side_maps(features)

    assert not torch.equal(told([*features, own]), told([*features, own + 1]))
    assert torch.equal(network([*features, own]), network([*features, own + 1]))
    assert torch.equal(network([*features, own]), network(features))


def test_every_part_is_in_units_of_good_photos(network) -> None:
    network.settle(lambda: [draw(30, seed=5), draw(30, seed=6)], [marked()])

    parts = network.parts([torch.cat(pair) for pair in zip(draw(30, 5), draw(30, 6), strict=True)])
    combined = network.anomaly_map(draw(30, seed=5))

    scores = image_score(parts[:, :1])
    assert float(scores.median()) == pytest.approx(0, abs=1e-4)
    assert 1.4826 * float((scores - scores.median()).abs().median()) == pytest.approx(1, rel=1e-3)
    assert float(image_score(combined).median()) == pytest.approx(0, abs=0.5)


def test_an_untrained_decoder_leaves_it_to_the_references(network) -> None:
    features, masks = marked()

    network.settle(lambda: [draw(30, seed=5)], [(features, masks)])

    found = network.anomaly_map(features)[:, 0]
    assert network.get_buffer("weights").sum() == 1
    assert found[:, 6:10, 6:10].mean() > found[:, :2].mean() + 3


def test_references_are_not_trained(network) -> None:
    names = {name for name, _ in network.named_parameters()}

    assert names == {f"decoder.{name}" for name, _ in network.decoder.named_parameters()}


@pytest.mark.parametrize(
    ("references", "message"),
    [(["gaussiam"], "gaussian"), (["pyramid"], "no model of what is normal"), ([], "at least 1")],
)
def test_references_must_be_models_of_the_normal(references, message) -> None:
    with pytest.raises(RecipeError, match=message):
        detectors.build({"kind": "bisqad", "references": references})
