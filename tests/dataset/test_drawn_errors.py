"""What is broken in an annotation file is told by its picture and mark."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.annotations.coco import read_coco
from anomsynth.dataset.annotations.cvat import read_cvat
from anomsynth.dataset.headers import upright_size
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.item import Truth, read_truth
from anomsynth.errors import InputError

SIZE = (40, 60)


def coco(folder: Path, *marks: dict, **image: object) -> Path:
    content = {
        "images": [{"id": 0, "file_name": "x/a.png", **image}],
        "annotations": [{"id": 31, "image_id": 0, "category_id": 1, **mark} for mark in marks],
        "categories": [{"id": 1, "name": "crack"}],
    }
    (folder / "marks.json").write_text(json.dumps(content))
    return folder / "marks.json"


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ({}, "neither a segmentation nor a bbox"),
        ({"caption": "a dent"}, "neither a segmentation nor a bbox"),
        ({"bbox": [1, 2, 3]}, "its bbox is .1, 2, 3., and no list of 4 numbers"),
        ({"bbox": [1, 2, 3, "wide"]}, "no list of 4 numbers"),
        ({"segmentation": [1, 2, 3, 4, 5, 6]}, "holds 1, and no list of coordinates"),
        ({"segmentation": [[1, 2, 3]]}, "odd number"),
        ({"segmentation": {"counts": [9]}}, "it has no 'size'"),
        ({"segmentation": {"size": [40], "counts": [9]}}, "no list of 2 numbers"),
        ({"segmentation": {"size": [40, 60], "counts": "zz~~"}}, "no run lengths: 'zz~~'"),
        ({"segmentation": {"size": [40, 60], "counts": "o" * 999}}, "no run lengths: 'ooo"),
    ],
)
def test_a_broken_annotation_is_named(mark, reason, tmp_path) -> None:
    file = coco(tmp_path, {"bbox": [1, 1, 3, 3]}, {**mark, "id": 32}, height=40, width=60)

    with pytest.raises(InputError, match=rf"marks\.json: annotation 32 of x/a\.png: .*{reason}"):
        read_coco(file)


def test_two_pictures_of_one_number_are_refused(tmp_path) -> None:
    file = coco(tmp_path)
    content = json.loads(file.read_text())
    content["images"].append({"id": 0, "file_name": "b.png"})
    file.write_text(json.dumps(content))

    with pytest.raises(InputError, match="two images have the id 0"):
        read_coco(file)


def test_runs_of_a_trillion_pixels_are_told_as_what_they_are(tmp_path) -> None:
    runs = {"size": [10**6, 10**6], "counts": [10**12]}
    file = coco(tmp_path, {"segmentation": runs})

    (drawn,) = read_coco(file)

    with pytest.raises(InputError, match="of 1000000 x 1000000 pixels on a picture of 60 x 40"):
        read_truth(file, Truth(shapes=drawn.shapes, source=file), SIZE)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ('<box label="k" xtl="1" ytl="2" xbr="3"/>', "shape 1, a box: no 'ybr'"),
        ('<polygon label="k" points="1,2;3"/>', "shape 1, a polygon: "),
        ('<mask label="k" rle="1, x" left="0" top="0" width="2" height="2"/>', "shape 1, a mask: "),
    ],
)
def test_a_broken_shape_of_cvat_is_named_with_its_picture(shape, reason, tmp_path) -> None:
    file = tmp_path / "annotations.xml"
    file.write_text(f'<annotations><image id="0" name="x/a.png">{shape}</image></annotations>')

    with pytest.raises(InputError, match=rf"annotations\.xml: x/a\.png: {reason}"):
        read_cvat(file)


def test_an_image_of_cvat_without_a_name_is_told_by_its_id(tmp_path) -> None:
    file = tmp_path / "annotations.xml"
    file.write_text('<annotations><image id="5"/></annotations>')

    with pytest.raises(InputError, match="the image with the id '5' has no name"):
        read_cvat(file)


@pytest.mark.parametrize(("orientation", "size"), [(1, SIZE), (2, SIZE), (3, SIZE), (6, (60, 40))])
def test_shares_of_the_picture_are_of_the_size_it_is_seen_in(orientation, size, tmp_path) -> None:
    path = tmp_path / "images" / "a.jpg"
    path.parent.mkdir()
    picture = Image.fromarray(np.full(SIZE, 99, np.uint8))
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.2\n")
    (tmp_path / "data.yaml").write_text("names: [crack]\n")

    assert upright_size(path) == size
    (item,) = find_labelled(tmp_path)
    marked = read_truth(item.mask, item.truth, size)
    assert marked.any(axis=1).sum() == 0.2 * size[0]
    assert marked.any(axis=0).sum() == 0.5 * size[1]
