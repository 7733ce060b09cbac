"""Features of images are computed once, cached, and cost only the image that is broken."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.data.feature_cache import CachedExtractor  # noqa: E402 - needs torch
from anomsynth.bisqad.data.fresh import spoiled  # noqa: E402 - needs torch
from anomsynth.bisqad.data.item import Item  # noqa: E402 - needs torch
from anomsynth.bisqad.data.pool import Extractor  # noqa: E402 - needs torch
from anomsynth.bisqad.data.samples import find_split  # noqa: E402 - needs torch
from anomsynth.bisqad.options import TrainOptions  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@pytest.fixture
def split(tmp_path, write_dataset):
    return find_split(write_dataset(tmp_path), TrainOptions())


class Colours(torch.nn.Module):
    """A backbone that only averages: its features can be checked by hand."""

    name, channels, strides = "colours", (3,), (4,)

    def forward(self, images):
        self.seen = len(images)
        return [torch.nn.functional.avg_pool2d(images, 4)]


@pytest.fixture
def extract(tmp_path):
    skipped: list[tuple[Item, Exception]] = []

    def extract(items, cache=None, **how):
        extractor = Extractor(
            Colours(), 64, torch.device("cpu"), False, tmp_path,
            lambda item, error: skipped.append((item, error)), lambda: None,
        )  # fmt: skip
        return CachedExtractor(extractor, cache).pool(items, **how)

    extract.skipped = skipped
    return extract


def test_a_corrupt_image_costs_only_itself(tmp_path, extract, split) -> None:
    split.normals[3].image.write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    pool = extract(split.normals)

    assert len(pool) == 11
    assert [item for item, _ in extract.skipped] == [split.normals[3]]
    assert pool.items[3] == split.normals[4]
    assert torch.equal(pool.levels[0][:, 3], extract([split.normals[4]]).levels[0][:, 0])


def test_an_empty_mask_is_no_defect(tmp_path, extract, split) -> None:
    write_png(split.defects[0].mask, np.zeros((48, 40), np.uint8), tmp_path)

    assert len(extract(split.defects)) == len(split.defects) - 1
    assert "marks nothing" in str(extract.skipped[0][1])


def test_views_turn_image_and_mask_together(tmp_path, extract, split) -> None:

    pool = extract(split.defects, views=3)

    index = torch.arange(len(pool))
    for view in range(3):
        batch = pool.batch(index, torch.full_like(index, view))
        grey, inside = batch.features[0].mean(1), batch.masks
        dark = (grey * inside).sum((1, 2)) / inside.sum((1, 2))
        around = (grey * (1 - inside)).sum((1, 2)) / (1 - inside).sum((1, 2))
        assert (dark < 0.6 * around).all()
    assert not torch.equal(pool.masks[0], pool.masks[1])


def test_features_come_back_from_the_cache_unless_something_changed(
    tmp_path, extract, split
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()

    first = extract(split.defects, cache, views=2)
    again = extract(split.defects, cache, views=2)
    faulty = spoiled(split.defects, {split.defects[0].id: "filled"}, seed=0)
    other = extract(faulty, cache, views=2)

    assert torch.equal(again.levels[0], first.levels[0])
    assert torch.equal(again.masks, first.masks)
    assert again.items == first.items
    assert not torch.equal(other.levels[0], first.levels[0])
    assert len(list(cache.iterdir())) == 2


def test_features_of_many_images_lie_in_a_file(tmp_path, extract, monkeypatch, split) -> None:
    inside = extract(split.defects)
    monkeypatch.setattr("anomsynth.bisqad.data.pool.MOST_MEMORY", 1000)

    outside = extract(split.defects)

    assert torch.equal(outside.levels[0], inside.levels[0])


def test_a_pool_takes_over_the_images_of_another(tmp_path, extract, split) -> None:
    pool, other = extract(split.defects), extract(split.defects[:2])
    place = torch.tensor([5, 7])

    pool.replace(place, other)

    assert pool.items[5] == split.defects[0]
    assert torch.equal(pool.levels[0][:, place], other.levels[0])
