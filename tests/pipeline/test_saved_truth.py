"""The files on disk keep the promises of the masks, for every preset."""

import json
from pathlib import Path

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

PHOTOS = {"grey.png": 1, "colour.png": 3}
PER_PHOTO = 6


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def as_lab(pixels: np.ndarray) -> np.ndarray:
    return rgb2lab(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))


@pytest.fixture(scope="module", params=preset_names())
def dataset(request, tmp_path_factory) -> tuple[Path, Path]:
    """Return the folder of photos and the dataset that a preset made of it."""
    folder = tmp_path_factory.mktemp("saved")
    source, out = folder / "parts", folder / "out"
    source.mkdir()
    for seed, (name, channels) in enumerate(PHOTOS.items()):
        pixels = make_pixels(220, 260, channels=channels, seed=seed)
        Image.fromarray(pixels.squeeze()).save(source / name)
    options = RunOptions(per_image=PER_PHOTO, extras=("strict",))
    run(make_plan(source, out, load_recipe(request.param), options))
    return source, out


def samples(out: Path) -> list[dict]:
    lines = (out / "_anomsynth" / "parts" / "manifest.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if "record" in line]


def test_nearly_every_sample_comes_out(dataset) -> None:
    assert len(samples(dataset[1])) >= 0.9 * PER_PHOTO * len(PHOTOS)


def test_saved_pixels_change_inside_the_recorded_support_only(dataset) -> None:
    source, out = dataset
    for line in samples(out):
        photo, result = read(source / line["image"]), read(out / line["files"]["image"])
        changed = photo != result
        changed = changed.any(axis=2) if changed.ndim == 3 else changed
        support = np.zeros(changed.shape, bool)
        for packed in line["supports"]:
            box, inside = unpack_support(packed)
            support[box.slices] |= inside

        assert changed.any()
        assert not (changed & ~support).any()


def test_saved_masks_agree_with_what_visibly_changed(dataset) -> None:
    source, out = dataset
    for line in samples(out):
        photo, result = read(source / line["image"]), read(out / line["files"]["image"])
        label = read(out / line["files"]["mask"])
        number = Path(line["files"]["image"]).name
        strict = read(out / "_anomsynth" / "parts" / "strict" / number) > 0
        visible = deltaE_cie76(as_lab(photo), as_lab(result)) >= 1.1

        assert set(np.unique(label)) <= {0, 255}
        assert not (strict & (label == 0)).any()
        assert (strict & visible).sum() >= 0.97 * (strict | visible).sum()
        assert visible.sum() >= 6
