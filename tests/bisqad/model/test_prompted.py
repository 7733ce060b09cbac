"""A photo is restored beside another one, to what it was before, and what is left is refined."""

import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.losses import sample_losses  # noqa: E402 - needs torch
from anomsynth.bisqad.model.network import image_score  # noqa: E402 - needs torch
from anomsynth.bisqad.model.prompted import REFINED  # noqa: E402 - needs torch
from anomsynth.errors import RecipeError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((6, 10), (8, 16), 128)
SIDE, DEPTH = 8, 16


def draw(count, seed=0, level=0.0):
    drawn = torch.Generator().manual_seed(seed)
    return [
        level + torch.randn(count, channels, side, side, generator=drawn)
        for channels, side in zip(SHAPES.channels, (16, 8), strict=True)
    ]


def made(photos, **options):
    small = {"kind": "onenip", "width": 16, "layers": 1, "window": 3, "prompts": 2, **options}
    network = detectors.build(small).build(SHAPES, torch.Generator().manual_seed(1))
    half = len(photos[0]) // 2
    network.learn_normal(lambda: [[one[:half] for one in photos], [one[half:] for one in photos]])
    return network


def both(one, other):
    return [torch.cat(pair) for pair in zip(one, other, strict=True)]


def test_prompts_are_the_good_photos_that_differ_most() -> None:
    photos = both(draw(5, 1), draw(5, 2, level=6.0))  # as two categories

    network = made(photos)

    places = network.joined(photos, SIDE).flatten(2).transpose(1, 2)
    kept = network.get_buffer("prompts").float()
    found = [int((places - one).abs().mean((1, 2)).argmin()) for one in kept]
    assert len({at // 5 for at in found}) == 2
    assert all(
        torch.allclose(places[at], one, atol=5e-3) for at, one in zip(found, kept, strict=True)
    )


def test_the_prompt_is_the_most_similar_one_and_never_what_is_to_be_restored() -> None:
    photos = both(draw(5, 1), draw(5, 2, level=6.0))
    network = made(photos)
    kept = network.get_buffer("prompts").float()
    new = network.joined(draw(2, 7, level=6.0), SIDE).flatten(2).transpose(1, 2)

    chosen, instead = network.chosen(new), network.chosen(kept, kept)

    like = int((new.mean((0, 1)) - kept.mean(1)).square().sum(1).argmin())
    assert torch.equal(chosen, kept[[like, like]])
    assert torch.equal(instead, kept.flip(0))


def test_the_loss_is_of_the_photo_before_and_of_the_refined_map() -> None:
    network = made(draw(8))
    features, before, masks = draw(3, 5), draw(3, 6), torch.zeros(3, 32, 32)
    masks[1, 4:20, 8:16] = 1

    found = network.losses(features, masks, before=before)

    places, target = (
        network.joined(one, SIDE).flatten(2).transpose(1, 2) for one in (features, before)
    )
    restored = network.restored(places, network.chosen(places, target))
    grid = (restored - places).abs().transpose(1, 2).unflatten(2, (SIDE, SIDE))
    refined = network.refiner(grid)
    expected = (restored - target).square().mean((1, 2)) + REFINED * sample_losses(refined, masks)
    assert refined.shape == (3, 1, 32, 32)
    assert torch.allclose(found, expected, atol=1e-4)


@torch.no_grad()
def test_a_map_is_the_mean_of_both_in_units_of_good_photos() -> None:
    network = made(draw(8))
    good, asked = draw(30, 3), draw(2, 4)

    network.settle(lambda: [good], [])

    scores = image_score(network.anomaly_map(good))
    assert float(scores.median()) == pytest.approx(0, abs=1e-4)
    assert 1.4826 * float(scores.abs().median()) == pytest.approx(1, rel=1e-3)
    parts, known = (network.parts(one) for one in (asked, good))
    units = []
    for nth in range(2):
        own = image_score(known[:, nth : nth + 1])
        spread = 1.4826 * (own - own.median()).abs().median()
        units.append((parts[:, nth : nth + 1] - own.median()) / spread)
    mean = (units[0] + units[1]) / 2
    expected = (mean - network.get_buffer("center")) / network.get_buffer("spread")
    assert torch.allclose(network.anomaly_map(asked), expected, atol=1e-3)


def test_what_differs_from_the_prompt_is_restored_to_it_after_learning() -> None:
    """With one common look and defects on it, a few steps teach to restore the look."""
    common = draw(1, 9)
    photos = [one + 0.1 * other for one, other in zip(common, draw(8), strict=True)]
    network = made(photos)
    marked = [one.clone() for one in photos]
    masks = torch.zeros(8, 32, 32)
    marked[0][:, :, 4:8, 4:8] += 4
    marked[1][:, :, 2:4, 2:4] += 4
    masks[:, 8:16, 8:16] = 1
    adam = torch.optim.AdamW(network.parameters(), lr=3e-3)

    for _ in range(36):
        loss = network.losses(marked, masks, before=photos).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()

    maps = network.parts(marked).detach()
    inside = masks[:, None] > 0
    refined, away = maps[:, :1], maps[:, 1:]
    assert refined[inside].mean() > refined[~inside].mean() + 3
    assert away[inside].mean() > 2 * away[~inside].mean()


@pytest.mark.parametrize(
    ("field", "value"), [("window", 4), ("jitter", -1), ("layers", 0), ("prompts", 0)]
)
def test_rejects_bad_parameters(field, value) -> None:
    with pytest.raises(RecipeError, match=field):
        detectors.build({"kind": "onenip", field: value})
