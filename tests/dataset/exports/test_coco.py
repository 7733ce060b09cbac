"""pycocotools reads a COCO export back, and its masks are ours."""

import json
from collections import Counter

import numpy as np
import pytest

from anomsynth.dataset.exports.coco import run_lengths
from anomsynth.errors import InputError

# pycocotools converts arrays in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SPLITS = ("train", "val")
FILES = ("annotations/instances_{}.json", "rle/{}.json")


@pytest.fixture
def coco(capsys):
    """Open annotations with the reference implementation."""
    loader = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")

    def coco(out, split, file="annotations/instances_{}.json"):
        return loader.COCO(str(out / file.format(split)))

    return coco


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", ["ours", "foreign"])
def test_instances_cover_exactly_the_label_mask(coco, write, truth, request, name, file) -> None:
    dataset = request.getfixturevalue(name)
    out = write(dataset, "coco").out

    defects = 0
    for split in SPLITS:
        read = coco(out, split, file)
        for number, image in read.imgs.items():
            assert (out / "images" / split / image["file_name"]).is_file()
            label = truth(dataset, image["source"])
            layers = [read.annToMask(item) for item in read.loadAnns(read.getAnnIds(number))]
            assert np.array_equal(sum(layers, np.zeros(label.shape, np.uint8)), label)
            defects += bool(layers)

    assert defects == {"ours": 12, "foreign": 6}[name]


@pytest.mark.parametrize("file", FILES)
def test_boxes_and_areas_are_those_of_the_masks(coco, write, ours, file) -> None:
    out = write(ours, "coco").out
    mask_api = pytest.importorskip("pycocotools.mask")

    for split in SPLITS:
        read = coco(out, split, file)
        for item in read.anns.values():
            runs = read.annToRLE(item)
            assert item["bbox"] == mask_api.toBbox(runs).tolist()
            assert item["area"] == mask_api.area(runs)


def test_there_is_one_annotation_per_recorded_instance(coco, write, ours) -> None:
    recorded = Counter()
    for manifest in sorted(ours.glob("_anomsynth/*/manifest.jsonl")):
        for line in map(json.loads, manifest.read_text().splitlines()):
            recorded.update(item["kind"] for item in line.get("record", {}).get("instances", ()))
    out = write(ours, "coco").out

    written = Counter()
    for split in SPLITS:
        read = coco(out, split)
        written.update(read.cats[item["category_id"]]["name"] for item in read.anns.values())

    assert written == recorded
    assert sum(written.values()) > 12  # some images hold several


def test_parts_that_do_not_touch_are_instances_where_there_is_no_record(
    coco, write, foreign
) -> None:
    out = write(foreign, "coco").out

    counts = {}
    for split in SPLITS:
        read = coco(out, split)
        counts |= {
            image["source"]: len(read.getAnnIds(number)) for number, image in read.imgs.items()
        }

    assert counts["plate/test/crack/000007"] == 2
    assert counts["plate/test/crack/000000"] == 1
    assert counts["plate/test/good/000000"] == 0


def test_categories_are_all_kinds_in_every_split(write, ours) -> None:
    out = write(ours, "coco").out

    for path in sorted(out.glob("annotations/*.json")):
        names = [item["name"] for item in json.loads(path.read_text())["categories"]]
        assert names == ["crack", "pitting"]


@pytest.mark.parametrize("seed", range(20))
def test_run_lengths_are_written_as_the_reference_writes_them(seed) -> None:
    mask_api = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    rng = np.random.default_rng(seed)
    mask = rng.random((rng.integers(1, 90), rng.integers(1, 90))) < rng.choice([0.01, 0.5, 1])

    expected = mask_api.encode(np.asfortranarray(mask.astype(np.uint8)))

    assert run_lengths(mask) == {
        "size": expected["size"],
        "counts": expected["counts"].decode(),
    }


def test_no_second_file_looks_like_a_subset_to_datumaro(write, ours) -> None:
    out = write(ours, "coco").out

    # datumaro takes every JSON with an underscore in its name for a subset.
    assert {path.name for path in out.rglob("*_*.json") if not path.name.startswith(".")} == {
        "instances_train.json",
        "instances_val.json",
    }


def test_classes_have_the_names_that_are_given_and_may_be_joined(write, foreign) -> None:
    out = write(foreign, "coco", classes={"crack": "flaw", "dent": "flaw"}).out

    found = json.loads((out / "annotations/instances_train.json").read_text())
    assert "flaw" in {one["name"] for one in found["categories"]}
    assert not {"crack", "dent"} & {one["name"] for one in found["categories"]}


def test_a_single_class_is_all_there_is(write, ours) -> None:
    out = write(ours, "coco", single_class=True).out

    found = json.loads((out / "annotations/instances_train.json").read_text())
    assert [(one["id"], one["name"]) for one in found["categories"]] == [(1, "defect")]
    assert {one["category_id"] for one in found["annotations"]} == {1}


@pytest.mark.parametrize(
    ("classes", "message"), [("crack", "expected kind=name"), ("rust=a", "'rust' is no kind")]
)
def test_wrong_classes_are_named(write, ours, classes, message) -> None:
    with pytest.raises(InputError, match=message):
        write(ours, "coco", classes=classes)


def test_a_kind_without_a_usable_picture_is_no_class(write, foreign) -> None:
    folder = foreign / "plate" if (foreign / "plate").is_dir() else next(foreign.iterdir())
    (folder / "test" / "ghost").mkdir()
    image = next((folder / "test" / "good").iterdir())
    (folder / "test" / "ghost" / "a.png").write_bytes(image.read_bytes())

    out = write(foreign, "coco").out

    found = json.loads((out / "annotations/instances_train.json").read_text())
    assert "ghost" not in {one["name"] for one in found["categories"]}
