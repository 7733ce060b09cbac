"""JSON lines hold what loaders of UniAD's kind take from them."""

import json

import cv2
import numpy as np
import pytest


def metas(out, split) -> list[dict]:
    """Read as UniAD does: every line by itself, in any encoding."""
    with (out / f"{split}.json").open(encoding="ascii") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("name", ["ours", "foreign"])
def test_images_and_masks_are_read_by_their_names(write, truth, request, name) -> None:
    dataset = request.getfixturevalue(name)
    exported = write(dataset, "uniad_json")

    read = [*metas(exported.out, "train"), *metas(exported.out, "test")]
    assert len(read) == exported.images
    for meta in read:
        image = cv2.imread(str(exported.out / "images" / meta["filename"]), cv2.IMREAD_COLOR)
        label = truth(dataset, meta["filename"].rpartition(".")[0])
        assert image.shape[:2] == label.shape
        assert meta["filename"].startswith(f"{meta['clsname']}/")
        assert (meta["label"], "maskname" in meta) == (int(label.any()), label.any())
        if "maskname" in meta:
            path = str(exported.out / "images" / meta["maskname"])
            mask = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
            assert np.array_equal(mask, label * np.uint8(255))


def test_training_is_on_good_photos_only(write, ours) -> None:
    out = write(ours, "uniad_json").out

    assert {meta["label_name"] for meta in metas(out, "train")} == {"good"}
    assert {meta["label_name"] for meta in metas(out, "test")} == {"good", "defective"}
