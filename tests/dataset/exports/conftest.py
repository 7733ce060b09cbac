"""One dataset of ours and one of another tool, made once, and their truth."""

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.exports import Exported, Target, export, exporters
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import build_recipe
from anomsynth.testing import make_pixels

RECIPE = {
    "name": "small",
    "seed": 3,
    "mm_per_px": 0.1,
    "mechanisms": [{"generator": {"kind": "pitting"}}, {"generator": {"kind": "crack"}}],
    "defects_per_image": [1, 3],
}
MADE = runpy.run_path(str(Path(__file__).parents[2] / "consumers" / "traps.py"))


@pytest.fixture(scope="session")
def ours(tmp_path_factory) -> Path:
    """Return a dataset of ours: two categories, six photos, twelve samples."""
    photos, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("ours") / "dataset"
    for category in ("plate", "täfel chen"):
        (photos / category).mkdir()
        for index in range(3):
            pixels = make_pixels(96, 128, seed=index + 10 * len(category))[..., 0]
            Image.fromarray(pixels).save(photos / category / f"{index}.png")
    run(make_plan(photos, out, build_recipe(RECIPE, "test"), RunOptions(per_image=2, jobs=1)))
    return out


@pytest.fixture
def foreign(tmp_path) -> Path:
    """Return a dataset of another tool: no manifest, unequal sizes, one JPEG."""
    category = MADE["sound_tree"](tmp_path / "foreign")
    MADE["save"](category / "test/crack/000007.jpg", MADE["picture"](70, 31))
    MADE["save"](category / "ground_truth/crack/000007.png", two_spots(31))
    return category.parent


def two_spots(size: int) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[3:7, 4:9] = mask[15:22, 11:14] = 255
    return mask


@pytest.fixture
def write(tmp_path) -> Callable[..., Exported]:
    """Return a function that exports a dataset to ``<tmp_path>/out``."""

    def write(dataset: Path, kind: str, **options) -> Exported:
        overwrite = bool(options.pop("overwrite", False))
        target = Target(tmp_path / "out", overwrite=overwrite)
        return export(dataset, target, exporters.build({"kind": kind, **options}))

    return write


@pytest.fixture
def truth() -> Callable[[Path, str], np.ndarray]:
    """Return a function that reads the label mask of an image by its name in exports."""

    def truth(dataset: Path, name: str) -> np.ndarray:
        category, split, kind, stem = name.split("/")
        image = next((dataset / category / split / kind).glob(f"{stem}.*"))
        with Image.open(image) as opened:
            empty = np.zeros((opened.height, opened.width), dtype=bool)
        masks = [*(dataset / category / "ground_truth" / kind).glob(f"{stem}*")]
        return read(masks[0]) > 0 if masks else empty

    return truth


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)
