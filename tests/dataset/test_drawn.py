"""What people drew in labelling tools is the truth, to the pixel, for every command."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from PIL import Image

from anomsynth.dataset.annotations.coco import decoded
from anomsynth.dataset.annotations.shapes import Outline, Runs
from anomsynth.dataset.annotations.yolo import read_yolo
from anomsynth.dataset.exports import Target, export, exporters, read_source
from anomsynth.dataset.exports.coco import run_lengths
from anomsynth.dataset.labelled import find_labelled, need_layout
from anomsynth.dataset.layouts.item import read_truth
from anomsynth.dataset.masks import MaskFolder, read_numbered, read_region
from anomsynth.dataset.validate import validate
from anomsynth.errors import InputError

SIZE = (40, 60)


def photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    Image.fromarray(rng.integers(60, 200, SIZE).astype(np.uint8)).save(path)


def labelme(path: Path, *shapes: dict) -> Path:
    """Write what labelme 5.5 writes, without the picture's copy in it."""
    content = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [
            {"group_id": None, "description": "", "flags": {}, "mask": None, **shape}
            for shape in shapes
        ],
        "imagePath": f"..\\photos\\{path.stem}.png",
        "imageData": None,
        "imageHeight": SIZE[0],
        "imageWidth": SIZE[1],
    }
    path.write_text(json.dumps(content, indent=2))
    return path


BOX = {"label": "crack", "shape_type": "rectangle", "points": [[10.0, 5.0], [30.0, 15.0]]}
CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><size>2</size></task></meta>
  <image id="0" name="a.png" subset="Train" width="60" height="40">
    <box label="crack" source="manual" occluded="0" xtl="10.00" ytl="5.00" xbr="30.00" ybr="15.00" z_order="0"></box>
    <mask label="dent" source="manual" occluded="0" rle="1, 2, 1, 2" left="40" top="20" width="3" height="2" z_order="1"></mask>
  </image>
  <image id="1" name="b.png" subset="Validation" width="60" height="40"></image>
</annotations>
"""  # noqa: E501 - as the tool writes it


def marked(root: Path) -> dict[str, np.ndarray]:
    return {
        item.image.name: read_truth(item.mask, item.truth, SIZE)
        for item in find_labelled(root)
        if not item.good
    }


def box() -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[5:15, 10:30] = True
    return mask


def test_labelme_files_beside_photos_are_the_truth(tmp_path) -> None:
    photo(tmp_path / "set" / "a.png")
    photo(tmp_path / "set" / "b.png")
    photo(tmp_path / "set" / "not_looked_at.png")
    labelme(tmp_path / "set" / "a.json", BOX)
    labelme(tmp_path / "set" / "b.json")

    layout, items = need_layout(tmp_path / "set")

    assert layout == "labelme"
    assert [(item.image.name, item.kind) for item in items] == [
        ("a.png", "crack"),
        ("b.png", "good"),
    ]
    assert np.array_equal(marked(tmp_path / "set")["a.png"], box())


def test_every_shape_of_labelme_with_an_area_is_drawn(tmp_path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.array([[255, 0], [255, 255]], np.uint8)).save(buffer, "PNG")
    png = base64.b64encode(buffer.getvalue()).decode()
    photo(tmp_path / "a.png")
    labelme(
        tmp_path / "a.json",
        {"label": "k", "shape_type": "polygon", "points": [[1, 1], [5, 1], [5, 4], [1, 4]]},
        {"label": "k", "shape_type": "circle", "points": [[30, 20], [35, 20]]},
        {"label": "k", "shape_type": "mask", "points": [[50, 30], [52, 32]], "mask": png},
    )

    mask = marked(tmp_path)["a.png"]

    assert mask[1:4, 1:5].all()
    assert mask[:10, :10].sum() == 12
    assert mask[10:31, 20:41].sum() == pytest.approx(np.pi * 25, rel=0.05)
    assert mask[30:32, 50:52].tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"label": "k", "shape_type": "point", "points": [[1, 1]]}, "'point' has no area"),
        (
            {"label": "k", "shape_type": "polygon", "points": [[1, 1], [2, 2]]},
            "outline of 2 points",
        ),
    ],
)
def test_shapes_without_area_are_refused_by_name(shape, message, tmp_path) -> None:
    photo(tmp_path / "a.png")
    labelme(tmp_path / "a.json", shape)

    with pytest.raises(InputError, match=message) as caught:
        marked(tmp_path)
    assert "a.json" in str(caught.value)


@pytest.mark.parametrize("text", ["{", '{"shapes": [{}], "imagePath": "a"}', "[" * 100_000])
def test_a_damaged_file_among_those_of_labelme_is_named(text, tmp_path) -> None:
    for name in "ab":
        photo(tmp_path / f"{name}.png")
    labelme(tmp_path / "a.json", BOX)
    (tmp_path / "b.json").write_text(text)

    with pytest.raises(InputError, match=r"b\.json"):
        find_labelled(tmp_path)


def test_cvat_names_pictures_splits_boxes_and_masks(tmp_path) -> None:
    photo(tmp_path / "set" / "images" / "a.png")
    photo(tmp_path / "set" / "images" / "b.png")
    (tmp_path / "set" / "annotations.xml").write_text(CVAT)

    layout, items = need_layout(tmp_path / "set")

    assert layout == "cvat"
    assert [(item.image.name, item.kind, item.split) for item in items] == [
        ("a.png", "combined", "train"),
        ("b.png", "good", "test"),
    ]
    expected = box()
    expected[20, 41:43] = True
    expected[21, 41:43] = True
    assert np.array_equal(marked(tmp_path / "set")["a.png"], expected)


@pytest.mark.parametrize("kind", ["coco", "yolo"])
def test_our_own_exports_are_read_back(kind, tmp_path) -> None:
    root = tmp_path / "set"
    for number in range(3):
        photo(root / "part" / "test" / "good" / f"{number}.png", number)
        photo(root / "part" / "test" / "dent" / f"{number}.png", number + 9)
        truth = np.zeros(SIZE, np.uint8)
        truth[8 : 14 + number, 20:44] = 255
        truth[10:12, 25:30] = 0  # a hole
        place = root / "part" / "ground_truth" / "dent" / f"{number}_mask.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(truth).save(place)
    export(root, Target(tmp_path / "out"), exporters.build({"kind": kind}))

    layout, items = need_layout(tmp_path / "out")

    assert layout == kind
    assert sorted(item.kind for item in items) == ["dent"] * 3 + ["good"] * 3
    before = {one.picture.flat: one.mask for one in read_source(root).load()}
    after = marked(tmp_path / "out")
    assert len(after) == 3
    for name, mask in after.items():
        original = before[Path(name).stem]
        if kind == "coco":
            assert np.array_equal(mask, original)
        else:  # YOLO's outlines go around holes by a line
            assert mask[original].all()
            assert (mask & ~original).sum() < 20


@given(arrays(np.bool_, (7, 5)))
def test_compressed_run_lengths_are_undone(mask) -> None:
    runs = run_lengths(mask)

    counts = decoded(str(runs["counts"]))

    assert np.array_equal(Runs("k", (0, 0, 7, 5), counts, by_columns=True).draw((7, 5)), mask)


# pycocotools converts arrays in a way that NumPy 2 warns about.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pycocotools_agrees_on_polygons_along_pixels_and_on_runs(tmp_path) -> None:
    api = pytest.importorskip("pycocotools.mask")
    ring = [3.0, 2.0, 12.0, 2.0, 12.0, 9.0, 3.0, 9.0]

    ours = Outline("k", tuple(zip(ring[::2], ring[1::2], strict=True))).draw(SIZE)
    theirs = api.decode(api.frPyObjects([ring], *SIZE))[..., 0].astype(bool)

    assert np.array_equal(ours, theirs)
    runs = api.encode(np.asfortranarray(ours.astype(np.uint8)))
    again = Runs("k", (0, 0, *SIZE), decoded(runs["counts"].decode()), by_columns=True)
    assert np.array_equal(again.draw(SIZE), ours)


def test_a_truth_of_another_size_than_its_photo_is_refused(tmp_path) -> None:
    photo(tmp_path / "a.png")
    labelme(tmp_path / "a.json", BOX)

    item = find_labelled(tmp_path)[0]

    with pytest.raises(InputError, match="drawn on 60 x 40 pixels, not 61 x 40"):
        read_truth(item.mask, item.truth, (40, 61))


def test_validate_takes_drawn_truth_for_no_fault(tmp_path) -> None:
    photo(tmp_path / "a.png")
    labelme(tmp_path / "a.json", BOX)

    assert not {found.check for found in validate(tmp_path).findings} & {
        "unreadable",
        "mask-missing",
        "mask-without-image",
    }


def test_one_mask_serves_all_photos_of_a_fixed_camera(tmp_path) -> None:
    Image.fromarray(box().astype(np.uint8) * 255).save(tmp_path / "part.png")

    masks = MaskFolder(tmp_path / "part.png")

    for name in ("a.png", "deep/b.jpg"):
        assert np.array_equal(read_region(masks.find("c", name), SIZE), box())


@pytest.mark.parametrize("tool", ["labelme for all", "labelme by name", "cvat", "coco"])
def test_regions_drawn_in_a_tool_are_masks(tool, tmp_path) -> None:
    if tool == "labelme for all":
        place = labelme(tmp_path / "part.json", BOX)
    elif tool == "labelme by name":
        place = tmp_path / "masks"
        place.mkdir()
        labelme(place / "a.json", BOX)
    elif tool == "cvat":
        place = tmp_path / "annotations.xml"
        place.write_text(CVAT)
    else:
        place = tmp_path / "coco.json"
        place.write_text(
            json.dumps(
                {
                    "images": [{"id": 1, "file_name": "x/a.png", "height": 40, "width": 60}],
                    "annotations": [
                        {
                            "image_id": 1,
                            "category_id": 1,
                            "bbox": [10, 5, 20, 10],
                            "segmentation": [],
                        }
                    ],
                    "categories": [{"id": 1, "name": "part"}],
                }
            )
        )

    region = MaskFolder(place).find("c", "a.png")

    assert read_region(region, SIZE)[5:15, 10:30].all()
    numbers = read_numbered(region, SIZE)
    assert set(np.unique(numbers)) == ({0, 1, 2} if tool == "cvat" else {0, 1})
    if tool == "cvat":
        assert MaskFolder(place).find("c", "b.png") is None


def test_generate_places_defects_in_a_region_drawn_for_all_photos(tmp_path, make) -> None:
    for number in range(2):
        photo(tmp_path / "part" / f"{number}.png", number)
    Image.fromarray(box().astype(np.uint8) * 255).save(tmp_path / "roi.png")

    make(tmp_path / "part", tmp_path / "out", per_image=2, roi=tmp_path / "roi.png")

    for path in (tmp_path / "out" / "part" / "ground_truth").rglob("*.png"):
        assert not np.any((np.asarray(Image.open(path)) > 0) & ~box())


@pytest.mark.parametrize(
    "label", ["../../evil", "/tmp/evil", "a/b", "a\\b", "", " ", "..", "a\0b", "x" * 300]
)
def test_a_label_that_cannot_name_a_folder_is_refused(label, tmp_path) -> None:
    photo(tmp_path / "a.png")
    file = labelme(tmp_path / "a.json", {**BOX, "label": label})

    with pytest.raises(InputError, match=r"a\.json: the label .* cannot name a folder") as caught:
        find_labelled(tmp_path)
    assert "rename it" in caught.value.hint
    assert file.exists()


@pytest.mark.parametrize("label", ["good", "Good", "OK", "normal"])
def test_a_defect_that_is_called_good_is_none_of_the_good_photos(label, tmp_path) -> None:
    photo(tmp_path / "a.png")
    labelme(tmp_path / "a.json", {**BOX, "label": label})

    assert [item.kind for item in find_labelled(tmp_path)] == [f"{label}_"]


def coco(path: Path, images: list[dict], annotations: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    categories = [{"id": 1, "name": "crack"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(content))


COCO_IMAGE = {"id": 0, "file_name": "a.png", "height": SIZE[0], "width": SIZE[1]}
COCO_BOX = {"id": 1, "image_id": 0, "category_id": 1, "bbox": [10, 5, 20, 10]}


@pytest.mark.parametrize("number", ["0", 7])
def test_marks_on_no_picture_are_refused(number, tmp_path) -> None:
    photo(tmp_path / "a.png")
    coco(tmp_path / "marks.json", [COCO_IMAGE], [{**COCO_BOX, "image_id": number}])

    with pytest.raises(InputError, match=rf"marks\.json: marks image_id {number!r}, which none"):
        find_labelled(tmp_path)


def test_runs_of_another_size_than_their_picture_are_refused(tmp_path) -> None:
    photo(tmp_path / "a.png")
    runs = {"size": [32, 32], "counts": [100, 24, 900]}
    coco(tmp_path / "marks.json", [COCO_IMAGE], [{**COCO_BOX, "segmentation": runs}])

    with pytest.raises(InputError, match=r"a\.png: run lengths of 32 x 32 .* of 60 x 40"):
        find_labelled(tmp_path)


def test_a_list_of_pictures_alone_does_not_make_them_good(tmp_path) -> None:
    photo(tmp_path / "a.png")
    coco(tmp_path / "annotations/image_info.json", [COCO_IMAGE], [])
    coco(tmp_path / "annotations/instances_default.json", [COCO_IMAGE], [COCO_BOX])

    (item,) = find_labelled(tmp_path)
    assert item.kind == "crack"
    assert np.array_equal(marked(tmp_path)["a.png"], box())

    coco(tmp_path / "annotations/again.json", [COCO_IMAGE], [COCO_BOX])
    with pytest.raises(InputError, match=r"a\.png: marked twice, in .* and in "):
        find_labelled(tmp_path)


def test_boxes_of_cvat_may_be_turned_and_tags_mark_nothing(tmp_path) -> None:
    photo(tmp_path / "a.png")
    photo(tmp_path / "b.png")
    turned = CVAT.replace('ybr="15.00" z_order="0"', 'ybr="15.00" rotation="90.0" z_order="0.0"')
    tagged = turned.replace('height="40"></image>', 'height="40"><tag label="ok"></tag></image>')
    (tmp_path / "annotations.xml").write_text(tagged)

    found = marked(tmp_path)

    assert set(found) == {"a.png"}
    upright = np.zeros(SIZE, bool)
    upright[0:20, 15:25] = True
    found["a.png"][20:22, 40:43] = False  # the mask of the second label
    assert np.array_equal(found["a.png"], upright)


@pytest.mark.parametrize("line", ["0 10 10 30 10 30 20", "0 0.5 0.5 1.5 0.2", "0 -0.2 0 1 0 1 1"])
def test_coordinates_of_yolo_in_pixels_are_refused(line, tmp_path) -> None:
    label = tmp_path / "a.txt"
    label.write_text(f"0 0.1 0.1 0.2 0.1 0.2 0.2\n{line}\n")

    with pytest.raises(
        InputError, match=r"a\.txt: line 2 is no outline: .* is not between 0 and 1"
    ):
        read_yolo(label, SIZE, {0: "crack"})


def test_a_region_of_a_name_that_several_pictures_have_is_none_of_others(tmp_path) -> None:
    one, other = (
        {**COCO_IMAGE, "id": nth, "file_name": f"{name}/1.png"} for nth, name in enumerate("ab")
    )
    coco(tmp_path / "roi.json", [one, other], [COCO_BOX])
    folder = MaskFolder(tmp_path / "roi.json")

    assert folder.find("a", "1.png") is not None
    assert folder.find("b", "1.png") is None
    assert folder.find("c", "b/1.png") is None
