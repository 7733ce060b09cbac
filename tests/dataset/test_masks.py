"""Masks are found by the name of their photo."""

from pathlib import Path

import pytest

from anomsynth.dataset.masks import MaskFolder
from anomsynth.errors import InputError


def folder(root: Path, *names: str) -> MaskFolder:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return MaskFolder(root)


@pytest.mark.parametrize("name", ["x/a.png", "x/a.tif", "x/a_mask.png", "x/a.PNG"])
def test_a_mask_carries_the_name_of_its_photo(tmp_path, name) -> None:
    found = folder(tmp_path, name, "x/b.png").find("screw", "x/a.png")

    assert found == tmp_path / name


def test_the_same_name_comes_before_the_same_stem(tmp_path) -> None:
    masks = folder(tmp_path, "a.png", "a.jpg", "a_mask.png")

    assert masks.find("screw", "a.jpg") == tmp_path / "a.jpg"
    assert masks.find("screw", "a.png") == tmp_path / "a.png"


def test_a_category_has_its_own_folder_if_there_is_one(tmp_path) -> None:
    masks = folder(tmp_path, "screw/a.png", "a.png")

    assert masks.find("screw", "a.png") == tmp_path / "screw" / "a.png"
    assert masks.find("bolt", "a.png") == tmp_path / "a.png"
    assert masks.find("screw", "b.png") is None


def test_dots_in_names_are_kept(tmp_path) -> None:
    masks = folder(tmp_path, "a.1_mask.png", "a.2_mask.png")

    assert masks.find("screw", "a.2.png") == tmp_path / "a.2_mask.png"
    assert masks.find("screw", "a.png") is None


def test_a_missing_folder_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match="gone: no such folder of masks"):
        MaskFolder(tmp_path / "gone")
