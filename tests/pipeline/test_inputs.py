"""Bad input costs what it touches, is named, and leaves nothing half-written."""

import errno
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.images import read_photo, write_png
from anomsynth.dataset.manifest import read_lines
from anomsynth.errors import InputError, OutputError


def lines_of(out: Path, what: str) -> list[dict]:
    lines = read_lines(out / "_anomsynth" / "my part" / "manifest.jsonl")
    return [line for line in lines if line["what"] == what]


def test_every_unusable_photo_is_named_and_the_others_are_used(photos, tmp_path, make) -> None:
    content = (photos / "a.png").read_bytes()
    (photos / "corrupt.png").write_bytes(content[:200])
    (photos / "empty.png").touch()
    (photos / "text.png").write_text("a note to myself\n" * 20)
    frames = [Image.new("L", (128, 96), shade) for shade in (9, 99)]
    frames[0].save(photos / "animated.png", save_all=True, append_images=frames[1:])
    Image.fromarray(np.ones((96, 128), np.float32)).save(photos / "float.tiff")
    header = content[:16] + (10**5).to_bytes(4, "big") * 2 + content[24:]
    (photos / "bomb.png").write_bytes(header)

    finished = make(photos, tmp_path / "out", per_image=1)

    assert finished.written == 4
    assert {name.removeprefix("my part/") for name in finished.failed_images} == {
        "animated.png",
        "bomb.png",
        "corrupt.png",
        "empty.png",
        "float.tiff",
        "text.png",
    }
    for line in lines_of(tmp_path / "out", "unusable photo"):
        assert line["cause"] == "InputError"
        assert line["image"] in line["message"]
    assert len(list((tmp_path / "out").glob("*/*/good/*.png"))) == 4


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_an_unreadable_photo_costs_itself(photos, tmp_path, make) -> None:
    (photos / "a.png").chmod(0)

    finished = make(photos, tmp_path / "out", per_image=1)

    assert finished.failed_images == ("my part/a.png",)


def test_strict_stops_at_the_first_unusable_photo(photos, tmp_path, make) -> None:
    (photos / "a.png").write_bytes(b"")

    with pytest.raises(InputError, match=r"a\.png: the file is empty") as caught:
        make(photos, tmp_path / "out", per_image=1, strict=True)
    assert "then `resume=True`" in caught.value.hint

    assert not (tmp_path / "out" / "_anomsynth" / ".tmp").exists()


def test_rotated_cmyk_deep_and_transparent_photos_are_used(tmp_path, make, photo_maker) -> None:
    folder = photo_maker(tmp_path / "my part", "a.png")
    grey = read_photo(folder / "a.png").pixels[..., 0]
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(grey).save(folder / "rotated.jpg", exif=exif, quality=95)
    Image.fromarray(grey).convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    deep = grey.astype(np.uint16) * 257
    (folder / "deep.png").write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    clear = Image.fromarray(grey).convert("RGBA")
    clear.putalpha(Image.fromarray(np.full_like(grey, 200)))
    clear.save(folder / "clear.png")
    Image.fromarray(grey).convert("P").save(folder / "palette.png")

    finished = make(folder, tmp_path / "out", per_image=1)

    assert finished.written == 6
    shapes = {}
    for line in lines_of(tmp_path / "out", "sample"):
        shown = read_photo(tmp_path / "out" / line["files"]["image"])
        assert shown.pixels.dtype == np.uint8
        assert shown.alpha is None
        shapes[line["image"]] = shown.pixels.shape
        originals = [name for name in line["files"]["extras"] if "/original/" in name]
        assert bool(originals) == (line["image"] in {"deep.png", "clear.png"})
    assert shapes["rotated.jpg"] == (128, 96, 1)
    assert shapes["cmyk.jpg"] == (96, 128, 3)


def test_same_stems_make_different_samples(photo_maker, tmp_path, make) -> None:
    folder = photo_maker(tmp_path / "my part", "a.png")
    (folder / "a.bmp").write_bytes(
        cv2.imencode(".bmp", cv2.imread(str(folder / "a.png")))[1].tobytes()
    )

    make(folder, tmp_path / "out", per_image=1)

    first, second = lines_of(tmp_path / "out", "sample")
    assert first["image"] == "a.bmp"
    assert first["sha256"]["mask"] != second["sha256"]["mask"]


def masks_for(photos: Path, folder: Path, mask: np.ndarray) -> Path:
    folder.mkdir()
    for path in photos.iterdir():
        write_png(folder / f"{path.stem}.png", mask, folder)
    return folder


def test_defects_keep_to_the_region_and_off_the_avoided(photos, tmp_path, make) -> None:
    inside = np.zeros((96, 128), np.uint8)
    inside[16:80, 16:112] = 255
    off = np.zeros((96, 128), np.uint8)
    off[:, :64] = 1
    roi = masks_for(photos, tmp_path / "roi", inside)
    avoid = masks_for(photos, tmp_path / "avoid", off)

    finished = make(photos, tmp_path / "out", per_image=2, roi=roi, avoid=avoid)

    assert finished.written > 0
    for line in lines_of(tmp_path / "out", "sample"):
        before = read_photo(photos / line["source"]["file"]).pixels
        after = read_photo(tmp_path / "out" / line["files"]["image"]).pixels
        changed = (before != after).any(axis=2)
        assert not changed[(inside == 0) | (off == 1)].any()


def test_a_photo_without_its_region_costs_itself(photos, tmp_path, make) -> None:
    roi = masks_for(photos, tmp_path / "roi", np.ones((96, 128), np.uint8))
    (roi / "a.png").unlink()
    write_png(roi / "d.png", np.ones((9, 9), np.uint8), tmp_path)

    finished = make(photos, tmp_path / "out", per_image=1, roi=roi)

    assert finished.failed_images == ("my part/a.png", "my part/d.jpg")
    missing, wrong = (line["message"] for line in lines_of(tmp_path / "out", "unusable photo"))
    assert "no mask of this photo" in missing
    assert "mask of 9 x 9 pixels for a picture of 128 x 96" in wrong


def test_a_photo_without_a_mask_to_avoid_is_free(photos, tmp_path, make) -> None:
    avoid = masks_for(photos, tmp_path / "avoid", np.zeros((96, 128), np.uint8))
    (avoid / "a.png").unlink()

    assert make(photos, tmp_path / "out", per_image=1, avoid=avoid).written == 4


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "Read-only")]
)
@pytest.mark.parametrize("moment", [0, 3, 9])
def test_a_disk_that_fails_stops_the_run_which_can_be_resumed(
    datasets, monkeypatch, number, reason, moment
) -> None:
    datasets.make("whole", per_image=1)
    really, left = Path.replace, [moment]

    def fails(path, target):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(number, os.strerror(number))
        return really(path, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OutputError, match=reason):
        datasets.make("out", per_image=1)
    monkeypatch.undo()

    assert not [name for name in datasets.tree("out") if name.endswith(".part")]
    datasets.make("out", per_image=1, resume=True)
    assert datasets.tree("out") == datasets.tree("whole")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes all")
def test_a_folder_without_permission_is_refused_before_work(photos, tmp_path, make) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)

    with pytest.raises(OutputError, match="cannot be written to"):
        make(photos, tmp_path / "locked" / "out", per_image=1)


@pytest.mark.parametrize("name", ["new\nline.png", "no text \udcff.png"])
def test_a_photo_of_an_impossible_name_costs_itself(photos, tmp_path, make, tree, name) -> None:
    try:
        (photos / name).write_bytes((photos / "a.png").read_bytes())
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system refuses them itself")

    finished = make(photos, tmp_path / "out", per_image=1)
    whole = tree(tmp_path / "out")
    make(photos, tmp_path / "out", per_image=1, resume=True)

    assert (finished.written, finished.failed) == (4, 1)
    (line,) = lines_of(tmp_path / "out", "unusable photo")
    assert "control characters" in line["message"]
    assert line["hint"] == "rename it"
    assert tree(tmp_path / "out") == whole
