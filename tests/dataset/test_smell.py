"""Names and pictures that say defects or masks stop a run; names of products do not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.folders import find_source
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.names import meaning_of
from anomsynth.errors import InputError

SIZE = (96, 128)


def photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(60, 200, (24, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def save(path: Path, pixels: np.ndarray, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def levels(*values: int) -> np.ndarray:
    """Return a black picture with a rectangle of each value."""
    pixels = np.zeros(SIZE, np.uint8)
    for nth, value in enumerate(values):
        pixels[10 + 40 * nth : 40 + 40 * nth, 20:90] = value
    return pixels


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        *dict.fromkeys(
            ("bad_parts", "NG2", "defects_2024", "crack_01", "not good", "NotGood", "not_ok",
             "Class1_def", "def_front", "Defect_images", "n.i.O.", "structural_anomalies",
             "small hole", "test_images", "test_public", "Scratches", "screw_bad", "fail",
             "failures", "nonconform", "unhealthy", "mauvaises", "piezas_malas", "difettosi",
             "KO-1"), "defects"
        ).items(),
        *dict.fromkeys(
            ("mask_png", "gt_mask", "seg", "GroundTruth", "Semantic Maps", "labels", "label2",
             "Mask_images", "screw-masks"), "masks"
        ).items(),
        *dict.fromkeys(
            ("good", "OK", "ok_front", "NODefect_images", "defect-free", "no_cracks", "undamaged",
             "good_no_flash_0", "good_no_12", "no_visible_defects", "free of defects", "pass",
             "Healthy", "buenas", "pezzi_buoni", "good_no_defects"),
            "good",
        ).items(),
        # Names of products: a hole saw, a label printer, a display of seven segments.
        *dict.fromkeys(
            ("crackers", "hole_saw", "7-seg-display", "label_printer", "face mask", "test tube",
             "stained_glass", "bookmark", "normalised", "valve", "chips", "train_images",
             "normal_map", "fine", "coarse", "gt500", "KO-7781", "NG_123", "no_flash"), ""
        ).items(),
    ],
)  # fmt: skip
def test_names_are_compared_word_by_word(name, meaning) -> None:
    assert meaning_of(name) == meaning


@pytest.mark.parametrize(
    "name", ["bad_parts", "NG2", "crack_01", "not good", "Class1_def", "gt_mask", "seg"]
)
def test_a_folder_among_good_photos_that_means_something_else_stops_the_run(name, tmp_path) -> None:
    photo(tmp_path / "set" / "screw" / "a.png")
    photo(tmp_path / "set" / name / "b.png", 1)

    with pytest.raises(InputError, match=f"{name}: would be used as good photos") as caught:
        find_source(tmp_path / "set")

    assert "give the folder of good photos alone" in caught.value.hint


@pytest.mark.parametrize("name", ["hole_saw", "label printer", "7-seg-display", "crackers"])
def test_products_may_be_called_like_defects_and_masks(name, tmp_path) -> None:
    photo(tmp_path / "set" / "screw" / "a.png")
    photo(tmp_path / "set" / name / "b.png", 1)

    assert sorted(find_source(tmp_path / "set").categories) == sorted([name, "screw"])


@pytest.mark.parametrize(
    ("name", "beside", "word"),
    [
        ("def_front", "ok_front", "defects"),
        ("hole_plate", "good", "defects"),
        ("bolt_label", "bolt_good", "masks"),
    ],
)
def test_a_folder_beside_good_photos_is_what_its_name_says(name, beside, word, tmp_path) -> None:
    photo(tmp_path / "set" / name / "a.png")
    photo(tmp_path / "set" / beside / "b.png", 1)

    with pytest.raises(InputError, match=f"{name}: .* beside '{beside}' its name says {word}"):
        find_source(tmp_path / "set" / name)
    assert list(find_source(tmp_path / "set" / beside).categories) == [beside]


@pytest.mark.parametrize("name", ["bad_parts", "hole_saw", "NG2", "masks"])
def test_a_folder_that_the_user_points_at_may_be_called_as_he_likes(name, tmp_path) -> None:
    photo(tmp_path / "set" / name / "a.png")
    photo(tmp_path / "set" / "good_drill" / "b.png")

    assert list(find_source(tmp_path / "set" / name).categories) == [name]


@pytest.mark.parametrize("name", ["gt_mask", "mask_png", "seg"])
def test_masks_beside_good_photos_and_defects_are_no_kind_of_defect(name, tmp_path) -> None:
    photo(tmp_path / "bolt" / "good" / "a.png")
    photo(tmp_path / "bolt" / "crack" / "b.png", 1)
    save(tmp_path / "bolt" / name / "b.png", levels(255))

    found = find_labelled(tmp_path / "bolt")

    assert [(item.kind, item.mask is not None) for item in found] == [
        ("good", False),
        ("crack", True),
    ]


@pytest.mark.parametrize("values", [(255,), (128, 255), (1, 2)])
@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp"])
def test_masks_of_two_or_three_values_are_no_photos(values, ending, tmp_path) -> None:
    if ending == ".jpg" and max(values) < 9:
        pytest.skip("JPEG keeps no class numbers")
    for number in range(9):
        photo(tmp_path / "set" / f"{number}.png", number)
        save(tmp_path / "set" / f"{number}x{ending}", levels(*values))

    with pytest.raises(InputError, match=rf"x\{ending}: .* two or three values only"):
        find_source(tmp_path / "set")


def test_a_thin_crack_in_a_jpeg_mask_is_seen(tmp_path) -> None:
    pixels = np.zeros((200, 300), np.uint8)
    pixels[np.arange(50, 150), np.arange(100, 200)] = 255
    save(tmp_path / "set" / "a.jpg", pixels)

    with pytest.raises(InputError, match="two or three values only"):
        find_source(tmp_path / "set")


def silhouette() -> np.ndarray:
    """Return a dark part before a saturated light: two levels, one of them with noise."""
    pixels = np.full(SIZE, 255, np.uint8)
    pixels[20:70, 30:100] = 12 + np.random.default_rng(0).normal(0, 1.5, (50, 70))
    return pixels


def wires() -> np.ndarray:
    """Return a part on a background that is black to the last bit."""
    pixels = np.zeros(SIZE, np.uint8)
    pixels[20:70, 30:100] = 90 + np.random.default_rng(0).normal(0, 6, (50, 70))
    return pixels


def paper() -> np.ndarray:
    """Return strokes on saturated paper."""
    pixels = np.full(SIZE, 255, np.uint8)
    pixels[30:34, 20:100] = 20
    return pixels


@pytest.mark.parametrize("picture", [silhouette, wires, paper])
@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_photos_with_saturated_backgrounds_are_no_masks(picture, ending, tmp_path) -> None:
    save(tmp_path / "set" / f"a{ending}", picture())

    assert find_source(tmp_path / "set").categories["set"]


@pytest.mark.parametrize("mask", [0, 255])
def test_a_mask_of_the_same_name_beside_its_photo_is_no_photo(mask, tmp_path) -> None:
    photo(tmp_path / "set" / "exp1_num_1.jpg")
    save(tmp_path / "set" / "exp1_num_1.png", levels(mask))

    with pytest.raises(InputError, match=r"num_1\.png: .* the mask of exp1_num_1\.jpg"):
        find_source(tmp_path / "set")


def test_one_photo_in_two_formats_is_two_photos(tmp_path) -> None:
    photo(tmp_path / "set" / "a.jpg")
    photo(tmp_path / "set" / "a.png")

    assert len(find_source(tmp_path / "set").categories["set"]) == 2


@pytest.mark.parametrize("name", ["a_seg", "a-segm", "a_gt_mask", "A_Label", "a_semantic"])
def test_names_of_masks_beside_their_photos_are_known_by_their_words(name, tmp_path) -> None:
    photo(tmp_path / "set" / "a.png")
    photo(tmp_path / "set" / f"{name}.png", 1)

    with pytest.raises(InputError, match=rf"{name}\.png: .* a mask of 'a'"):
        find_source(tmp_path / "set")


def test_pictures_that_were_held_against_a_template_are_no_good_photos(tmp_path) -> None:
    photo(tmp_path / "set" / "00041000_temp.jpg")
    photo(tmp_path / "set" / "00041000_test.jpg", 1)

    with pytest.raises(InputError, match=r"00041000_test\.jpg: .* tested against 00041000_temp"):
        find_source(tmp_path / "set")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("good_1", "scratch_0"),
        ("ok_0", "hole_0"),
        ("0_good", "0_broken"),
        ("pass_0", "fail_0"),
        ("OK_001", "NG_123"),
        ("valve_ok", "valve_front_dent"),
    ],
)
def test_names_of_pictures_beside_good_ones_may_be_kinds_of_defects(good, bad, tmp_path) -> None:
    photo(tmp_path / "set" / f"{good}.png")
    photo(tmp_path / "set" / f"{bad}.png", 1)

    with pytest.raises(
        InputError, match=rf"{bad}\.png: .* beside {good}\.png its name says defects"
    ):
        find_source(tmp_path / "set")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("good_flash_0", "good_no_flash_0"),
        ("good_drill_0", "hole_saw_0"),
        ("good_0", "test_0"),
        ("good_0", "IMG_0"),
    ],
)
def test_names_of_pictures_that_say_no_defect_beside_good_ones_are_good(
    one, other, tmp_path
) -> None:
    photo(tmp_path / "set" / f"{one}.png")
    photo(tmp_path / "set" / f"{other}.png", 1)

    assert len(find_source(tmp_path / "set").categories["set"]) == 2
