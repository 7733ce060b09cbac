"""The files on disk keep the promises of the masks, for every preset and kind of photo."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_cie76, rgb2lab

from anomsynth.dataset.manifest import unpack_support
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names
from anomsynth.testing import make_pixels

SIZE = (220, 260)
PER_PHOTO = 2
VISIBLE = 1.1  # half a just noticeable difference is 1.15; float32 roots and rounding differ
CLEAR = 40  # transparent columns of the RGBA photo


def deep(grey: np.ndarray) -> Image.Image:
    """Return a 16-bit photo whose low bytes are in use."""
    low = np.random.default_rng(0).integers(0, 256, grey.shape, dtype=np.uint16)
    return Image.fromarray(grey.astype(np.uint16) * np.uint16(256) + low)


def cut_out(rgb: np.ndarray) -> Image.Image:
    """Return a photo with a transparent strip and soft opacity elsewhere."""
    alpha = np.full((*rgb.shape[:2], 1), 200, np.uint8)
    alpha[:, :CLEAR] = 0
    return Image.fromarray(np.concatenate([rgb, alpha], axis=2))


PHOTOS = {
    "grey.png": (1, Image.fromarray),
    "colour.png": (3, Image.fromarray),
    "deep.png": (1, deep),
    "cut_out.png": (3, cut_out),
    "palette.png": (3, lambda rgb: Image.fromarray(rgb).quantize(256)),
}
MODES = {
    "grey.png": "L",
    "colour.png": "RGB",
    "deep.png": "I;16",
    "cut_out.png": "RGBA",
    "palette.png": "P",
}
KEPT_WHOLE = {"deep.png", "cut_out.png"}  # more than 8-bit grey or RGB


def read(path: Path) -> np.ndarray:
    """Return the pixels of a photo, palettes looked up."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB") if picture.mode == "P" else picture)


def as_lab(pixels: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* of grey, RGB or RGBA pixels of 8 or 16 bits."""
    colour = pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    return rgb2lab(colour / np.iinfo(pixels.dtype).max)


def reach(strict: np.ndarray, radius: int) -> np.ndarray:
    """Return what a disc of the radius reaches from the mask, holes filled."""
    padded = np.pad(strict.astype(np.uint8), radius + 2)
    near = (cv2.distanceTransform(1 - padded, cv2.DIST_L2, 5) <= 1.2 * radius + 1).astype(np.uint8)
    contours, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(near, contours, -1, 1, thickness=cv2.FILLED)
    return near[radius + 2 : -radius - 2, radius + 2 : -radius - 2] > 0


PASTES = "baseline/paste_real"  # needs a folder of real defects; its own tests draw some


@pytest.fixture(scope="module", params=[name for name in preset_names() if name != PASTES])
def dataset(request, tmp_path_factory) -> tuple[Path, Path]:
    """Return the folder of photos and the dataset that a preset made of it."""
    folder = tmp_path_factory.mktemp("saved")
    source, out = folder / "parts", folder / "out"
    source.mkdir()
    for seed, (name, (channels, picture)) in enumerate(PHOTOS.items()):
        pixels = make_pixels(*SIZE, channels=channels, seed=seed)
        picture(pixels.squeeze()).save(source / name)
    options = RunOptions(per_image=PER_PHOTO, extras=("strict",))
    run(make_plan(source, out, load_recipe(request.param), options))
    return source, out


def samples(out: Path) -> list[dict]:
    lines = (out / "_anomsynth" / "parts" / "manifest.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if "record" in line]


def extra(out: Path, line: dict, folder: str) -> Path:
    return out / "_anomsynth" / "parts" / folder / Path(line["files"]["image"]).name


def whole(out: Path, line: dict) -> np.ndarray:
    """Return the sample with all its bits and channels."""
    path = extra(out, line, "original")
    return read(path if path.exists() else out / line["files"]["image"])


def test_photos_are_of_the_kinds_they_should_be(dataset) -> None:
    for name, mode in MODES.items():
        with Image.open(dataset[0] / name) as photo:
            assert photo.mode == mode


def test_nearly_every_sample_comes_out(dataset) -> None:
    lines = samples(dataset[1])

    assert len(lines) >= 0.9 * PER_PHOTO * len(PHOTOS)
    assert {line["image"] for line in lines} == set(PHOTOS)


def test_the_tree_holds_8_bits_and_the_whole_picture_lies_beside_it(dataset) -> None:
    source, out = dataset
    for line in samples(out):
        shown, kept = read(out / line["files"]["image"]), whole(out, line)

        assert extra(out, line, "original").exists() == (line["image"] in KEPT_WHOLE)
        assert kept.dtype == read(source / line["image"]).dtype
        assert kept.shape == read(source / line["image"]).shape
        assert shown.dtype == np.uint8
        assert shown.ndim == 2 or shown.shape[2] == 3
        if kept.dtype == np.uint16:
            assert np.array_equal(shown, np.rint(kept / 257))
        else:
            assert np.array_equal(shown, kept[..., :3] if kept.ndim == 3 else kept)


def test_saved_pixels_change_inside_the_recorded_support_only(dataset) -> None:  # RE2
    source, out = dataset
    for line in samples(out):
        photo, result = read(source / line["image"]), whole(out, line)
        changed = photo != result
        changed = changed.any(axis=2) if changed.ndim == 3 else changed
        support = np.zeros(changed.shape, bool)
        for packed in line["supports"]:
            box, inside = unpack_support(packed)
            support[box.slices] |= inside

        assert changed.any()
        assert not (changed & ~support).any()
        if photo.ndim == 3 and photo.shape[2] == 4:
            assert np.array_equal(photo[..., 3], result[..., 3])
            assert not changed[:, :CLEAR].any()


def test_saved_masks_agree_with_what_visibly_changed(dataset) -> None:  # RE2
    source, out = dataset
    for line in samples(out):
        photo, result = read(source / line["image"]), whole(out, line)
        label = read(out / line["files"]["mask"])
        strict = read(extra(out, line, "strict")) > 0
        visible = deltaE_cie76(as_lab(photo), as_lab(result)) >= VISIBLE

        assert set(np.unique(label)) <= {0, 255}
        assert not (strict & (label == 0)).any()
        assert (strict & visible).sum() >= 0.97 * (strict | visible).sum()
        assert visible.sum() >= 6


def test_saved_labels_add_no_more_than_their_closing(dataset) -> None:  # RE2
    _, out = dataset
    for line in samples(out):
        label = read(out / line["files"]["mask"]) > 0
        strict = read(extra(out, line, "strict")) > 0
        widest = np.zeros(strict.shape, bool)
        for item in line["record"]["instances"]:
            widest |= reach(strict, item["closing_px"])

        assert not (label & ~widest).any()
