"""What is learned from, what is kept apart, and what cannot be trained on."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.data.feature_cache import CachedExtractor  # noqa: E402 - needs torch
from anomsynth.bisqad.data.pool import Extractor  # noqa: E402 - needs torch
from anomsynth.bisqad.data.samples import Item, find_split, fresh_defects, spoiled  # noqa: E402 - needs torch
from anomsynth.bisqad.options import TrainOptions  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch
from anomsynth.errors import InputError, UserError  # noqa: E402 - needs torch
from anomsynth.recipe.load import load_recipe  # noqa: E402 - needs torch
from anomsynth.testing import make_pixels  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


def write_image(path, seed=0, spot=False):
    """Write a grey photo; `spot` darkens a square and writes its mask."""
    pixels = make_pixels(48, 40, seed=seed)[..., 0].copy()
    path.parent.mkdir(parents=True, exist_ok=True)
    if spot:
        truth = path.parents[2] / "ground_truth" / path.parent.name
        truth.mkdir(parents=True, exist_ok=True)
        mask = np.zeros((48, 40), np.uint8)
        mask[10:22, 12:24] = 255
        pixels[mask > 0] //= 3
        write_png(truth / f"{path.stem}_mask.png", mask, truth)
    write_png(path, pixels, path.parent)


def write_dataset(root, *, categories=("tile",), test_good=8, defects=12):
    for category in categories:
        for number in range(12):
            write_image(root / category / f"train/good/{number:03d}.png", number)
        for number in range(test_good):
            write_image(root / category / f"test/good/{number:03d}.png", 100 + number)
        for number in range(defects):
            kind = "dent" if number % 3 else "crack"
            write_image(root / category / f"test/{kind}/{number:03d}.png", number, spot=True)
    return root


def write_recipe(root):
    recipe = load_recipe("metal").model_dump(mode="json", exclude_none=True)
    (root / "_anomsynth").mkdir()
    (root / "_anomsynth/run.json").write_text(json.dumps({"recipe": recipe, "categories": {}}))


def find(root, category=None, val=None, *, unified=False, seed=0):
    return find_split(root, TrainOptions(category, unified, val, seed=seed))


def ids(items) -> set[str]:
    return {item.id for item in items}


@pytest.mark.parametrize("test_good", [0, 3, 8])
def test_what_is_kept_apart_is_never_learned_from(tmp_path, test_good) -> None:
    split = find(write_dataset(tmp_path, test_good=test_good))

    learned = {item.image for item in (*split.normals, *split.defects)}
    apart = {item.image for item in (*split.held_normals, *split.held_defects)}
    assert learned
    assert apart
    assert not learned & apart
    assert split.held_normals
    assert {item.kind for item in split.held_defects} <= {"crack", "dent"}


def test_good_test_photos_are_kept_apart_and_cost_no_training_photo(tmp_path) -> None:
    split = find(write_dataset(tmp_path))

    assert len(split.normals) == 12
    assert all("test/good" in item.id for item in split.held_normals)


def test_real_defects_are_trusted_instead_of_held_out_ones(tmp_path) -> None:
    real = write_dataset(tmp_path / "real", defects=3)

    split = find(write_dataset(tmp_path / "made"), val=real)

    assert len(split.defects) == 12
    assert len(split.held_defects) == 3
    assert all(item.id.startswith("val/") for item in split.held_defects)
    assert ids(split.held_normals) > ids(find(tmp_path / "made").held_normals)


def test_defects_of_another_seed_are_trusted_where_the_recipe_is_known(tmp_path) -> None:
    write_recipe(write_dataset(tmp_path))

    first, second = find(tmp_path, seed=0), find(tmp_path, seed=1)

    assert len(first.defects) == 12
    weights = [item.weight for item in first.held_defects[0].recipe.mechanisms]
    assert weights == [1.0] * len(weights)
    assert first.held_defects[0].seed != second.held_defects[0].seed
    assert {item.image for item in first.held_defects} <= {i.image for i in first.held_normals}


def test_made_defects_repeat_and_change_with_the_turn(tmp_path) -> None:
    write_recipe(write_dataset(tmp_path))
    split = find(tmp_path)

    first, again = (fresh_defects(split, 1, 0, turn)[0] for turn in (1, 1))
    other = fresh_defects(split, 1, 0, 2)[0]

    pixels, mask = first.read()
    assert mask.any()
    assert (again.read()[0] == pixels).all()
    assert ids([first]) != ids([other])


def test_one_category_or_all_of_them(tmp_path) -> None:
    root = write_dataset(tmp_path, categories=("plate", "tile"))

    assert find(root, "plate").categories == ("plate",)
    assert find(root, unified=True).categories == ("plate", "tile")
    with pytest.raises(UserError, match=r"has 2 categories \(plate, tile\)"):
        find(root)
    with pytest.raises(InputError, match="no category 'bolt'"):
        find(root, "bolt")
    with pytest.raises(UserError, match="exclude each other"):
        find(root, "plate", unified=True)


def test_says_what_is_missing(tmp_path) -> None:
    only_good = tmp_path / "a/tile/train/good"
    write_image(only_good / "0.png")
    with pytest.raises(InputError, match="good photos only"):
        find(tmp_path / "a")

    unmasked = write_dataset(tmp_path / "b")
    for path in (unmasked / "tile/ground_truth").rglob("*.png"):
        path.unlink()
    with pytest.raises(InputError, match="none of its 12 defect images has a mask"):
        find(unmasked)

    bad_only = tmp_path / "c/tile"
    write_image(bad_only / "test/dent/0.png", spot=True)
    with pytest.raises(InputError, match="1 defects but 0 good photos"):
        find(tmp_path / "c")

    with pytest.raises(InputError, match=r"`val`: .* holds no defect with a mask"):
        find(write_dataset(tmp_path / "d"), val=tmp_path / "a")


def test_online_needs_a_recipe(tmp_path) -> None:
    with pytest.raises(UserError, match="`online` needs the recipe"):
        fresh_defects(find(write_dataset(tmp_path)), 1, 0, 1)


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


def test_a_corrupt_image_costs_only_itself(tmp_path, extract) -> None:
    split = find(write_dataset(tmp_path))
    split.normals[3].image.write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    pool = extract(split.normals)

    assert len(pool) == 11
    assert [item for item, _ in extract.skipped] == [split.normals[3]]
    assert pool.items[3] == split.normals[4]
    assert torch.equal(pool.levels[0][:, 3], extract([split.normals[4]]).levels[0][:, 0])


def test_an_empty_mask_is_no_defect(tmp_path, extract) -> None:
    split = find(write_dataset(tmp_path))
    write_png(split.defects[0].mask, np.zeros((48, 40), np.uint8), tmp_path)

    assert len(extract(split.defects)) == len(split.defects) - 1
    assert "marks nothing" in str(extract.skipped[0][1])


def test_views_turn_image_and_mask_together(tmp_path, extract) -> None:
    split = find(write_dataset(tmp_path))

    pool = extract(split.defects, views=3)

    index = torch.arange(len(pool))
    for view in range(3):
        batch = pool.batch(index, torch.full_like(index, view))
        grey, inside = batch.features[0].mean(1), batch.masks
        dark = (grey * inside).sum((1, 2)) / inside.sum((1, 2))
        around = (grey * (1 - inside)).sum((1, 2)) / (1 - inside).sum((1, 2))
        assert (dark < 0.6 * around).all()
    assert not torch.equal(pool.masks[0], pool.masks[1])


def test_features_come_back_from_the_cache_unless_something_changed(tmp_path, extract) -> None:
    split, cache = find(write_dataset(tmp_path)), tmp_path / "cache"
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


def test_features_of_many_images_lie_in_a_file(tmp_path, extract, monkeypatch) -> None:
    split = find(write_dataset(tmp_path))
    inside = extract(split.defects)
    monkeypatch.setattr("anomsynth.bisqad.data.pool.MOST_MEMORY", 1000)

    outside = extract(split.defects)

    assert torch.equal(outside.levels[0], inside.levels[0])


def test_a_pool_takes_over_the_images_of_another(tmp_path, extract) -> None:
    split = find(write_dataset(tmp_path))
    pool, other = extract(split.defects), extract(split.defects[:2])
    place = torch.tensor([5, 7])

    pool.replace(place, other)

    assert pool.items[5] == split.defects[0]
    assert torch.equal(pool.levels[0][:, place], other.levels[0])
