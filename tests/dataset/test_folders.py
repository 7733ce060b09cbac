"""A source folder is understood the same way on every file system."""

import unicodedata
from pathlib import Path

import pytest

from anomsynth.dataset.folders import find_source
from anomsynth.dataset.paths import check_name
from anomsynth.errors import InputError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def keys(root: Path, **options) -> dict[str, list[str]]:
    found = find_source(root, **options)
    return {name: [photo.key for photo in photos] for name, photos in found.categories.items()}


def test_a_folder_of_photos_is_one_category_of_its_name(tmp_path) -> None:
    source = touch(tmp_path / "my part", "b.PNG", "a.jpg", "ä ö.tif", "c.bmp", "d.webp", "e.TIFF")

    assert keys(source) == {"my part": ["a.jpg", "b.PNG", "c.bmp", "d.webp", "e.TIFF", "ä ö.tif"]}


def test_same_stems_are_two_photos(tmp_path) -> None:
    assert keys(touch(tmp_path / "s", "a.png", "a.jpg")) == {"s": ["a.jpg", "a.png"]}


def test_folders_of_photos_are_categories(tmp_path) -> None:
    source = touch(tmp_path, "screw/x/2.png", "screw/1.png", "bolt/1.png", "empty/readme.txt")

    assert keys(source) == {"bolt": ["1.png"], "screw": ["1.png", "x/2.png"]}


def test_of_an_mvtec_root_only_good_training_photos_are_used(tmp_path) -> None:
    source = touch(
        tmp_path,
        "screw/train/good/000.png",
        "screw/test/good/000.png",
        "screw/test/scratch/000.png",
        "screw/ground_truth/scratch/000_mask.png",
        "bolt/train/good/000.png",
        "notes/a.png",
    )

    assert keys(source) == {"bolt": ["000.png"], "screw": ["000.png"]}


def test_one_mvtec_category_keeps_the_keys_it_has_in_its_root(tmp_path) -> None:
    touch(tmp_path, "screw/train/good/000.png", "screw/test/bad/000.png")

    assert keys(tmp_path / "screw") == keys(tmp_path)


def test_hidden_and_other_files_are_passed_over_and_counted(tmp_path) -> None:
    source = touch(tmp_path / "s", "a.png", ".b.png", "c.txt", "d", ".git/e.png", "sub/f.png")

    found = find_source(source)

    assert [photo.key for photo in found.categories["s"]] == ["a.png"]
    assert found.ignored == 5  # .b.png, .git, c.txt, d and sub
    assert found.example == "c.txt"


def test_folders_without_good_photos_in_an_mvtec_root_are_counted(tmp_path) -> None:
    found = find_source(touch(tmp_path, "screw/train/good/0.png", "notes/a.png"))

    assert (found.ignored, found.example) == (1, "notes")


def test_excluded_folders_are_no_categories(tmp_path) -> None:
    touch(tmp_path, "screw/1.png", "masks/1.png")

    assert keys(tmp_path, exclude=[tmp_path / "masks"]) == {"screw": ["1.png"]}


def test_keys_are_composed(tmp_path) -> None:
    name = unicodedata.normalize("NFD", "ä.png")
    touch(tmp_path / "s", name)

    assert keys(tmp_path / "s") == {"s": ["ä.png"]}


def test_two_spellings_of_one_name_clash(tmp_path) -> None:
    touch(tmp_path / "s", "ä.png", unicodedata.normalize("NFD", "ä.png"))
    if len(list((tmp_path / "s").iterdir())) == 1:
        pytest.skip("the file system composes names itself")

    with pytest.raises(InputError, match="second photo of the name"):
        find_source(tmp_path / "s")


@pytest.mark.parametrize("name", ["a\nb.png", "a\udcff.png"])
def test_names_that_are_no_text_have_keys_that_are(tmp_path, name) -> None:
    try:
        touch(tmp_path / "s", name, "good.png")
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system refuses them itself")

    escaped = name.replace("\n", r"\x0a").replace("\udcff", r"\xff")
    assert keys(tmp_path / "s") == {"s": [escaped, "good.png"]}
    with pytest.raises(InputError, match="control characters") as caught:
        check_name(tmp_path / "s" / name)
    assert escaped in str(caught.value)


def test_a_category_needs_a_name_that_is_text(tmp_path) -> None:
    try:
        touch(tmp_path, "s\nt/a.png")
    except OSError:
        pytest.skip("the file system refuses them itself")

    with pytest.raises(InputError, match="control characters"):
        find_source(tmp_path)


def test_the_reserved_name_is_no_category(tmp_path) -> None:
    touch(tmp_path, "_anomsynth/a.png", "b/a.png")

    with pytest.raises(InputError, match=r"_anomsynth.*taken"):
        find_source(tmp_path)


def test_a_link_back_does_not_loop(tmp_path) -> None:
    touch(tmp_path, "s/x/a.png")
    (tmp_path / "s" / "x" / "back").symlink_to(tmp_path / "s")

    assert keys(tmp_path) == {"s": ["x/a.png"]}


def test_crosswise_links_list_no_photo_twice(tmp_path) -> None:
    touch(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "a" / "tob").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "toa").symlink_to(tmp_path / "a")

    assert keys(tmp_path) == {"a": ["1.png"], "b": ["2.png"]}


def test_links_out_of_the_source_are_followed_once(tmp_path) -> None:
    source = touch(tmp_path / "s", "a/1.png")
    touch(tmp_path, "far/2.png", "away/3.png", "above.png")
    (source / "a" / "far").symlink_to(tmp_path / "far")
    (tmp_path / "far" / "away").symlink_to(tmp_path / "away")
    (tmp_path / "away" / "far").symlink_to(tmp_path / "far")
    (tmp_path / "away" / "up").symlink_to(tmp_path)
    (tmp_path / "away" / "into").symlink_to(source)
    (source / "linked").symlink_to(tmp_path / "away")

    assert keys(source) == {
        "a": ["1.png", "far/2.png", "far/away/3.png"],
        "linked": ["3.png", "far/2.png"],
    }


def test_missing_empty_and_wrong_sources_say_so(tmp_path) -> None:
    touch(tmp_path, "empty/readme.txt", "file.png")

    with pytest.raises(InputError, match="no such folder"):
        find_source(tmp_path / "gone")
    with pytest.raises(InputError, match="not a folder"):
        find_source(tmp_path / "file.png")
    with pytest.raises(InputError, match=r"no photos found \(1 other entries ignored\)") as caught:
        find_source(tmp_path / "empty")
    assert ".png" in caught.value.hint


def test_an_unreadable_folder_is_named(tmp_path, monkeypatch) -> None:
    touch(tmp_path, "s/a.png")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        find_source(tmp_path / "s")
