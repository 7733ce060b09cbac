"""YOLO labels: one line per instance; ultralytics itself runs in consumers/yolo_loads.py."""

import json

import cv2
import numpy as np
import pytest

from anomsynth.errors import InputError, RecipeError


def labels(out) -> dict[str, list[list[float]]]:
    """Return the numbers of each line by the label file's name."""
    return {
        path.stem: [
            [float(word) for word in line.split()] for line in path.read_text().splitlines()
        ]
        for path in sorted(out.glob("labels/*/*.txt"))
    }


def drawn(lines, shape) -> np.ndarray:
    """Fill polygons as ultralytics does: whole pixels, border included."""
    mask = np.zeros(shape, np.uint8)
    for _, *numbers in lines:
        points = np.array(numbers).reshape(-1, 2) * (shape[1], shape[0])
        cv2.fillPoly(mask, [points.astype(np.int32)], 1)
    return mask > 0


def test_polygons_fill_the_label_masks(write, ours, truth) -> None:
    out = write(ours, "yolo").out
    written = labels(out)
    defects = [path for path in sorted(ours.glob("*/test/*/*.png")) if path.parent.name != "good"]

    for path in defects:
        name = "/".join((*path.parts[-4:-1], path.stem))
        label = truth(ours, name)
        again = drawn(written[name.replace("/", "_").replace(" ", "_")], label.shape)
        assert again[label].all()
        # Parts of one instance are joined by lines: nothing else may be added.
        assert np.count_nonzero(again & ~label) < 0.35 * np.count_nonzero(label) + 60


def test_every_line_has_a_class_three_points_and_numbers_in_the_unit_square(write, ours) -> None:
    lines = [line for found in labels(write(ours, "yolo").out).values() for line in found]

    assert {line[0] for line in lines} == {0.0, 1.0}
    assert min(len(line) for line in lines) >= 7  # fewer are read as a box
    assert all(0 <= number <= 1 for line in lines for number in line[1:])


def test_good_photos_have_empty_labels(write, ours) -> None:
    found = labels(write(ours, "yolo").out)

    good = [lines for name, lines in found.items() if "_good_" in name]
    assert good == [[]] * 6


def test_images_and_labels_pair_up_in_both_splits(write, foreign) -> None:
    out = write(foreign, "yolo").out

    for split in ("train", "val"):
        images = {path.stem for path in (out / "images" / split).iterdir()}
        assert images == {path.stem for path in (out / "labels" / split).iterdir()}
        assert images


def test_data_yaml_names_all_classes_in_order(write, ours) -> None:
    text = (write(ours, "yolo").out / "data.yaml").read_text()

    assert text == 'train: images/train\nval: images/val\nnames:\n  0: "crack"\n  1: "pitting"\n'


def test_a_kind_of_any_name_is_one_string_of_yaml(write, foreign) -> None:
    name = "no: 1 \u5212"
    for folder in ("test", "ground_truth"):
        (foreign / "plate" / folder / "dent").rename(foreign / "plate" / folder / name)

    text = (write(foreign, "yolo").out / "data.yaml").read_text()

    assert f"  1: {json.dumps(name)}\n" in text


def test_there_is_no_yolo_dataset_without_validation(write, foreign) -> None:
    with pytest.raises(RecipeError, match="val_share"):
        write(foreign, "yolo", val_share=0)


def test_one_photo_cannot_be_divided(write, tmp_path, foreign) -> None:
    for path in sorted(foreign.glob("plate/t*/*/*")):
        if path.name != "000007.jpg":
            path.unlink()

    with pytest.raises(InputError, match="too few photos"):
        write(foreign, "yolo")


@pytest.mark.parametrize("name", ["a\U0001f600b", "wei\u00df", 'say "x"', "back\\slash", "=1+1"])
def test_yaml_reads_back_every_name_of_a_class(name, write, foreign) -> None:
    yaml = pytest.importorskip("yaml")

    out = write(foreign, "yolo", classes={"crack": name}).out

    assert name in yaml.safe_load((out / "data.yaml").read_text())["names"].values()


def test_a_single_class_has_the_number_zero(write, ours) -> None:
    found = labels(write(ours, "yolo", single_class=True).out)

    assert {line[0] for lines in found.values() for line in lines} == {0.0}
