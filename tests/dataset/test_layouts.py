"""Datasets as they are published: good training photos are used and marked defects are found."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.bisqad.evaluation.labelled_set import find_tests
from anomsynth.dataset.exports import read_source
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.labelled import SourceLayout, find_labelled, need_layout
from anomsynth.dataset.layouts.item import read_strict_truth
from anomsynth.dataset.validate import validate
from anomsynth.errors import InputError, UserError

SIZE = (24, 32)


def photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, str(path)))
    pixels = np.random.default_rng(seed).integers(60, 200, (*SIZE, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def mask(path: Path, value: int = 255, *, rows: slice = slice(4, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros(SIZE, np.uint8)
    pixels[rows, 5:15] = value
    Image.fromarray(pixels).save(path)


def build_mvtec(root: Path, *, good: str = "good", train: str = "train") -> None:
    photo(root / "screw" / train / good / "000.png")
    photo(root / "screw" / "test" / good / "000.png")
    photo(root / "screw" / "test" / "dent" / "000.png")
    mask(root / "screw" / "ground_truth" / "dent" / "000_mask.png")


def build_loco(root: Path) -> None:
    photo(root / "box" / "train" / "good" / "000.png")
    photo(root / "box" / "validation" / "good" / "000.png")
    photo(root / "box" / "test" / "good" / "000.png")
    photo(root / "box" / "test" / "logical_anomalies" / "000.png")
    truth = root / "box" / "ground_truth" / "logical_anomalies" / "000"
    mask(truth / "000.png", 251)
    mask(truth / "001.png", 247, rows=slice(12, 20))


def build_ad2(root: Path) -> None:
    photo(root / "can" / "train" / "good" / "000_regular.png")
    photo(root / "can" / "validation" / "good" / "000_regular.png")
    photo(root / "can" / "test_public" / "good" / "000_regular.png")
    photo(root / "can" / "test_public" / "bad" / "000_regular.png")
    mask(root / "can" / "test_public" / "ground_truth" / "bad" / "000_regular_mask.png")
    photo(root / "can" / "test_private" / "000_regular.png")


def build_3d(root: Path) -> None:
    for place in ("train/good", "validation/good", "test/good", "test/hole"):
        photo(root / "bagel" / place / "rgb" / "000.png")
        depth = root / "bagel" / place / "xyz" / "000.tiff"
        depth.parent.mkdir(parents=True)
        Image.fromarray(np.ones(SIZE, np.float32)).save(depth)
    mask(root / "bagel" / "test" / "good" / "gt" / "000.png", 0)
    mask(root / "bagel" / "test" / "hole" / "gt" / "000.png")


def build_btad(root: Path) -> None:
    photo(root / "01" / "train" / "ok" / "0000.bmp")
    photo(root / "01" / "test" / "ok" / "0000.bmp")
    photo(root / "01" / "test" / "ko" / "0000.bmp")
    mask(root / "01" / "ground_truth" / "ko" / "0000.png")


def build_visa(root: Path) -> None:
    for number in range(2):
        photo(root / "candle" / "Data" / "Images" / "Normal" / f"000{number}.JPG")
    photo(root / "candle" / "Data" / "Images" / "Anomaly" / "000.JPG")
    mask(root / "candle" / "Data" / "Masks" / "Anomaly" / "000.png", 3)
    mask(root / "candle" / "Data" / "Masks" / "Anomaly" / "000.png", 1)
    rows = [
        "object,split,label,image,mask",
        "candle,train,normal,candle/Data/Images/Normal/0000.JPG,",
        "candle,test,normal,candle/Data/Images/Normal/0001.JPG,",
        "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png",
    ]
    (root / "split_csv").mkdir()
    (root / "split_csv" / "1cls.csv").write_text("\n".join(rows) + "\n")


def build_real_iad(root: Path) -> None:
    rows: dict[str, list[dict]] = {"train": [], "test": []}
    for split, kind, path in (
        ("train", "OK", "OK/S0001/a_C1.jpg"),
        ("test", "OK", "OK/S0002/a_C1.jpg"),
        ("test", "AK", "NG/AK/S0003/a_C1.jpg"),
    ):
        photo(root / "toy" / path)
        marks = None if kind == "OK" else path.replace(".jpg", ".png")
        rows[split].append({"anomaly_class": kind, "image_path": path, "mask_path": marks})
        if marks is not None:
            mask(root / "toy" / marks)
    (root / "realiad_jsons").mkdir()
    content = {"meta": {"normal_class": "OK", "prefix": "toy/"}, **rows}
    (root / "realiad_jsons" / "toy.json").write_text(json.dumps(content))


def build_sdd2(root: Path) -> None:
    for split, number, value in (
        ("train", 10000, 0), ("train", 10001, 255), ("test", 20000, 0), ("test", 20001, 255),
    ):  # fmt: skip
        photo(root / split / f"{number}.png")
        mask(root / split / f"{number}_GT.png", value)


def build_dagm(root: Path) -> None:
    for split in ("Train", "Test"):
        for number in (1, 2):
            photo(root / "Class1" / split / f"000{number}.PNG")
        mask(root / "Class1" / split / "Label" / "0002_label.PNG")
        (root / "Class1" / split / "Label" / "Labels.txt").write_text("1\n")


LAYOUTS: dict[str, tuple[Callable[[Path], None], SourceLayout, dict, set[str], set[str]]] = {
    "MVTec AD": (build_mvtec, "mvtec", {"screw": ["000.png"]}, {"screw/test/dent/000"},
                 {"screw/test/good/000"}),
    "LOCO": (build_loco, "loco", {"box": ["000.png"]}, {"box/test/logical_anomalies/000"},
             {"box/test/good/000"}),
    "AD 2": (build_ad2, "ad2", {"can": ["000_regular.png"]}, {"can/test/bad/000_regular"},
             {"can/test/good/000_regular"}),
    "3D-AD": (build_3d, "3d", {"bagel": ["train/good/rgb/000.png"]}, {"bagel/test/hole/000"},
              {"bagel/test/good/000"}),
    "BTAD": (build_btad, "mvtec", {"01": ["0000.bmp"]}, {"01/test/ko/0000"},
             {"01/test/good/0000"}),
    "VisA": (build_visa, "visa", {"candle": ["Data/Images/Normal/0000.JPG"]},
             {"candle/test/anomaly/000"}, {"candle/test/good/0001"}),
    "Real-IAD": (build_real_iad, "real-iad", {"toy": ["OK/S0001/a_C1.jpg"]},
                 {"toy/test/AK/a_C1"}, {"toy/test/good/a_C1"}),
    "KolektorSDD2": (build_sdd2, "kolektor", {"set": ["train/10000.png"]},
                     {"set/train/defect/10001", "set/test/defect/20001"},
                     {"set/test/good/20000"}),
    "DAGM": (build_dagm, "dagm", {"Class1": ["Train/0001.PNG"]},
             {"Class1/train/defect/0002", "Class1/test/defect/0002"},
             {"Class1/test/good/0001"}),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_exactly_the_good_training_photos_and_the_marked_defects_are_found(name, tmp_path) -> None:
    build, layout, goods, defects, test_goods = LAYOUTS[name]
    root = tmp_path / "set"
    build(root)

    source = find_source(root)
    recognised, items = need_layout(root)

    assert recognised == layout
    assert {key: [one.key for one in found] for key, found in source.categories.items()} == goods
    assert {item.id for item in items if not item.good} == defects
    assert {item.id for item in items if item.good and item.split == "test"} == test_goods
    assert not any(item.unsplit for item in items)
    for item in items:
        if not item.good:
            assert item.mask is not None
            marked = read_strict_truth(item.mask, item.truth, SIZE)
            assert marked[4:8, 5:15].all()
            assert marked.sum() == (120 if name == "LOCO" else 40)


@pytest.mark.parametrize("name", LAYOUTS)
def test_one_category_is_understood_as_in_its_root(name, tmp_path) -> None:
    build, _, goods, *_ = LAYOUTS[name]
    root = tmp_path / "set"
    build(root)
    if name == "KolektorSDD2":
        pytest.skip("the set is one category")

    category = next(iter(goods))

    alone = find_source(root / category).categories
    assert {key: [one.key for one in found] for key, found in alone.items()} == goods
    assert {item.id for item in find_labelled(root / category)} == {
        item.id for item in find_labelled(root)
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_detector_is_measured_on_exactly_the_test_images(name, tmp_path) -> None:
    build, _, _, defects, test_goods = LAYOUTS[name]
    build(tmp_path / "set")

    tests = {item.id for items in find_tests(tmp_path / "set").values() for item in items}

    assert tests == test_goods | {defect for defect in defects if "/test/" in defect}


@pytest.mark.parametrize("name", LAYOUTS)
def test_exports_hold_exactly_the_marked_pixels(name, tmp_path) -> None:
    build, *_, defects, _ = LAYOUTS[name]
    build(tmp_path / "set")

    source = read_source(tmp_path / "set")
    marked = {one.picture.labelled.id: int(one.mask.sum()) for one in source.load()}

    assert source.left_out == {}
    assert {key: count for key, count in marked.items() if count} == dict.fromkeys(
        defects, 120 if name == "LOCO" else 40
    )


def test_good_photos_that_nothing_divides_are_measured_with_a_warning(tmp_path, caplog) -> None:
    photo(tmp_path / "bolt" / "good" / "a.png")
    photo(tmp_path / "bolt" / "crack" / "b.png")

    tests = find_tests(tmp_path / "bolt")

    assert [item.kind for item in tests["bolt"]] == ["good", "crack"]
    assert "nothing divides its 1 good photos" in caplog.text


@pytest.mark.parametrize("name", LAYOUTS)
def test_validate_finds_no_fault_with_masks_that_the_layout_means_so(name, tmp_path) -> None:
    build, *_ = LAYOUTS[name]
    build(tmp_path / "set")

    checks = {found.check for found in validate(tmp_path / "set").findings}

    assert not checks & {"mask-values", "mask-format", "mask-missing", "mask-without-image"}


@pytest.mark.parametrize(
    ("train", "good"), [("Train", "Good"), ("train", "ok"), ("train", "normal")]
)
def test_good_training_photos_have_other_names_too(train, good, tmp_path) -> None:
    build_mvtec(tmp_path / "set", good=good, train=train)

    found = find_source(tmp_path / "set").categories

    assert {name: [one.key for one in photos] for name, photos in found.items()} == {
        "screw": ["000.png"]
    }


def test_kolektor_has_a_folder_for_each_commutator_and_no_split(tmp_path) -> None:
    for number, value in ((0, 0), (1, 255)):
        photo(tmp_path / "SDD" / "kos01" / f"Part{number}.jpg")
        mask(tmp_path / "SDD" / "kos01" / f"Part{number}_label.bmp", value)

    layout, items = need_layout(tmp_path / "SDD")

    assert layout == "kolektor"
    assert [(item.good, item.unsplit) for item in items] == [(True, True), (False, False)]
    assert [one.key for one in find_source(tmp_path / "SDD").categories["SDD"]] == [
        "kos01/Part0.jpg"
    ]


def test_a_faint_or_coloured_mask_of_kolektor_is_no_empty_one(tmp_path) -> None:
    for number, colour in enumerate([(0, 0, 0), (0, 0, 1), (1, 0, 0)]):
        photo(tmp_path / "SDD" / "kos01" / f"Part{number}.jpg")
        place = tmp_path / "SDD" / "kos01" / f"Part{number}_label.png"
        pixels = np.zeros((*SIZE, 3), np.uint8)
        pixels[2:6, 2:6] = colour
        Image.fromarray(pixels).save(place)

    _, items = need_layout(tmp_path / "SDD")

    assert [item.good for item in items] == [True, False, False]


@pytest.mark.parametrize("masks", ["mask", "mask/crack", "ground_truth/crack"])
def test_folders_of_good_photos_defects_and_masks_are_told_apart(masks, tmp_path) -> None:
    photo(tmp_path / "bolt" / "good" / "a.png")
    photo(tmp_path / "bolt" / "crack" / "b.png")
    mask(tmp_path / "bolt" / masks / "b.png")

    layout, items = need_layout(tmp_path / "bolt")

    assert layout == "folders"
    assert [(item.kind, item.mask is None) for item in items] == [("good", True), ("crack", False)]
    assert [one.key for one in find_source(tmp_path / "bolt").categories["bolt"]] == ["good/a.png"]


@pytest.mark.parametrize("ending", ["_GT", "_label", "_MASK", ".mask"])
def test_masks_are_found_by_the_endings_that_tools_give_them(ending, tmp_path) -> None:
    photo(tmp_path / "c" / "train" / "good" / "0.png")
    photo(tmp_path / "c" / "test" / "dent" / "7.png")
    mask(tmp_path / "c" / "ground_truth" / "dent" / f"7{ending}.png")

    found = [item.mask for item in find_labelled(tmp_path) if not item.good]

    assert found == [tmp_path / "c" / "ground_truth" / "dent" / f"7{ending}.png"]


@pytest.mark.parametrize(
    ("files", "word"),
    [
        (("screw/defective/a.png", "screw/fine/a.png"), "'defective'"),
        (("screw/a.png", "NG/a.png"), "'NG'"),
        (("screw/x/masks/a.png",), "'masks'"),
        (("a.png", "a_mask.png", "b.png"), "a mask of 'a'"),
        (("screw/train/good/x/anomaly/a.png",), "'anomaly'"),
    ],
)
def test_what_smells_of_defects_or_masks_stops_the_run(files, word, tmp_path) -> None:
    for name in files:
        photo(tmp_path / "set" / name)

    with pytest.raises(InputError, match="would be used as") as caught:
        find_source(tmp_path / "set")

    assert word in str(caught.value)
    assert "source_layout" in caught.value.hint


def test_pictures_of_two_values_stop_the_run(tmp_path) -> None:
    photo(tmp_path / "set" / "a.png")
    mask(tmp_path / "set" / "b.png")

    with pytest.raises(InputError, match=r"b\.png: .*two or three values"):
        find_source(tmp_path / "set")


def test_the_user_has_the_last_word_about_good_photos(tmp_path) -> None:
    photo(tmp_path / "set" / "stains" / "a.png")

    found = find_source(tmp_path / "set", layout="photos")

    assert list(found.categories) == ["stains"]


def test_a_layout_can_be_forced_and_must_fit(tmp_path) -> None:
    build_visa(tmp_path / "set")

    assert list(find_source(tmp_path / "set", layout="visa").categories) == ["candle"]
    with pytest.raises(InputError, match="not laid out as 'dagm'"):
        find_source(tmp_path / "set", layout="dagm")
    with pytest.raises(UserError, match="no such layout 'viso'"):
        find_source(tmp_path / "set", layout="viso")


def test_masks_given_beside_the_photos_are_no_dataset(tmp_path) -> None:
    photo(tmp_path / "set" / "images" / "a.png")
    mask(tmp_path / "set" / "masks" / "a.png")

    with pytest.raises(InputError, match="without good photos"):
        find_source(tmp_path / "set")
    assert list(find_source(tmp_path / "set", [tmp_path / "set" / "masks"]).categories) == [
        "images"
    ]
