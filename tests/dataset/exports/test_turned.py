"""Photos that EXIF turns are exported upright: sizes, masks and pixels are those readers see."""

import json
import tarfile
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.images import read_photo
from anomsynth.dataset.validate import validate

UPRIGHT = (40, 60)  # rows and columns as the photos are meant to be seen
TURNED = 3  # of the pictures


@pytest.fixture
def turned(tmp_path) -> Path:
    """Return a dataset whose photos a camera held on its side took: JPEG and PNG with EXIF."""
    root = tmp_path / "set"
    for number, ending in enumerate((".jpg", ".png", ".jpg")):
        kind = "good" if number == 2 else "dent"
        image = root / "part" / "test" / kind / f"00{number}{ending}"
        image.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (*UPRIGHT[::-1], 3))
        picture = Image.fromarray(cv2.GaussianBlur(pixels.astype(np.uint8), (0, 0), 3))
        exif = picture.getexif()
        exif[274] = 6  # the right side of the file is the bottom
        picture.save(image, exif=exif)
        if kind == "dent":
            mask = root / "part" / "ground_truth" / "dent" / f"00{number}_mask.png"
            mask.parent.mkdir(parents=True, exist_ok=True)
            marks = np.zeros(UPRIGHT, np.uint8)
            marks[5:9, 10:30] = 255
            Image.fromarray(marks).save(mask)
    return root


def pictures(out: Path) -> list[Path]:
    return [
        path
        for path in out.rglob("*")
        if path.suffix in {".png", ".jpg"}
        and "mask" not in path.as_posix().removeprefix(str(out))
        and "ground_truth" not in path.parts
    ]


@pytest.mark.parametrize(
    "kind", ["coco", "yolo", "hf", "anomalib_tabular", "uniad_json", "croissant"]
)
def test_every_reader_sees_the_upright_pixels(kind, write, turned) -> None:
    out = write(turned, kind).out

    originals = [
        read_photo(path).pixels for path in sorted((turned / "part" / "test").rglob("*.*"))
    ]
    found = pictures(out)
    assert len(found) == TURNED
    for path in found:
        raw = np.asarray(Image.open(path))  # as readers that ignore EXIF see it
        assert raw.shape[:2] == UPRIGHT
        assert any(np.array_equal(raw, original) for original in originals)


def test_coco_says_the_sizes_that_its_readers_see(write, turned) -> None:
    out = write(turned, "coco", val_share=0).out

    for image in json.loads((out / "annotations/instances_train.json").read_text())["images"]:
        with Image.open(out / "images" / "train" / image["file_name"]) as picture:
            assert (image["height"], image["width"]) == (picture.height, picture.width) == UPRIGHT


def test_shards_hold_upright_pictures_with_masks_of_their_size(write, turned) -> None:
    out = write(turned, "webdataset", val_share=0).out

    with tarfile.open(next(out.glob("*.tar"))) as archive:
        sizes = {
            Image.open(BytesIO(archive.extractfile(member).read())).size
            for member in archive.getmembers()
            if member.name.endswith(".png")
        }
    assert sizes == {UPRIGHT[::-1]}


def test_validate_and_export_agree_on_the_size_of_masks(turned) -> None:
    checks = {found.check for found in validate(turned).findings}

    assert "mask-size" not in checks
    assert "orientation" in checks
