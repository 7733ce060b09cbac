"""`anomsynth foreground` writes masks that `generate` takes back."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.files import output_error
from anomsynth.dataset.images import write_png
from anomsynth.demo.photos import brushed_plate


@pytest.fixture
def plates(tmp_path) -> Path:
    folder = tmp_path / "plates"
    folder.mkdir()
    for index in range(4):
        Image.fromarray(brushed_plate(index)).save(folder / f"{index}.png")
    return folder


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_masks_and_a_sheet_are_written_and_go_back_in(call, plates, tmp_path, recipe_file) -> None:
    masks, out = tmp_path / "masks", tmp_path / "out"

    found = call("foreground", plates, "--out", masks)
    corrected = np.zeros((256, 256), np.uint8)
    corrected[100:160, 90:170] = 255
    Image.fromarray(corrected).save(masks / "plates" / "0_mask.png")
    made = call("generate", plates, out, "--preset", recipe_file, "--roi", masks, "--jobs", 1)

    assert (found.exit_code, made.exit_code) == (0, 0)
    assert "plates: part found in 4 of 4 photos by its calm background" in found.stdout
    assert f"anomsynth generate {plates} DATASET --roi {masks}" in found.stdout
    assert picture(masks / "sheet.png").shape == (16 + 192, 4 * 192, 3)  # names above
    mask = picture(masks / "plates" / "1_mask.png")
    assert set(np.unique(mask)) == {0, 255}
    assert 0.4 < np.mean(mask > 0) < 0.7
    for label in (out / "plates" / "ground_truth").rglob("00000[01]_mask.png"):
        assert not picture(label)[corrected == 0].any()


def test_corrected_masks_are_not_overwritten_unasked(call, plates, tmp_path) -> None:
    call("foreground", plates, "--out", tmp_path / "masks")

    again = call("foreground", plates, "--out", tmp_path / "masks")
    wanted = call("foreground", plates, "--out", tmp_path / "masks", "--overwrite")

    assert (again.exit_code, wanted.exit_code) == (2, 0)
    assert "0_mask.png: is there already" in again.stderr
    assert "--overwrite" in again.stderr


def test_the_source_is_never_written_to(call, plates) -> None:
    inside = call("foreground", plates, "--out", plates / "masks")

    assert inside.exit_code == 2
    assert not (plates / "masks").exists()


def test_unreadable_photos_are_named(call, plates, tmp_path) -> None:
    (plates / "0.png").write_bytes(b"no picture")

    found = call("foreground", plates, "--out", tmp_path / "masks", "--json")

    result = json.loads(found.stdout.splitlines()[-1])
    assert found.exit_code == 3
    assert result["masks"] == 3
    assert list(result["failed"]) == ["plates/0.png"]


def test_a_full_disk_leaves_the_masks_that_were_there(call, plates, tmp_path, monkeypatch) -> None:
    out = tmp_path / "masks"
    call("foreground", plates, "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    Image.fromarray(brushed_plate(7)).save(plates / "0.png")

    def full(path, array, scratch):
        if path.name == "2_mask.png":
            raise output_error(path, OSError(errno.ENOSPC, "No space left on device"))
        write_png(path, array, scratch)

    monkeypatch.setattr("anomsynth.api.foreground.write_png", full)
    again = call("foreground", plates, "--out", out, "--overwrite")
    new = call("foreground", plates, "--out", tmp_path / "new")

    assert (again.exit_code, new.exit_code) == (2, 2)
    assert f"{out}/plates/2_mask.png: the disk is full" in again.stderr.replace("\n", "")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()


def test_generate_says_where_it_found_the_part(call, plates, tmp_path, recipe_file) -> None:
    made = call("generate", plates, tmp_path / "out", "--preset", recipe_file, "--jobs", 1)

    assert "plates: part found in 4 of 4 photos by its calm background" in made.stdout
