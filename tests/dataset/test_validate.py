"""`validate` finds every trap that loaders of datasets fall into, and nothing in a sound one."""

import json
import os
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.manifest import array_hash, to_json
from anomsynth.dataset.validate import Verdict, validate
from anomsynth.errors import InputError

MADE = runpy.run_path(str(Path(__file__).parents[1] / "consumers" / "traps.py"))
TRAPS, sound_tree, save = MADE["TRAPS"], MADE["sound_tree"], MADE["save"]
picture, blot = MADE["picture"], MADE["blot"]


@pytest.fixture
def category(tmp_path) -> Path:
    return sound_tree(tmp_path)


def found(verdict: Verdict) -> set[tuple[str, str]]:
    return {(finding.check, finding.level) for finding in verdict.findings}


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_tree_has_no_findings(category, deep) -> None:
    verdict = validate(category.parent, deep=deep)

    assert verdict.findings == ()
    assert verdict.categories == {"plate": 12}
    assert verdict.sound


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_found_with_its_level_and_what_to_do(category, name) -> None:
    trap = TRAPS[name]
    trap.spring(category)

    verdict = validate(category.parent)

    assert (trap.check, trap.level) in found(verdict)
    assert verdict.sound == (trap.level != "error")
    assert all(finding.hint and finding.message for finding in verdict.findings)
    assert all(
        (category.parent / finding.file).exists() or finding.check == "file-missing"
        for finding in verdict.findings
    )


@pytest.mark.parametrize("name", [name for name, trap in TRAPS.items() if trap.anomalib == "fails"])
def test_what_anomalib_fails_on_is_an_error(name) -> None:
    assert TRAPS[name].level == "error"


def test_a_wrong_pair_says_whether_anomalib_refuses_it_or_learns_from_it(category) -> None:
    TRAPS["names of different widths"].spring(category)

    said = {finding.file: finding.message for finding in validate(category.parent).findings}

    assert said == {
        "plate/test/crack/1.png": "sorted names pair it with 100_mask.png: "
        "it is the mask of another image",
        "plate/test/crack/100.png": "sorted names pair it with 1_mask.png: "
        "anomalib refuses the dataset",
    }


def test_every_file_is_named_not_only_the_first(category) -> None:
    for path in (category / "ground_truth/crack").iterdir():
        save(path, blot() // 255)

    verdict = validate(category.parent)

    assert [finding.file for finding in verdict.findings] == [
        f"plate/ground_truth/crack/00000{number}_mask.png" for number in range(3)
    ]


def test_one_category_alone_is_a_dataset(category) -> None:
    (category / "ground_truth/crack/000000_mask.png").unlink()

    verdict = validate(category)

    assert [finding.file for finding in verdict.findings] == ["test/crack/000000.png"]


def test_images_and_masks_are_a_dataset(tmp_path) -> None:
    for name in ("a.jpg", "b.png"):
        save(tmp_path / "images" / name, picture(len(name)))
    save(tmp_path / "masks/a.png", blot() // 2)
    save(tmp_path / "masks/c.png", blot())

    verdict = validate(tmp_path)

    assert found(verdict) == {
        ("mask-missing", "error"),
        ("mask-without-image", "error"),
        ("mask-values", "error"),
    }


def test_a_flipped_byte_in_the_middle_is_found(category) -> None:
    path = category / "train/good/000001.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)

    assert found(validate(category.parent)) == {("unreadable", "error")}


def test_damage_without_check_sums_is_found_by_decoding(tmp_path) -> None:
    save(tmp_path / "masks/a.png", blot())
    save(tmp_path / "images/a.bmp", picture(1))
    path = tmp_path / "images/a.bmp"
    path.write_bytes(path.read_bytes()[:500])

    assert validate(tmp_path).sound
    assert found(validate(tmp_path, deep=True)) == {("unreadable", "error")}


def test_equal_pixels_in_unequal_files_are_found_by_decoding(category) -> None:
    with Image.open(category / "train/good/000000.png") as image:
        image.save(category / "test/good/000000.png", compress_level=0)

    assert validate(category.parent).findings == ()
    assert found(validate(category.parent, deep=True)) == {("duplicate", "warning")}


def test_a_camera_that_was_held_upright_is_told(category) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(picture(9)).save(category / "train/good/000000.png", exif=exif)

    assert ("orientation", "warning") in found(validate(category.parent))


def test_a_jpeg_that_is_called_png_is_told(category) -> None:
    Image.fromarray(picture(9)).save(category / "train/good/000000.png", format="JPEG")

    assert ("file-type", "note") in found(validate(category.parent))


def test_images_of_one_stem_share_a_mask_which_is_an_error(category) -> None:
    save(category / "test/crack/000000.bmp", picture(8))

    assert ("same-name", "error") in found(validate(category.parent))


def test_names_that_pair_only_by_chance_are_a_warning(category) -> None:
    for number in (8, 11):
        save(category / f"test/hole/{number}.png", picture(number + 50))
        save(category / f"ground_truth/hole/{number}.png", blot())

    assert found(validate(category.parent)) == {("name-width", "warning")}


def test_a_mask_that_marks_everything_is_a_warning(category) -> None:
    save(category / "ground_truth/dent/000000_mask.png", 255 - blot() * 0)

    assert found(validate(category.parent)) == {("mask-full", "warning")}


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links on this system")
@pytest.mark.parametrize(("copies", "unfair"), [(3, False), (4, True)])
def test_a_test_set_with_too_few_good_photos_is_told(category, copies, unfair) -> None:
    good = category / "test" / "good"
    kept = len(list(good.iterdir()))
    for kind in (category / "test").iterdir():
        if kind.name != "good":
            shutil.rmtree(kind)
            shutil.rmtree(category / "ground_truth" / kind.name)
    for index in range(copies * kept):
        save(category / "test" / "bad" / f"{index:03d}.png", picture(100 + index))
        save(category / "ground_truth" / "bad" / f"{index:03d}_mask.png", blot())

    verdict = validate(category.parent)

    assert (("unfair-test", "warning") in found(verdict)) is unfair


def test_a_linked_folder_is_not_followed_by_loaders(category, tmp_path) -> None:
    (category / "test/dent").rename(tmp_path / "elsewhere")
    (category / "test/dent").symlink_to(tmp_path / "elsewhere")

    assert ("linked-folder", "error") in found(validate(tmp_path))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\0\0"])
@pytest.mark.parametrize("place", ["test/crack/000000.png", "ground_truth/crack/000000_mask.png"])
@pytest.mark.parametrize("deep", [False, True])
def test_no_file_can_crash_it(category, content, place, deep) -> None:
    (category / place).write_bytes(content)

    assert found(validate(category.parent, deep=deep)) == {("unreadable", "error")}


def test_a_folder_that_is_no_dataset_is_an_error_of_input(tmp_path) -> None:
    (tmp_path / "something").mkdir()

    with pytest.raises(InputError, match="no labelled images"):
        validate(tmp_path)


@pytest.fixture
def ours(category) -> Path:
    """Return a dataset with the manifest that our writer would have written."""
    root = category.parent
    lines = []
    for path in sorted(category.glob("t*/*/*.png")):
        files, hashes = {"image": path}, {"image": array_hash(read(path))}
        mask = category / "ground_truth" / path.parent.name / f"{path.stem}_mask.png"
        if mask.exists():
            files["mask"], hashes["mask"] = mask, array_hash(read(mask))
        named = {role: file.relative_to(root).as_posix() for role, file in files.items()}
        what = "sample" if mask.exists() else "normal"
        about = {"what": what, "category": "plate", "image": path.name}
        lines.append({**about, "files": named, "sha256": hashes})
    metadata = root / "_anomsynth" / "plate"
    metadata.mkdir(parents=True)
    (metadata / "manifest.jsonl").write_text("".join(to_json(line) + "\n" for line in lines))
    (root / "_anomsynth/run.json").write_text("{}")
    return root


def read(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


@pytest.mark.parametrize("deep", [False, True])
def test_our_own_dataset_is_as_its_manifest_says(ours, deep) -> None:
    assert validate(ours, deep=deep).findings == ()


def test_a_changed_mask_is_found_by_its_hash(ours) -> None:
    save(ours / "plate/ground_truth/crack/000000_mask.png", np.roll(blot(), 1))

    assert found(validate(ours)) == {("hash", "error")}


def test_a_changed_image_is_found_by_its_hash_if_decoded(ours) -> None:
    save(ours / "plate/test/crack/000000.png", picture(99))

    assert validate(ours).findings == ()
    assert found(validate(ours, deep=True)) == {("hash", "error")}


def test_files_and_lines_that_have_no_other_half_are_found(ours) -> None:
    (ours / "plate/test/good/000002.png").rename(ours / "plate/test/good/000003.png")

    findings = {finding.check: finding.file for finding in validate(ours).findings}

    assert findings == {
        "file-missing": "plate/test/good/000002.png",
        "unrecorded": "plate/test/good/000003.png",
    }


def test_samples_that_could_not_be_made_are_noted(ours) -> None:
    manifest = ours / "_anomsynth/plate/manifest.jsonl"
    line = {"what": "failed sample", "category": "plate", "image": "a.png", "index": 0}
    line |= {"cause": "PlacementError", "message": "no room"}
    manifest.write_text(manifest.read_text() + json.dumps(line) + "\n")

    assert [finding.message for finding in validate(ours).findings] == ["failed sample: no room"]


def test_a_damaged_manifest_is_an_error(ours) -> None:
    (ours / "_anomsynth/plate/manifest.jsonl").write_text("{]\n{}\n")

    assert found(validate(ours)) == {("manifest", "error")}


def test_a_damaged_record_of_the_run_is_an_error(ours) -> None:
    (ours / "_anomsynth/run.json").write_text("")

    (finding,) = validate(ours).findings
    assert (finding.check, finding.level, finding.message) == ("run", "error", "the file is empty")


def test_a_run_that_has_not_ended_is_a_warning(ours) -> None:
    (ours / "_anomsynth/journal.jsonl").write_text("")
    (ours / "_anomsynth/plate/manifest.jsonl").unlink()

    assert found(validate(ours)) == {("unfinished", "warning")}
