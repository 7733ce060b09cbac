"""The torch data set makes the same items in any number of workers, other ones each epoch."""

import pickle

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402 - needs torch
from PIL import Image  # noqa: E402 - needs torch
from torch.utils.data import DataLoader  # noqa: E402 - needs torch

import anomsynth as asy  # noqa: E402 - needs torch
from anomsynth.errors import InputError, RecipeError  # noqa: E402 - needs torch
from anomsynth.testing import make_pixels  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    return [make_pixels(80, 96, channels=channels, seed=channels) for channels in (1, 3, 3)]


def defects(photos, **options):
    return asy.torch.SyntheticDefects(photos, "metal", **{"size": 48, "length": 10, **options})


def items(dataset, **options) -> list[torch.Tensor]:
    loader = DataLoader(dataset, batch_size=5, **options)
    return [torch.cat(parts) for parts in zip(*loader, strict=True)]


def test_an_item_is_an_image_a_mask_and_a_label(photos) -> None:
    images, masks, labels = items(defects(photos))

    assert images.shape == (10, 3, 48, 48)
    assert images.dtype == masks.dtype == torch.float32
    assert 0 <= images.min() < images.max() <= 1
    assert masks.shape == (10, 1, 48, 48)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert labels.dtype == torch.int64
    assert torch.equal(labels.bool(), masks.flatten(1).any(dim=1))
    assert 0 < labels.sum() < 10


def test_defects_are_where_the_image_differs_from_the_photo(photos) -> None:
    damaged, good = defects(photos, size=80, defect_share=1), defects(photos, defect_share=0)

    assert all(label == 1 for _, _, label in damaged)
    assert not any(mask.any() for _, mask, _ in good)
    square = [photo[:, :80] for photo in photos]
    for before, after in zip(
        defects(square, size=80, length=3, defect_share=0),
        defects(square, size=80, length=3, defect_share=1),
        strict=True,
    ):
        changed = (before[0] != after[0]).any(dim=0)
        assert changed.any()
        assert not (changed & ~after[1][0].bool()).any()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of Python 3.12, as torch forks
def test_any_number_of_workers_makes_the_same_items(photos) -> None:
    alone = items(defects(photos))

    for workers in (1, 2):
        made = items(defects(photos), num_workers=workers)
        assert all(torch.equal(one, other) for one, other in zip(alone, made, strict=True))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of Python 3.12, as torch forks
def test_workers_that_stay_see_the_next_epoch(photos) -> None:
    dataset, alone = defects(photos), defects(photos)
    loader = DataLoader(dataset, batch_size=10, num_workers=1, persistent_workers=True)
    seen = []
    for epoch in (0, 1):
        dataset.set_epoch(epoch)
        alone.set_epoch(epoch)
        (batch,) = loader
        seen.append(batch[0])
        assert torch.equal(batch[0], items(alone)[0])

    assert not torch.equal(*seen)


def test_an_epoch_can_be_had_again_and_the_seed_decides(photos) -> None:
    dataset = defects(photos)
    first = items(dataset)
    dataset.set_epoch(1)
    second = items(dataset)
    dataset.set_epoch(0)

    assert torch.equal(items(dataset)[0], first[0])
    assert not torch.equal(second[0], first[0])
    assert not torch.equal(items(defects(photos, seed=9))[0], first[0])


def test_a_folder_gives_its_good_photos(photos, tmp_path) -> None:
    for place in ("train/good/0.png", "train/good/1.png", "test/crack/0.png"):
        (tmp_path / "part" / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photos[1]).save(tmp_path / "part" / place)

    dataset = asy.torch.SyntheticDefects(tmp_path, "metal", size=48)

    assert len(dataset) == 2
    assert len(list(dataset)) == 2


def test_a_pickled_data_set_is_the_same_and_holds_no_surface(photos) -> None:
    dataset = defects(photos)
    before = items(dataset)

    copy = pickle.loads(pickle.dumps(dataset))

    assert not copy._surfaces
    assert all(torch.equal(a, b) for a, b in zip(before, items(copy), strict=True))


def test_only_so_many_surfaces_stay_in_memory(photos) -> None:
    dataset = defects(photos * 7, length=21, defect_share=0)

    assert len(list(dataset)) == 21
    assert len(dataset._surfaces) == 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size"),
        ({"seed": -1}, "seed"),
        ({"length": 0}, "length"),
        ({"defect_share": 1.5}, "defect_share"),
    ],
)
def test_refuses_numbers_out_of_range(photos, options, message) -> None:
    with pytest.raises(RecipeError, match=message):
        defects(photos, **options)


def test_refuses_to_begin_without_photos(tmp_path) -> None:
    with pytest.raises(InputError, match="no photos"):
        defects([])
    with pytest.raises(InputError):
        defects(tmp_path / "nowhere")
    with pytest.raises(IndexError):
        defects([make_pixels(40, 40)])[10]
