"""Training and validation are divided by photo, the same way every time."""

import json
from collections import Counter

import pytest

from anomsynth.dataset.exports._source import read_source
from anomsynth.dataset.exports._split import divide


@pytest.fixture
def pictures(ours):
    return read_source(ours).pictures


def names(side) -> set[str]:
    return {picture.name for picture in side}


def test_no_photo_is_on_both_sides(pictures) -> None:
    sides = divide(pictures, 0.3, seed=0)

    photos = {side: {picture.photo for picture in shown} for side, shown in sides.items()}
    assert not photos["train"] & photos["val"]
    assert len(pictures) == sum(map(len, sides.values()))
    # The photo itself goes with its samples.
    assert all(sum(p.photo == photo for p in pictures) == 3 for photo in photos["val"])


def test_the_order_of_the_files_does_not_matter(pictures) -> None:
    first, second = divide(pictures, 0.3, seed=5), divide(pictures[::-1], 0.3, seed=5)

    assert names(first["val"]) == names(second["val"])


def test_another_seed_divides_otherwise(pictures) -> None:
    held = {frozenset(names(divide(pictures, 0.3, seed)["val"])) for seed in range(8)}

    assert len(held) > 1


def test_every_category_is_on_both_sides(pictures) -> None:
    for side in divide(pictures, 0.01, seed=0).values():
        assert {picture.labelled.category for picture in side} == {"plate", "täfel chen"}


def test_kinds_are_in_balance_where_photos_are_not_known(foreign) -> None:
    sides = divide(read_source(foreign).pictures, 0.25, seed=0)

    counts = Counter(picture.labelled.kind for picture in sides["val"])
    assert counts == {"good": 2, "crack": 1, "dent": 1}


def test_without_a_share_there_is_no_validation(pictures) -> None:
    assert list(divide(pictures, 0, seed=0)) == ["train"]


def test_the_division_of_an_export_is_that_of_its_seed(write, ours, pictures) -> None:
    out = write(ours, "coco", val_share=0.3, seed=4).out

    images = json.loads((out / "annotations/instances_val.json").read_text())["images"]
    assert {image["source"] for image in images} == names(divide(pictures, 0.3, 4)["val"])
