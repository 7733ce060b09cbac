"""A network of several products knows which one a photo shows, and what is normal for it."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.network import image_score  # noqa: E402 - needs torch
from anomsynth.bisqad.model.product_references import build_network  # noqa: E402 - needs torch
from anomsynth.bisqad.model.products import ProductFinder, places_of  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

ALONE = FeatureShapes((3, 4, 5), (4, 8, 16), 64)
SHAPES = replace(ALONE, products=2)
NUMBERS = torch.tensor([0, 1] * 10)


def draw(numbers, seed=0):
    """Return features of photos; those of product 1 are three times as far apart, around 4."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.as_tensor(numbers).view(-1, 1, 1, 1)
    return [
        (1 + 2 * which) * torch.randn(len(which), channels, side, side, generator=generator)
        + 4 * which
        for channels, side in zip(SHAPES.channels, (16, 8, 4), strict=True)
    ]


def build(kind, shapes=SHAPES, **options):
    detector = detectors.build({"kind": kind, **options})
    return build_network(detector, shapes, torch.Generator().manual_seed(1))


def learned(kind, **options):
    network = build(kind, **options)
    batches = [draw(NUMBERS), draw(NUMBERS, seed=1)]
    network.learn_products(lambda: batches, NUMBERS.repeat(2))
    network.learn_normal(lambda: batches)
    return network.eval().requires_grad_(requires_grad=False)


def of(product, features, numbers=NUMBERS):
    return [level[numbers == product] for level in features]


def test_a_photo_with_a_defect_is_still_of_its_product() -> None:
    finder = ProductFinder(SHAPES.channels, 2)
    finder.learn(finder.described(draw(NUMBERS)), NUMBERS)
    photos = draw([1, 0, 0, 1], seed=7)
    for level, side in zip(photos, (4, 2, 1), strict=True):
        level[:, :, :side, :side] -= 8

    assert finder(photos).tolist() == [1, 0, 0, 1]


def test_photos_of_one_product_may_be_of_several_sorts() -> None:
    finder = ProductFinder((2,), 2)

    def photos(means):
        return [torch.tensor(means).view(-1, 1, 1, 1).expand(-1, 2, 4, 4)]

    finder.learn(finder.described(photos([0.0, 0.1, 10.0, 10.1, 5.0, 5.1])), torch.arange(6) // 4)

    assert finder(photos([0.3, 9.0, 4.5])).tolist() == [0, 0, 1]


def test_a_product_that_is_hardly_there_is_taken_for_all() -> None:
    numbers = torch.tensor([0, 2, 0, 1, 0])

    assert places_of(0, numbers).tolist() == [0, 2, 4]
    assert places_of(1, numbers).tolist() == places_of(3, numbers).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("product", [0, 1])
def test_a_reference_measures_as_one_that_knows_this_product_alone(product) -> None:
    several, one = learned("nearest", patches=2000), build("nearest", ALONE, patches=2000)
    batches = [of(product, draw(NUMBERS, seed=seed)) for seed in (0, 1)]
    one.learn_normal(lambda: batches)
    asked = draw(NUMBERS, seed=3)

    found = several.side_maps(asked)[product == NUMBERS]

    # Its bank holds all places of these photos.
    torch.testing.assert_close(found, one.side_maps(of(product, asked)), rtol=1e-3, atol=1e-3)


def test_a_product_without_photos_is_measured_by_all() -> None:
    network = learned("gaussian")
    others = of(0, draw(NUMBERS))

    network.learn_normal(lambda: [others])

    found = network.side_maps(draw(NUMBERS, seed=3))
    assert torch.isfinite(found).all()
    assert found[NUMBERS == 0].mean() < found[NUMBERS == 1].mean()


def test_maps_have_the_unit_of_their_product() -> None:
    network = learned("bisqad", width=8)
    held = draw(NUMBERS, seed=5)
    network.scale_side_maps(network.side_maps(held), NUMBERS)

    network.settle(lambda: [held], [])

    scores = image_score(network.anomaly_map(held))
    for product in range(2):
        own = scores[product == NUMBERS]
        middle = own.median()
        assert float(middle) == pytest.approx(0, abs=1e-3)
        assert 1.4826 * float((own - middle).abs().median()) == pytest.approx(1, rel=1e-3)


def test_references_of_several_products_count_half_whatever_trusted_defects_say() -> None:
    network = learned("bisqad", width=8)
    held = draw(NUMBERS, seed=5)
    network.scale_side_maps(network.side_maps(held), NUMBERS)

    network.settle(lambda: [held], [(held, torch.ones(20, 16, 16))])

    assert network.get_buffer("weights").tolist() == [0.25, 0.25]


def test_a_decoder_of_several_products_begins_as_that_of_one() -> None:
    several, one = learned("pyramid", width=8), build("pyramid", ALONE, width=8)
    one.take_normal(several)
    photos = draw(NUMBERS, seed=3)

    torch.testing.assert_close(several(photos), one(photos))


@pytest.mark.parametrize("product", [0, 1])
def test_what_a_product_adds_to_the_decoder_is_learned_from_its_photos_alone(product) -> None:
    network = learned("pyramid", width=8).requires_grad_()

    network(of(product, draw(NUMBERS, seed=3))).square().mean().backward()

    own = [value.grad for name, value in network.named_parameters() if name.endswith("own")]
    assert len(own) == 3 + 3 + 1  # projections, blocks, head
    for slope in own:
        assert slope[product].abs().max() > 0
        assert slope[1 - product].abs().max() == 0


def test_one_product_has_the_tensors_it_always_had() -> None:
    state = build("bisqad", ALONE, width=8).state_dict()

    assert not [name for name in state if {"finder", "models", "own"} & set(name.split("."))]
    assert state["center"].shape == ()
    assert state["weights"].shape == (2,)
    assert state["mean0"].shape == (1, 3, 1, 1)
