"""The augmentation: seeded, new at each call, truthful masks, and a step of albumentations."""

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import anomsynth as asy
from anomsynth.errors import InputError, RecipeError, UnknownComponentError
from anomsynth.testing import make_pixels

IMAGE = make_pixels(96, 96, channels=3)


def test_the_mask_is_where_the_image_changed() -> None:
    result = asy.Augment("metal", p=1, seed=1)(image=IMAGE)
    changed = (result["image"] != IMAGE).any(axis=2)

    assert changed.any()
    assert not (changed & (result["mask"] == 0)).any()
    assert np.array_equal(result["mask"] > 0, result["sample"].mask)
    assert result["mask"].dtype == np.uint8
    assert result["reason"] == ""


def test_each_call_makes_other_defects_and_the_seed_repeats_them() -> None:
    first, again = (
        [augment(image=IMAGE)["image"] for _ in range(3)]
        for augment in (asy.Augment("metal", p=1, seed=5), asy.Augment("metal", p=1, seed=5))
    )
    other = asy.Augment("metal", p=1, seed=6)(image=IMAGE)["image"]

    assert np.array_equal(first, again)
    assert len({image.tobytes() for image in [*first, other]}) == 4


def test_p_is_the_share_of_images_with_defects() -> None:
    augment = asy.Augment("metal", p=0.3, seed=0)
    small = make_pixels(40, 40)
    results = [augment(image=small) for _ in range(200)]
    touched = [result for result in results if result["sample"] or result["reason"]]

    assert 40 <= len(touched) <= 80
    assert all(r["image"] is small for r in results if r["sample"] is None)
    assert not any(asy.Augment("metal", p=0)(image=small)["mask"].any() for _ in range(5))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("shape", [(96, 96), (96, 96, 1)])
def test_defects_join_the_mask_that_was_given(dtype, shape) -> None:
    given = np.zeros(shape, dtype)
    given[:10] = 1
    before = given.copy()

    result = asy.Augment("metal", p=1, seed=1, mask_value=7)(image=IMAGE, mask=given)
    joined = result["mask"].reshape(96, 96)
    found = result["sample"].mask

    assert np.array_equal(given, before)
    assert result["mask"].dtype == dtype
    assert result["mask"].shape == shape
    assert np.array_equal(joined > 0, (given.reshape(96, 96) > 0) | found)
    assert set(joined[found].tolist()) == ({True} if dtype is bool else {7})


def test_other_data_pass_through() -> None:
    result = asy.Augment("metal", p=1)(image=IMAGE, name="a.png")

    assert set(result) == {"image", "mask", "sample", "reason", "name"}
    assert result["name"] == "a.png"


def test_an_image_without_room_stays_as_it_is_and_the_reason_is_told() -> None:
    tiny = make_pixels(2, 2)

    result = asy.Augment("metal", p=1)(image=tiny)

    assert result["sample"] is None
    assert result["image"] is tiny
    assert result["reason"]
    assert not result["mask"].any()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"image": "a.png"}, "expected an image array"),
        ({"image": np.zeros((3, 64, 64), np.uint8)}, "channels first"),
        ({"image": IMAGE, "mask": np.zeros((9, 9), bool)}, r"\(9, 9\) for an image of 96 x 96"),
        ({"image": IMAGE, "mask": [[1]]}, "got list"),
        ({"image": IMAGE, "mask": np.full((96, 96), "a")}, "of type <U1"),
    ],
)
def test_refuses_bad_input_whatever_p_is(data, message) -> None:
    with pytest.raises(InputError, match=message):
        asy.Augment("metal", p=0)(**data)


def test_refuses_bad_options() -> None:
    for options, message in (
        ({"p": 1.5}, "p: "), ({"seed": -1}, "seed"), ({"mask_value": 0}, "mask_value"),
    ):  # fmt: skip
        with pytest.raises(RecipeError, match=message):
            asy.Augment("metal", **options)
    with pytest.raises(UnknownComponentError):
        asy.Augment("mettal")


def test_a_pickled_augmentation_goes_on_where_it_was() -> None:
    augment = asy.Augment("metal", p=1, seed=2)
    augment(image=IMAGE)

    copy = pickle.loads(pickle.dumps(augment))

    assert np.array_equal(copy(image=IMAGE)["image"], augment(image=IMAGE)["image"])
    assert len(repr(copy)) <= 120


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of Python 3.12, as torch forks
def test_workers_of_a_loader_make_different_defects() -> None:
    data = pytest.importorskip("torch.utils.data")
    torch = pytest.importorskip("torch")

    class Same(data.Dataset):
        augment = asy.Augment("metal", p=1, seed=2)

        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int):
            return torch.from_numpy(self.augment(image=IMAGE)["image"])

    loader = data.DataLoader(Same(), batch_size=1, num_workers=2)
    seen = [batch.numpy().tobytes() for _ in range(2) for batch in loader]

    assert len(set(seen)) == 4


@pytest.mark.slow
def test_albumentations_takes_it_as_a_transform() -> None:
    if find_spec("albumentations") is None:
        pytest.skip("albumentations is not installed: .ci/run does it in its second environment")
    script = Path(__file__).parent / "consumers" / "albumentations_composes.py"
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True, text=True, check=False,
        env={**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
