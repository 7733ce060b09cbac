"""Maps beside the features are of networks that have not seen the photo."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from anomsynth.bisqad.data.item import Item  # noqa: E402 - needs torch
from anomsynth.bisqad.data.pool import Pool, mirrored_axes  # noqa: E402 - needs torch
from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.training.side_maps import SideMaps  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((6, 6, 6), (4, 8, 16), 64)


def make_pool(count, seed=0) -> Pool:
    generator = torch.Generator().manual_seed(seed)
    levels = [
        torch.randn(2, count, 6, side, side, generator=generator).half() for side in (16, 8, 4)
    ]
    items = tuple(Item(str(nth), "tile", "good", None) for nth in range(count))
    masks = torch.zeros(2, count, 16, 16, dtype=torch.uint8)
    return Pool(items, levels, masks, torch.zeros(count, 0), torch.device("cpu"))


def network(kind="nearest"):
    return detectors.build({"kind": kind}).build(SHAPES, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("count", [2, 3, 9])
def test_a_photo_is_measured_by_what_others_taught(count) -> None:
    pool = make_pool(count)
    made = network()

    SideMaps(made).learn(pool)

    assert pool.levels[-1].shape == (2, count, 1, 8, 8)
    own = made.side_maps([level[0].float() for level in pool.levels[:3]])
    assert own.max() < 0.01  # each of its places is in the bank
    assert pool.levels[-1][0].min() > 0.1


def test_other_photos_are_measured_by_the_network_itself() -> None:
    pool, other = make_pool(9), make_pool(4, seed=5)
    made = network("gaussian")
    side_maps = SideMaps(made)
    side_maps.learn(pool)

    side_maps.add(other)

    found = made.side_maps([level[0].float() for level in other.levels[:3]])
    assert torch.allclose(other.levels[-1][0].float(), found, rtol=1e-3)


def test_maps_of_a_mirrored_view_are_mirrored_like_the_photo() -> None:
    mirrored = [mirrored_axes(item, 1) for item in make_pool(9).items]
    seen = make_pool(9, seed=5)
    for level in seen.levels:  # the second view is the first one, mirrored
        for nth, axes in enumerate(mirrored):
            level[1, nth] = level[0, nth].flip(axes)
    made = network()  # does not mind where a place lies
    side_maps = SideMaps(made)
    side_maps.learn(make_pool(9))

    side_maps.add(seen)

    found = made.side_maps([level[1].float() for level in seen.levels[:3]])
    assert torch.allclose(seen.levels[-1][1].float(), found, atol=2e-3)
    assert {tuple(axes) for axes in mirrored} == {(-1,), (-2,), (-1, -2)}


def test_a_network_without_side_maps_gets_features_alone() -> None:
    pool = make_pool(5)

    SideMaps(network("pyramid")).learn(pool)

    assert len(pool.levels) == 3
