"""Smaller photos, names of photos in file names, and photos that stay JPEG."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layout import name_of
from anomsynth.testing import make_pixels

OPTIONS = {"kinds": ["pitting", "scratch"], "per_image": 2, "jobs": 1, "seed": 4}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phone") / "lids"
    (folder / "monday").mkdir(parents=True)
    for number, name in enumerate(("IMG_7.jpg", "IMG_12.jpg", "a.png", "monday/IMG 7.jpg")):
        pixels = cv2.GaussianBlur(make_pixels(192, 256, channels=3, seed=number), (0, 0), 1.5)
        cv2.imwrite(str(folder / name), pixels)
    return folder


def lines(root: Path, what: str) -> list[dict]:
    text = (root / "_anomsynth" / "lids" / "manifest.jsonl").read_text()
    return [line for line in map(json.loads, text.splitlines()) if line["what"] == what]


def test_large_photos_become_smaller_with_their_masks(photos: Path, tmp_path: Path) -> None:
    half = np.zeros((192, 256), np.uint8)
    half[:96] = 255
    cv2.imwrite(str(tmp_path / "half.png"), half)

    done = asy.generate(
        photos, tmp_path / "out", max_side=128, roi=tmp_path / "half.png", mm_per_px=0.1, **OPTIONS
    )

    assert (done.written, done.failed_images) == (6, ())
    for path in (tmp_path / "out" / "lids").rglob("*.png"):
        assert read_photo(path).pixels.shape[:2] == (96, 128)
    for path in (tmp_path / "out" / "lids").rglob("*_mask.png"):
        assert not read_photo(path).pixels[52:].any()
    assert {line["mm_per_px"] for line in lines(tmp_path / "out", "sample")} == {0.2}
    assert asy.validate(tmp_path / "out", deep=True).sound


def test_a_smaller_sample_is_replayed_and_a_run_resumed(photos: Path, tmp_path: Path) -> None:
    asy.generate(photos, tmp_path / "out", max_side=128, keep_names=True, **OPTIONS)
    lost = sorted((tmp_path / "out" / "lids" / "ground_truth").rglob("*.png"))[0]
    before = lost.read_bytes()
    lost.unlink()

    again = asy.generate(
        photos, tmp_path / "out", max_side=128, keep_names=True, resume=True, **OPTIONS
    )

    assert again.written == 6
    assert lost.read_bytes() == before
    assert asy.replay(tmp_path / "out", "lids/3").sample.image.shape == (96, 128, 3)
    with pytest.raises(asy.AnomsynthError, match="max_side"):
        asy.generate(photos, tmp_path / "out", max_side=100, resume=True, **OPTIONS)


def test_photos_that_are_small_enough_stay_what_they_are(photos: Path, tmp_path: Path) -> None:
    for name, options in (("a", {}), ("b", {"max_side": 256})):
        asy.generate(photos, tmp_path / name, **options, **OPTIONS)

    first, second = (
        {line["id"]: line["sha256"] for line in lines(tmp_path / name, "sample")} for name in "ab"
    )
    assert first == second


def test_names_of_photos_follow_the_number(photos: Path, tmp_path: Path) -> None:
    asy.generate(photos, tmp_path / "out", keep_names=True, **OPTIONS)

    for what, ending in (("normal", r"\.png"), ("sample", r"\.png")):
        for line in lines(tmp_path / "out", what):
            file = Path(line["files"]["image"]).name
            assert re.fullmatch(rf"\d{{6}}{re.escape(name_of(line['image']))}{ending}", file)
            assert (tmp_path / "out" / line["files"]["image"]).exists()
    verdict = asy.validate(tmp_path / "out", deep=True)
    assert verdict.sound
    assert not verdict.findings or all(item.level != "warning" for item in verdict.findings
                                       if item.check.startswith("name"))  # fmt: skip
    asy.generate(photos, tmp_path / "out", overwrite=True, **OPTIONS)  # knows the files as its own


def test_jpegs_stay_as_they_are_where_loaders_allow_it(photos: Path, tmp_path: Path) -> None:
    done = asy.generate(photos, tmp_path / "out", out_layout="folder", hardlink=True, **OPTIONS)

    for line in lines(tmp_path / "out", "normal"):
        made, source = tmp_path / "out" / line["files"]["image"], photos / line["source"]["file"]
        assert made.suffix == source.suffix
        assert made.samefile(source)
    assert done.written == 6
    assert asy.validate(tmp_path / "out", deep=True).sound
    assert len(asy.score(tmp_path / "out", jobs=1).scored) == 6
    asy.generate(photos, tmp_path / "out", overwrite=True, **OPTIONS)
    assert not list((tmp_path / "out").rglob("*.jpg"))
    assert len(list(photos.rglob("*.jpg"))) == 3


def test_a_turned_photo_is_written_as_it_is_seen(tmp_path: Path) -> None:
    (tmp_path / "lids").mkdir()
    picture = Image.fromarray(make_pixels(64, 96, channels=3))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "lids" / "0.jpg", exif=exif)

    asy.generate(tmp_path / "lids", tmp_path / "out", out_layout="folder", **OPTIONS)

    (good,) = (tmp_path / "out" / "lids").glob("*/good/*")
    assert good.suffix == ".png"
    assert read_photo(good).pixels.shape[:2] == (96, 64)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("a.png", "_a"),
        ("monday/IMG 7.jpg", "_monday-IMG 7"),
        ("no ending", "_no ending"),
        ("a:b?.png", "_a-b-"),
        ("ü" * 200 + ".png", "_" + "ü" * 100),
    ],
)
def test_names_fit_every_file_system(image: str, name: str) -> None:
    assert name_of(image) == name
