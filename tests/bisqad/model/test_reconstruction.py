"""Features are restored from places that a mask lets through, with noise and gates as stated."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.attention import Attention, jittered, neighbour_mask  # noqa: E402 - needs torch
from anomsynth.bisqad.model.reconstruction import (  # noqa: E402 - needs torch
    GATED,
    chessboard,
)
from anomsynth.bisqad.model.restorer import Restorer, RestorerSizes  # noqa: E402 - needs torch
from anomsynth.errors import RecipeError, UserError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((6, 10), (8, 16), 128)
SIDE, DEPTH = 8, 16


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def draw(count, seed=0):
    sides = (16, 8)
    drawn = generator(seed)
    return [
        torch.randn(count, channels, side, side, generator=drawn)
        for channels, side in zip(SHAPES.channels, sides, strict=True)
    ]


def built(**options):
    small = {"kind": "reconstruction", "width": 16, "layers": 1, "window": 3, **options}
    return detectors.build(small)


def made(**options):
    return built(**options).build(SHAPES, generator())


def is_near(window, side=SIDE):
    at = np.arange(side**2)
    rows, cols = at // side, at % side
    reach = (window - 1) // 2
    near_rows = np.abs(rows[:, None] - rows) <= reach
    return near_rows & (np.abs(cols[:, None] - cols) <= reach)


@pytest.mark.parametrize("window", [1, 3, 5])
def test_attention_has_no_gradient_inside_the_window(window) -> None:
    attention, unseen = Attention(16, generator()), neighbour_mask(SIDE, window)
    places = torch.randn(1, SIDE**2, 16, generator=generator(1), requires_grad=True)

    found = attention(torch.ones_like(places), places, places, unseen)

    slopes = torch.stack(
        [
            torch.autograd.grad(found[0, at].square().sum(), places, retain_graph=True)[0][0]
            for at in range(SIDE**2)
        ]
    ).abs()
    near = torch.from_numpy(is_near(window))
    assert (slopes.sum(2)[near] == 0).all()  # exactly
    assert (slopes.sum(2)[~near] > 0).all()


def test_what_the_decoder_restores_does_not_see_the_window_of_encoded_places() -> None:
    restorer = Restorer(RestorerSizes(SIDE, DEPTH, 16, 1, 5), generator())
    memory = torch.randn(1, SIDE**2, 16, generator=generator(1), requires_grad=True)

    at = 3 * SIDE + 4
    (slope,) = torch.autograd.grad(restorer.decoded(memory)[0, at].sum(), memory)

    near = torch.from_numpy(is_near(5)[at])
    assert (slope[0, near] == 0).all()
    assert (slope[0, ~near].abs().sum(1) > 0).all()


@pytest.mark.parametrize("side", [2, 3, 4, 5, 9])
def test_every_place_sees_another_however_large_the_window(side) -> None:
    unseen = neighbour_mask(side, 99)

    assert (unseen == 0).any(1).all()
    assert neighbour_mask(side, 0).eq(0).all()


def test_a_query_is_the_same_for_all_photos_and_one_to_a_layer() -> None:
    restorer = Restorer(RestorerSizes(SIDE, DEPTH, 16, 3, 3), generator())

    queries = [layer.query for layer in restorer.decoder]

    assert [tuple(query.shape) for query in queries] == 3 * [(SIDE**2, 16)]
    assert not torch.equal(queries[0], queries[1])


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_the_rms_of_the_jitter_is_the_length_of_features_over_their_number(scale) -> None:
    places = torch.randn(4, 30, DEPTH, generator=generator()) * torch.arange(1, 31)[:, None]
    noise = torch.randn(3000, 4, 30, DEPTH, generator=generator(1))

    change = jittered(places, scale, noise) - places

    found = change.square().mean((0, 3)).sqrt()
    expected = scale * places.norm(dim=-1) / DEPTH
    np.testing.assert_allclose(found, expected, rtol=0.03)


@pytest.mark.parametrize("options", [{}, {"masks": [1, 2]}])
def test_distances_are_what_is_not_restored_in_units_of_good_photos(options) -> None:
    network = made(**options)
    good = network.places(draw(12, seed=3))
    network.take_left([good[:5], good[5:]])
    places = network.places(draw(2))

    squares, known = network.unrestored(places), network.unrestored(good)

    expected = (squares / known.mean((0, 1))).mean(2).sqrt()
    if not options:
        restored, _ = network.restored(places)
        assert torch.equal(squares, (restored - places).square())
    assert float(network.distances(good).detach().square().mean()) == pytest.approx(1, rel=1e-4)
    assert torch.allclose(network.distances(places), expected, atol=1e-5)
    assert places.shape == (2, SIDE**2, DEPTH)


def test_blocks_hide_every_place_once_at_each_size() -> None:
    network = made(masks=[1, 2, 4])
    hidden = network.get_buffer("hidden").numpy()

    assert hidden.shape == (6, SIDE**2)
    assert (hidden[:3] ^ hidden[3:]).all()  # complementary
    assert (hidden.mean(1) == 0.5).all()
    board = chessboard(SIDE, 2).view(SIDE, SIDE)
    assert board[:4, :4].tolist() == 2 * [[False, False, True, True]] + 2 * [
        [True, True, False, False]
    ]


def test_distances_are_taken_where_places_are_hidden() -> None:
    network = made(masks=[1, 2], window=0)
    places = network.places(draw(1))

    found = network.distances(places).detach()

    expected = torch.zeros(1, SIDE**2)
    for cover in network.get_buffer("hidden"):
        restored, _ = network.restored(places, cover)
        expected[:, cover] += (restored - places).square().mean(2)[:, cover] / 2
    assert torch.allclose(found, expected.sqrt(), atol=1e-5)


def test_hidden_places_tell_nothing() -> None:
    network = made(masks=[2], window=0)
    places = network.places(draw(1))
    cover = network.get_buffer("hidden")[0]
    changed = torch.where(cover[:, None], places + 5, places)

    one, other = (network.restored(given, cover)[0] for given in (places, changed))

    assert torch.equal(one, other)


def test_the_gate_is_told_by_masks_and_only_good_places_are_restored() -> None:
    network = made(gate=True)
    features, masks = draw(2), torch.zeros(2, 32, 32)
    masks[1, 8:16] = 1

    found = network.losses(features, masks)

    places = network.places(features)
    restored, open_to = network.restored(places)
    wrong = (restored - places).square().mean(2)
    good = torch.ones(2, SIDE, SIDE)
    good[1, 2:4] = 0
    good = good.flatten(1)
    told = -(good * torch.sigmoid(open_to).log() + (1 - good) * torch.sigmoid(-open_to).log())
    expected = (wrong * good).sum(1) / good.sum(1) + GATED * told.mean(1)
    assert torch.allclose(found, expected, atol=1e-4)


def test_a_closed_gate_lets_nothing_through() -> None:
    network = made(gate=True)
    with torch.no_grad():
        network.gate.second.bias.fill_(-1e4)
    one, other = (network.restored(network.places(draw(1, seed=seed)))[0] for seed in (0, 1))

    assert torch.allclose(one, other, atol=1e-5)


def test_noise_and_covers_are_drawn_not_hidden() -> None:
    network = made(masks=[1, 2])
    features, masks = draw(3), torch.zeros(3, 32, 32)

    keeps = [network.draw_keep(3, generator(seed)) for seed in (1, 1, 2)]

    losses = [network.losses(features, masks, keep) for keep in keeps]
    assert torch.equal(losses[0], losses[1])
    assert not torch.equal(losses[0], losses[2])


def test_as_a_part_it_learns_in_one_go_and_is_still_from_then_on(monkeypatch) -> None:
    monkeypatch.setattr("anomsynth.bisqad.model.reconstruction_part.STEPS", 150)
    common, photos = draw(1, seed=7), draw(12)
    photos = [one + 0.1 * other for one, other in zip(common, photos, strict=True)]
    parts = [built().build_part(SHAPES, generator()) for _ in range(2)]
    before = parts[0].side_maps(photos)

    for part in parts:
        part.learn_normal(
            lambda: [[level[:6] for level in photos], [level[6:] for level in photos]]
        )

    assert list(parts[0].parameters()) == []
    one, other = (part.state_dict() for part in parts)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    after = parts[0].side_maps(photos)
    assert after.shape == (12, 1, 2 * SIDE, 2 * SIDE)  # as all references give them
    assert not after.requires_grad
    assert after.mean() < 0.9 * before.mean()


def test_it_stands_beside_other_references(monkeypatch) -> None:
    monkeypatch.setattr("anomsynth.bisqad.model.reconstruction_part.STEPS", 30)
    both = {"kind": "bisqad", "width": 8, "references": ["reconstruction", "prototypes"]}
    network = detectors.build(both).build(SHAPES, generator())
    photos = draw(6)

    network.learn_normal(lambda: [photos])

    assert network.side_maps(photos).shape == (6, 2, 2 * SIDE, 2 * SIDE)
    assert all("references" not in name for name, _ in network.named_parameters())


@pytest.mark.parametrize(
    ("field", "value"),
    [("window", 4), ("jitter", -1), ("layers", 0), ("width", 12), ("masks", [0])],
)
def test_rejects_bad_parameters(field, value) -> None:
    with pytest.raises(RecipeError, match=field):
        detectors.build({"kind": "reconstruction", field: value})


def test_a_gate_is_refused_where_nothing_learns_defects() -> None:
    with pytest.raises(UserError, match="learns no defects"):
        built(gate=True).build_part(SHAPES, generator())
