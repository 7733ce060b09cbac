"""Datasets of labelling tools, however they lie: read right by every command, or refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.bisqad.evaluation.labelled_set import find_tests
from anomsynth.dataset.exports import read_source
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.labelled import find_labelled, need_layout
from anomsynth.dataset.layouts.item import read_truth
from anomsynth.dataset.validate import validate
from anomsynth.errors import InputError

SIZE = (40, 60)
BOX = (slice(5, 15), slice(10, 30))  # that every tool below has drawn


def photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, path.as_posix()))
    Image.fromarray(np.random.default_rng(seed).integers(60, 200, SIZE).astype(np.uint8)).save(path)


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def coco(path: Path, marked: tuple[str, ...], good: tuple[str, ...]) -> None:
    images = [
        {"id": nth, "file_name": name, "height": SIZE[0], "width": SIZE[1]}
        for nth, name in enumerate((*marked, *good))
    ]
    marks = [
        {"id": nth, "image_id": nth, "category_id": 1, "bbox": [10, 5, 20, 10], "segmentation": []}
        for nth in range(len(marked))
    ]
    kinds = [{"id": 0, "name": "set"}, {"id": 1, "name": "crack"}]
    text(path, json.dumps({"images": images, "annotations": marks, "categories": kinds}))


def labelme(path: Path, *, drawn: bool, image: str = "") -> None:
    shape = {"label": "crack", "shape_type": "rectangle", "points": [[10, 5], [30, 15]]}
    content = {
        "shapes": [shape] if drawn else [],
        "imagePath": image or f"{path.stem}.png",
        "imageData": None,
        "imageHeight": SIZE[0],
        "imageWidth": SIZE[1],
    }
    text(path, json.dumps(content))


YOLO = "0 0.333333 0.25 0.333333 0.25\n"
CRACK = "<object><name>crack</name><bndbox><xmin>1</xmin></bndbox></object>"


def voc(path: Path, objects: str = "") -> None:
    text(path, f"<annotation><filename>{path.stem}.png</filename>{objects}</annotation>")


def photos(root: Path, *names: str) -> None:
    for name in names:
        photo(root / name)


def roboflow_coco(root: Path) -> None:
    for split in ("train", "valid", "test"):
        photos(root / split, "a.jpg", "b.jpg")
        coco(root / split / "_annotations.coco.json", ("a.jpg",), ("b.jpg",))


def coco_below(root: Path) -> None:
    photos(root, "data/a.png", "data/b.png")
    coco(root / "data" / "annotations.json", ("a.png",), ("b.png",))


def coco_splits(root: Path) -> None:
    for split, number in (("train", 1), ("val", 1)):
        photos(root / "images" / split, f"{number}.png", "2.png")
        names = (f"{number}.png",), ("2.png",)
        coco(root / "annotations" / f"instances_{split}2017.json", *names)


def labelme_deep(root: Path) -> None:
    photos(root, "june/2/a.png", "june/2/b.png", "june/2/not_looked_at.png", "good/c.png")
    labelme(root / "june" / "2" / "a.JSON", drawn=True)
    labelme(root / "june" / "2" / "b.json", drawn=False)


def labelme_apart(root: Path) -> None:
    photos(root, "images/a.png", "images/b.png")
    labelme(root / "annotations" / "a.json", drawn=True, image="..\\images\\a.png")
    labelme(root / "annotations" / "b.json", drawn=False)


def labelme_renamed(root: Path) -> None:
    photos(root, "images/a.png", "images/b.png")
    labelme(root / "json" / "task_1.json", drawn=True, image="../images/a.png")
    labelme(root / "json" / "task_2.json", drawn=False, image="../images/b.png")


def yolo_bare(root: Path) -> None:
    photos(root / "images", "train/a.png", "train/b.png", "val/c.png", "val/d.png")
    text(root / "labels" / "train" / "a.txt", YOLO)
    text(root / "labels" / "train" / "b.txt", "")
    text(root / "labels" / "val" / "c.txt", YOLO)
    text(root / "classes.txt", "crack\n")


def yolo_flat(root: Path) -> None:
    photos(root / "images", "train/a.png", "train/b.png", "val/c.png", "val/d.png")
    text(root / "labels" / "a.txt", YOLO)
    text(root / "labels" / "d.txt", YOLO)
    text(root / "data.yaml", "names:\n  - crack\n")


def yolo_beside(root: Path) -> None:
    photos(root, "a.png", "b.png", "c.png")
    text(root / "a.txt", YOLO)
    text(root / "b.txt", "\n")
    text(root / "classes.txt", "crack\n")
    text(root / "README.txt", "Photos of June.\n")


def roboflow_yolo(root: Path) -> None:
    for split in ("train", "valid", "test"):
        photos(root / split / "images", "a.jpg", "b.jpg")
        text(root / split / "labels" / "a.txt", YOLO)
        text(root / split / "labels" / "b.txt", "")
    text(root / "data.yaml", "train: ../train/images\nnc: 1\nnames: ['crack']\n")
    text(root / "README.roboflow.txt", "1 0.5 0.5 0.5 0.5 is no label here\n")


def voc_apart(root: Path) -> None:
    photos(root / "JPEGImages", "a.png", "b.png", "not_looked_at.png")
    voc(root / "Annotations" / "a.xml", CRACK)
    voc(root / "Annotations" / "b.xml")
    text(root / "ImageSets" / "Main" / "train.txt", "a\nb\n")


def voc_beside(root: Path) -> None:
    photos(root, "a.png", "good/b.png")
    voc(root / "a.XML", CRACK)


def pcb(root: Path) -> None:
    photos(root, "images/Missing_hole/a.png", "PCB_USED/b.png", "good/c.png")
    voc(root / "Annotations" / "Missing_hole" / "a.xml", CRACK)


def cvat_deep(root: Path) -> None:
    photos(root, "task/images/a.png", "task/images/b.png")
    box = '<box label="crack" xtl="10" ytl="5" xbr="30" ybr="15"/>'
    images = f'<image name="a.png" id="0">{box}</image><image name="b.png" id="1"/>'
    text(root / "task" / "annotations.xml", f"<annotations>{images}</annotations>")


LAYOUTS: dict[str, tuple[Callable[[Path], None], str, set[str], set[str]]] = {
    "Roboflow's COCO": (roboflow_coco, "coco", {"train/b.jpg"},
                        {"train/a.jpg", "valid/a.jpg", "test/a.jpg"}),
    "COCO beside the pictures": (coco_below, "coco", {"data/b.png"}, {"data/a.png"}),
    "COCO's splits": (coco_splits, "coco", {"images/train/2.png"},
                      {"images/train/1.png", "images/val/1.png"}),
    "labelme two folders deep": (labelme_deep, "labelme", {"june/2/b.png", "good/c.png"},
                                 {"june/2/a.png"}),
    "labelme apart": (labelme_apart, "labelme", {"images/b.png"}, {"images/a.png"}),
    "labelme by its path": (labelme_renamed, "labelme", {"images/b.png"}, {"images/a.png"}),
    "YOLO without data.yaml": (yolo_bare, "yolo", {"images/train/b.png"},
                               {"images/train/a.png", "images/val/c.png"}),
    "YOLO with flat labels": (yolo_flat, "yolo", {"images/train/b.png"},
                              {"images/train/a.png", "images/val/d.png"}),
    "YOLO beside the pictures": (yolo_beside, "yolo", {"b.png", "c.png"}, {"a.png"}),
    "Roboflow's YOLO": (roboflow_yolo, "yolo", {"train/images/b.jpg"},
                        {f"{split}/images/a.jpg" for split in ("train", "valid", "test")}),
    "VOC": (voc_apart, "voc", {"JPEGImages/b.png"}, {"JPEGImages/a.png"}),
    "VOC beside the pictures": (voc_beside, "voc", {"good/b.png"}, {"a.png"}),
    "PCB": (pcb, "voc", {"good/c.png"}, {"images/Missing_hole/a.png"}),
    "CVAT": (cvat_deep, "cvat", {"task/images/b.png"}, {"task/images/a.png"}),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_good_photos_and_marked_defects_are_exactly_those_of_the_tool(name, tmp_path) -> None:
    build, layout, goods, defects = LAYOUTS[name]
    root = tmp_path / "parts"
    build(root)

    source = find_source(root)
    recognised, items = need_layout(root)

    assert recognised == layout
    assert {one.key for one in source.categories["parts"]} == goods
    marked = {item.image.relative_to(root).as_posix(): item for item in items if not item.good}
    assert set(marked) == defects
    assert {item.kind for item in marked.values()} == {"crack"}
    expected = np.zeros(SIZE, bool)
    expected[BOX] = True
    for item in marked.values():
        if layout == "voc":  # boxes are no masks
            assert item.mask is None
        else:
            assert np.array_equal(read_truth(item.mask, item.truth, SIZE), expected)


@pytest.mark.parametrize("name", LAYOUTS)
def test_exports_and_tests_take_the_same(name, tmp_path) -> None:
    build, layout, _, defects = LAYOUTS[name]
    build(tmp_path / "parts")

    loaded = read_source(tmp_path / "parts").load()
    marked = [one.picture.path for one in loaded if one.mask.any()]
    tests = find_tests(tmp_path / "parts")["parts"]

    assert len(marked) == (0 if layout == "voc" else len(defects))
    held = {item.image for item in tests if not item.good}
    assert held == {tmp_path / "parts" / one for one in defects if "train" not in one}


@pytest.mark.parametrize(("flag", "good"), [("defective", False), ("blurry", True)])
def test_labels_of_the_whole_picture_may_say_that_it_is_bad(flag, good, tmp_path) -> None:
    photos(tmp_path / "set", "a.png", "b.png")
    labelme(tmp_path / "set" / "a.json", drawn=True)
    labelme(tmp_path / "set" / "b.json", drawn=False)
    content = json.loads((tmp_path / "set" / "b.json").read_text())
    content["flags"] = {flag: True, "broken": False}
    text(tmp_path / "set" / "b.json", json.dumps(content))
    photos(tmp_path / "cvat", "b.png")
    image = f'<image name="b.png" id="0"><tag label="{flag}"/></image>'
    text(tmp_path / "cvat" / "annotations.xml", f"<annotations>{image}</annotations>")

    for root in ("set", "cvat"):
        found = {item.image.name: item for item in find_labelled(tmp_path / root)}
        assert found["b.png"].good is good
        assert found["b.png"].mask is None


def test_marks_behind_links_to_folders_are_seen(tmp_path) -> None:
    photos(tmp_path / "disk", "a.png", "b.png")
    text(tmp_path / "disk" / "a.txt", YOLO)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "screw").symlink_to(tmp_path / "disk")
    (tmp_path / "set" / "again").symlink_to(tmp_path / "set")

    with pytest.raises(InputError, match=r"screw/a\.txt: "):
        find_source(tmp_path / "set")


def test_masks_of_mvtec_say_more_than_drawings_on_some_of_its_pictures(tmp_path) -> None:
    photos(tmp_path / "c", "train/good/0.png", "test/good/0.png", "test/dent/7.png")
    coco(tmp_path / "c" / "test" / "marks.json", ("7.png",), ())
    mask = np.zeros(SIZE, np.uint8)
    mask[2:4, 2:4] = 255
    (tmp_path / "c" / "ground_truth" / "dent").mkdir(parents=True)
    Image.fromarray(mask).save(tmp_path / "c" / "ground_truth" / "dent" / "7_mask.png")

    assert need_layout(tmp_path)[0] == "mvtec"


def test_a_text_file_of_a_picture_in_another_split_is_not_taken(tmp_path) -> None:
    photos(tmp_path / "set", "train/images/a.png", "valid/images/b.png")
    text(tmp_path / "set" / "train" / "labels" / "a.txt", YOLO)
    text(tmp_path / "set" / "train" / "labels" / "b.txt", YOLO)

    with pytest.raises(InputError, match=r"train/labels/b\.txt: its picture is not there"):
        find_labelled(tmp_path / "set")


def test_a_text_file_that_may_be_of_two_pictures_is_refused(tmp_path) -> None:
    photos(tmp_path / "set", "images/x/a.png", "images/y/a.png")
    text(tmp_path / "set" / "labels" / "a.txt", YOLO)

    with pytest.raises(InputError, match=r"labels/a\.txt: its picture may be .* or "):
        find_labelled(tmp_path / "set")


def test_unmarked_pictures_in_a_folder_of_defects_stop_the_run(tmp_path) -> None:
    photos(tmp_path / "set", "images/fine/a.png", "images/bad_ones/b.png")
    text(tmp_path / "set" / "labels" / "c.txt", "")
    text(tmp_path / "set" / "labels" / "a.txt", YOLO)

    with pytest.raises(InputError, match=r"bad_ones: would be used as good photos"):
        find_source(tmp_path / "set")


@pytest.mark.parametrize("name", ["valve_annotations", "latest", "contest"])
def test_words_in_words_are_no_splits(name, tmp_path) -> None:
    photos(tmp_path / "set", "a.png", "b.png")
    coco(tmp_path / "set" / f"{name}.json", ("a.png",), ("b.png",))

    assert all(
        item.split == ("train" if item.good else "test") for item in find_labelled(tmp_path / "set")
    )


SUPERVISELY = json.dumps({"size": {"width": 60}, "objects": [{"classTitle": "crack"}]})
VIA = json.dumps({"a.png99": {"filename": "a.png", "regions": [{"shape_attributes": {}}]}})
STUDIO = json.dumps([{"data": {"image": "/up/a.png"}, "annotations": [{"result": [1]}]}])


@pytest.mark.parametrize(
    ("file", "content", "looks"),
    [
        ("ann/a.png.json", SUPERVISELY, "JSON with 'objects'"),
        ("a.json", SUPERVISELY, "JSON with 'objects'"),
        ("via_region_data.json", VIA, "JSON with 'regions'"),
        ("export.json", STUDIO, "JSON with 'annotations'"),
        ("metadata.jsonl", '{"file_name": "a.png", "bbox": [1, 2, 3, 4]}\n', "JSON with 'bbox'"),
        ("a.txt", "466,441,493,470,3\n", "a text file that looks like marks"),
        ("boxes/a_anno.txt", "knot 0.1 0.2 0.3 0.4\n", "a text file that looks like marks"),
        ("a.txt", "crack\n", "a text file that looks like marks"),
        ("all.txt", "photos/a.png 1,2,3,4,0\n", "a list of pictures with numbers"),
        ("train.csv", "ImageId,ClassId,EncodedPixels\na.png,1,3 4\n", "the column 'EncodedPixels'"),
        ("via.csv", "#filename,region_count,region_id\na.png,1,0\n", "the column 'region_count'"),
        ("train.csv", "id,label\na.png,1\nb.png,0\n", "column 'label' tells pictures apart"),
        ("x.csv", "file;status\na.png;NG\n", "column 'status' tells pictures apart"),
        ("labels.csv", "images/a.png  1.0  mono\n", "a list that by its name holds labels"),
        ("boxes/a.xml", "<doc><bndbox>1</bndbox></doc>", "XML with <bndbox>"),
        ("a.txt", "result: NG\n", "a text file that looks like marks"),
        ("_classes.csv", "filename, crack, pit\na.png, 0, 1\nb.png, 0, 0\n", "column 'pit' tells"),
        ("all.csv", "filename,good\na.png,1\nb.png,0\n", "column 'good' tells"),
        ("x.csv", "filename,defects\na.png,0\nb.png,2\n", "the column 'defects'"),
        ("x.csv", "id,label\na,1\nb,0\n", "column 'label' tells"),
        ("x.csv", "image_id,EncodedPixels\na,\nb,1 3\n", "the column 'EncodedPixels'"),
        ("x.csv", "image_id,x_min,y_min,x_max,y_max\na,0,4,9,9\n", "the column 'x_min'"),
        ("x.csv", "a.png,NG\nb.png,OK\n", "column '2' tells"),
        ("x.csv", "file,judgement\na.png,NG\nb.png,OK\n", "column 'judgement' tells"),
        ("x.csv", "file,OK/NG\na.png,NG\nb.png,OK\n", "column 'OK/NG' tells"),
        ("all.txt", "photos/a.png 1\nphotos/b.png 0\n", "column '2' tells"),
        (
            "metadata.jsonl",
            '{"file_name": "a.png", "label": 1}\n{"file_name": "b.png", "label": 0}\n',
            "column 'label' tells",
        ),
        ("all.json", '[{"file": "a.png", "label": "defect"}]', "column 'label' tells"),
        ("all.json", '{"a.png": 1, "b.png": 0}', "column '2' tells"),
        ("a.json", '{"result": "NG"}', "column 'result' tells"),
        ("all.json", '[{"id": "a", "label": 1}, {"id": "b", "label": 0}]', "column 'label' tells"),
        ("ground_truth.txt", "1 10 20 30 40\n", "a list of numbers that by its name holds labels"),
        (
            "export.json",
            STUDIO.replace("/up/", "/data/upload/1/1f3a77b0-"),
            "JSON with 'annotations'",
        ),
    ],
)
def test_marks_in_an_unknown_form_stop_the_run(file, content, looks, tmp_path) -> None:
    photos(tmp_path / "set", "a.png", "b.png")
    text(tmp_path / "set" / file, content)

    with pytest.raises(InputError, match=f"{file}: .*{looks}") as caught:
        find_source(tmp_path / "set")

    assert "export it as labelme, COCO" in caught.value.hint
    assert "source_layout='photos'" in caught.value.hint
    assert len(find_source(tmp_path / "set", layout="photos").categories["set"]) == 2


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.txt", ""),
        ("README.txt", "Photos a.png and b.png of June, 4 5 6 7.\n"),
        ("classes.txt", "crack\ndent\n"),
        ("a.txt", "exposure: 10 ms\ngain = 2\n"),
        ("a.json", '{"exposure": 10, "lens": {"mm": 35}}'),
        ("a.json", '{"shapes": [], "version": "5"}'),
        ("a.png.json", '{"title": "a.png", "people": []}'),
        ("camera.json", '{"annotations": [1], "images": "c.png"}'),
        ("a.xml", "<xmpmeta><exposure>1</exposure></xmpmeta>"),
        ("recipe.toml", 'name = "a.png"'),
        ("shots.csv", "file,exposure\na.png,10\n"),
        ("shots.csv", "file,status\na.png,ok\nb.png,ok\nc.png,NG\n"),
        ("a.txt", "The first photo of the day, without any defect.\n"),
        ("a.txt", "exposure\t10\ngain\t2\n"),
        ("a.txt", "10.5 3 200\n"),
        ("a.txt", "2024 01 05 12 30\n"),
        ("labels/a.txt", "serial 123\n"),
        ("labels.txt", "front\nback\n"),
        ("calibration.txt", "1 10 20 30 40\n"),
        ("export.json", STUDIO.replace("/up/a", "/data/upload/1/1f3a77b0-c")),
        ("log.txt", "a.png 2024 01 05 12 30\nb.png 2024 01 05 12 31\n"),
        ("log.txt", "a.png 1\nb.png 2\n"),
        ("positions.csv", "filename,x,y\na.png,10.5,3\nb.png,12,4.5\n"),
        ("all.csv", "filename,quality\na.png,95\nb.png,94\n"),
        ("all.csv", "filename,category\na.png,set\nb.png,set\n"),
        ("all.csv", "filename,defects\na.png,0\nb.png,0\n"),
        ("all.csv", "filename,label\na.png,1\nb.png,1\n"),
        ("all.csv", "filename,split,sha\na.png,train,3bad4def\nb.png,test,0\n"),
        ("all.csv", "file,verdict\na.png,OK\nb.png,good\n"),
        ("all.jsonl", '{"file_name": "a.png", "text": "no defects"}\n{"file_name": "b.png"}\n'),
        ("a.xml", "<camera><region>0 0 640 480</region></camera>"),
        ("a.json", '{"objects": {"camera": "a"}}'),
        ("a.csv", ""),
        ("a.csv", "x\0,y\r"),
        ("_anomsynth/c/manifest.jsonl", '{"image": "a.png", "boxes": [1]}'),
        ("_anomsynth/a.json", '{"shapes": [1]}'),
        (".cache/a.txt", "0 0.5 0.5 0.1 0.1\n"),
    ],
)
def test_files_that_mark_nothing_say_nothing(file, content, tmp_path) -> None:
    photos(tmp_path / "set", "a.png", "b.png")
    text(tmp_path / "set" / file, content)

    assert len(find_source(tmp_path / "set").categories["set"]) == 2


@pytest.mark.parametrize(
    ("pictures", "file"),
    [
        ("JPEGImages", "Annotations/a.xml"),
        ("images", "labels/a.txt"),
        ("images/train", "labels/train/a.txt"),
        ("images", "annotations.json"),
        ("shots", "labels/a.txt"),
    ],
)
def test_marks_beside_the_folder_that_the_user_points_at_stop_the_run(
    pictures, file, tmp_path
) -> None:
    photos(tmp_path / "set" / pictures, "a.png", "b.png")
    place = tmp_path / "set" / file
    if place.suffix == ".xml":
        voc(place, CRACK)
    elif place.suffix == ".txt":
        text(place, YOLO)
    else:
        coco(place, ("a.png",), ("b.png",))

    with pytest.raises(InputError, match="looks like marks of pictures"):
        find_source(tmp_path / "set" / pictures)


def test_lists_of_lines_beside_a_folder_of_images_are_looked_at(tmp_path) -> None:
    photos(tmp_path / "set" / "JPEGImages", "a.png", "b.png")
    text(tmp_path / "set" / "train.txt", "JPEGImages/a.png\nJPEGImages/b.png\n")

    assert find_source(tmp_path / "set" / "JPEGImages").categories
    text(tmp_path / "set" / "train.txt", "JPEGImages/a.png 1,2,3,4,0\nJPEGImages/b.png\n")
    with pytest.raises(InputError, match=r"train\.txt: a list of pictures with numbers"):
        find_source(tmp_path / "set" / "JPEGImages")


def test_marks_of_another_product_beside_are_left_in_peace(tmp_path) -> None:
    photos(tmp_path / "screw", "a.png", "b.png")
    text(tmp_path / "valve_annotations" / "a.txt", YOLO)
    coco(tmp_path / "all.json", ("a.png",), ())

    assert list(find_source(tmp_path / "screw").categories) == ["screw"]


def test_tables_beside_that_speak_of_other_folders_are_left_in_peace(tmp_path) -> None:
    photos(tmp_path / "photos", "my part 1.png", "b.png")
    text(tmp_path / "scores.csv", "image,mask\nout/c/test/dent/b.png,out/c/b_mask.png\n")

    assert find_source(tmp_path / "photos").categories["photos"]
    text(tmp_path / "scores.csv", "image,mask\nphotos/my part 1.png,x\n")
    with pytest.raises(InputError, match=r"scores\.csv: a table with the column 'mask'"):
        find_source(tmp_path / "photos")


def test_good_photos_that_the_user_points_at_are_left_in_peace(tmp_path) -> None:
    photos(tmp_path / "set", "good/a.png", "bad/a.png")
    text(tmp_path / "set" / "labels" / "a.txt", YOLO)

    assert list(find_source(tmp_path / "set" / "good").categories) == ["good"]


def test_a_region_for_all_photos_among_them_is_no_label(tmp_path) -> None:
    photos(tmp_path / "set", "a.png", "b.png")
    labelme(tmp_path / "set" / "roi.json", drawn=True, image="a.png")
    labelme(tmp_path / "set" / "regions" / "b.json", drawn=True)

    exclude = [tmp_path / "set" / "roi.json", tmp_path / "set" / "regions"]

    assert len(find_source(tmp_path / "set", exclude).categories["set"]) == 2


def test_good_photos_of_a_split_are_known_by_words_of_their_folder(tmp_path) -> None:
    photos(tmp_path / "casting", "train/ok_front/a.png", "train/def_front/b.png")
    photos(tmp_path / "casting", "test/ok_front/c.png", "test/def_front/d.png")

    found = find_tests(tmp_path / "casting")["casting"]

    assert [one.key for one in find_source(tmp_path / "casting").categories["casting"]] == [
        "train/ok_front/a.png"
    ]
    assert [(item.image.name, item.good) for item in found] == [("d.png", False), ("c.png", True)]


def test_masks_among_kinds_of_defects_are_refused(tmp_path) -> None:
    photos(tmp_path / "c", "train/good/0.png", "test/crack/1.png", "test/crack_mask/1.png")

    with pytest.raises(InputError, match=r"crack_mask: would be used as defects, but .* masks"):
        find_labelled(tmp_path)


def test_masks_beside_the_folder_that_the_user_points_at_stop_the_run(tmp_path) -> None:
    photos(tmp_path / "set", "Images1/7.bmp", "Semantic Maps/7_segm.bmp", "screw/7.bmp")

    with pytest.raises(InputError, match=r"Maps/7_segm\.bmp: by its folder a mask of a picture"):
        find_source(tmp_path / "set" / "Images1")
    masks = [tmp_path / "set" / "Semantic Maps"]
    assert find_source(tmp_path / "set" / "Images1", masks).categories["Images1"]
    assert find_source(tmp_path / "set" / "screw").categories["screw"]


def test_names_of_good_and_bad_photos_in_one_folder_stop_the_run(tmp_path) -> None:
    photos(tmp_path / "set", "cast_ok_0_1.png", "cast_def_0_1.png")

    with pytest.raises(InputError, match=r"cast_def_0_1\.png: .* beside cast_ok_0_1\.png its name"):
        find_source(tmp_path / "set")


@pytest.mark.parametrize(
    ("good", "kinds"),
    [
        (("non defective",), ("Folding marks", "pinhole")),
        (("ok_front", "ok_back"), ("def_front", "def_back")),
        (("Non-cracked",), ("Cracked",)),
        (("\u6b63\u5e38",), ("\u64e6\u82b1",)),
        (("Gutteile",), ("Schlechtteile",)),
    ],
)
def test_folders_beside_good_photos_are_kinds_of_defects(good, kinds, tmp_path) -> None:
    photos(tmp_path / "set", *(f"{name}/a.png" for name in (*good, *kinds)))

    layout, items = need_layout(tmp_path / "set")

    assert layout == "folders"
    assert {item.image.parent.name for item in items if item.good} == set(good)
    assert {item.kind for item in items if not item.good} == set(kinds)
    assert {one.path.parent.name for one in find_source(tmp_path / "set").categories["set"]} == set(
        good
    )


def test_products_of_which_one_is_called_good_are_products(tmp_path) -> None:
    photos(tmp_path / "set", "good_drill/a.png", "saw/a.png")

    assert sorted(find_source(tmp_path / "set").categories) == ["good_drill", "saw"]


def test_validate_says_that_boxes_are_no_masks(tmp_path) -> None:
    voc_apart(tmp_path / "parts")

    (found,) = (one for one in validate(tmp_path / "parts").findings if one.level == "error")

    assert (found.file, found.check) == ("JPEGImages/a.png", "mask-missing")
    assert found.message == "boxes alone, which are no masks of its defects"
