"""Small MVTec AD trees with one trap each; needs numpy and Pillow, nothing of anomsynth.

The tests of `anomsynth validate` and the script that shows what anomalib makes of the same trees
both build them here, so that no trap is claimed that is not there.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

CATEGORY = "plate"
SIZE = 24
DEFECTS = {"crack": 3, "dent": 2}


@dataclass(frozen=True)
class Trap:
    """One way to break a dataset.

    Attributes
    ----------
    spring : function (category folder)
        Changes the sound tree.
    check : str
        Finding that `validate` must report.
    level : str
        Its level.
    anomalib : "fails", "loads" or "starves"
        What the MVTecAD datamodule of anomalib 2.7.0 does; "starves": trains on nothing.
    """

    spring: Callable[[Path], object]
    check: str
    level: Literal["error", "warning", "note"]
    anomalib: Literal["fails", "loads", "starves"]


def picture(seed: int, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 200, (size, size, 3)).astype(np.uint8)


def blot(size: int = SIZE) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[4:9, 6:14] = 255
    return mask


def save(path: Path, array: np.ndarray, mode: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path)


def sound_tree(root: Path) -> Path:
    """Write a dataset without any trap and return its category folder."""
    category = root / CATEGORY
    for number in range(4):
        save(category / f"train/good/{number:06d}.png", picture(number))
    for number in range(3):
        save(category / f"test/good/{number:06d}.png", picture(10 + number))
    seed = 20
    for kind, count in DEFECTS.items():
        for number in range(count):
            save(category / f"test/{kind}/{number:06d}.png", picture(seed))
            save(category / f"ground_truth/{kind}/{number:06d}_mask.png", blot())
            seed += 1
    return category


def _rename(folder: Path, names: dict[str, str]) -> None:
    """Give the defects of a kind other stems, masks along with them."""
    for old, new in names.items():
        truth = folder.parents[1] / "ground_truth" / folder.name
        (folder / f"{old}.png").rename(folder / f"{new}.png")
        (truth / f"{old}_mask.png").rename(truth / f"{new}_mask.png")


def _as_jpeg(folder: Path) -> None:
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            image.save(path.with_suffix(".jpg"))
        path.unlink()


def _mask(category: Path) -> Path:
    return category / "ground_truth/crack/000000_mask.png"


def _defect(category: Path) -> Path:
    return category / "test/crack/000000.png"


def _jpeg_mask(category: Path) -> None:
    soft = np.clip(np.add.outer(np.arange(SIZE), np.arange(SIZE)) * 7, 0, 255).astype(np.uint8)
    save(_mask(category), soft)


def _deep(path: Path) -> None:
    Image.fromarray(np.full((SIZE, SIZE), 20_000, np.uint16)).save(path)


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _palette(path: Path) -> None:
    image = Image.fromarray(blot() // 255).convert("P")
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.save(path)


TRAPS: dict[str, Trap] = {
    "a preview in the category": Trap(
        lambda c: save(c / "preview.png", picture(1)), "stray-file", "error", "fails"
    ),
    "soft masks in the category": Trap(
        lambda c: save(c / "soft/crack/000000.png", blot()), "stray-file", "error", "fails"
    ),
    "a folder below a kind": Trap(
        lambda c: save(c / "test/crack/more/000009.png", picture(1)),
        "stray-file", "error", "fails",
    ),
    "a hidden picture": Trap(
        lambda c: save(c / "test/crack/.tmp_000001.png", picture(1)),
        "stray-file", "error", "fails",
    ),
    "a text file among the defects": Trap(
        lambda c: (c / "test/crack/notes.txt").write_text("checked"),
        "stray-file", "warning", "loads",
    ),
    "a licence beside the splits": Trap(
        lambda c: (c / "license.txt").write_text("CC0"), "stray-file", "note", "loads"
    ),
    "masks of good photos": Trap(
        lambda c: save(c / "ground_truth/good/000000_mask.png", blot() * 0),
        "truth-of-good", "error", "fails",
    ),
    "a mask is missing": Trap(lambda c: _mask(c).unlink(), "mask-missing", "error", "fails"),
    "a mask too many": Trap(
        lambda c: save(c / "ground_truth/crack/000003_mask.png", blot()),
        "mask-without-image", "error", "fails",
    ),
    "no ground truth": Trap(
        lambda c: shutil.rmtree(c / "ground_truth"), "mask-missing", "error", "fails"
    ),
    "defects to train on": Trap(
        lambda c: save(c / "train/crack/000000.png", picture(1)),
        "defects-in-train", "error", "fails",
    ),
    "names of different widths": Trap(
        lambda c: _rename(c / "test/crack", {"000000": "1", "000001": "10", "000002": "100"}),
        "pairing", "error", "fails",
    ),
    "a name that begins another": Trap(
        lambda c: _rename(c / "test/crack", {"000000": "part_1", "000001": "part_1_b"}),
        "pairing", "error", "fails",
    ),
    "masks called otherwise": Trap(
        lambda c: _mask(c).rename(c / "ground_truth/crack/000000-label.png"),
        "mask-name", "warning", "loads",
    ),
    "photos to train on are JPEG": Trap(
        lambda c: _as_jpeg(c / "train/good"), "not-png", "error", "starves"
    ),
    "defects are JPEG": Trap(lambda c: _as_jpeg(c / "test/crack"), "not-png", "error", "fails"),
    "good photos of the test are called ok": Trap(
        lambda c: (c / "test/good").rename(c / "test/ok"), "good-name", "error", "fails"
    ),
    "no good photo in the test": Trap(
        lambda c: shutil.rmtree(c / "test/good"), "one-class-test", "warning", "loads"
    ),
    "nothing to train on": Trap(
        lambda c: shutil.rmtree(c / "train/good"), "no-training-images", "error", "starves"
    ),
    "an empty mask": Trap(lambda c: save(_mask(c), blot() * 0), "mask-empty", "error", "loads"),
    "a mask of 0 and 1": Trap(
        lambda c: save(_mask(c), blot() // 255), "mask-values", "error", "loads"
    ),
    "a mask of 0 and 254": Trap(
        lambda c: save(_mask(c), np.minimum(blot(), 254)), "mask-values", "error", "loads"
    ),
    "a soft mask": Trap(_jpeg_mask, "mask-values", "error", "loads"),
    "a mask in colour": Trap(
        lambda c: save(_mask(c), blot(), "RGB"), "mask-format", "error", "loads"
    ),
    "a mask with a palette": Trap(
        lambda c: _palette(_mask(c)), "mask-format", "error", "loads"
    ),
    "a mask of 16 bits": Trap(
        lambda c: save(_mask(c), blot().astype(np.uint16) * 257), "mask-format", "error", "loads"
    ),
    "a mask of one bit": Trap(
        lambda c: save(_mask(c), blot(), "1"), "mask-format", "warning", "loads"
    ),
    "a mask of another size": Trap(
        lambda c: save(_mask(c), blot(30)), "mask-size", "error", "loads"
    ),
    "a photo of 16 bits": Trap(
        lambda c: _deep(c / "train/good/000000.png"), "deep-image", "error", "loads"
    ),
    "a photo with alpha": Trap(
        lambda c: save(c / "train/good/000000.png", picture(1), "RGBA"),
        "alpha", "warning", "loads",
    ),
    "photos of different sizes": Trap(
        lambda c: save(c / "train/good/000000.png", picture(1, 30)), "sizes", "note", "loads"
    ),
    "a photo that was cut off": Trap(
        lambda c: _cut(c / "train/good/000000.png"), "unreadable", "error", "fails"
    ),
    "a photo in training and test": Trap(
        lambda c: shutil.copy(c / "train/good/000000.png", c / "test/good/000000.png"),
        "duplicate", "warning", "loads",
    ),
    "a good photo labelled as defect": Trap(
        lambda c: shutil.copy(c / "test/good/000000.png", _defect(c)),
        "duplicate", "error", "loads",
    ),
    "a kind with one image": Trap(
        lambda c: save(c / "test/hole/000000.png", picture(77))
        or save(c / "ground_truth/hole/000000_mask.png", blot()),
        "few-of-a-kind", "note", "loads",
    ),
    "a folder without pictures": Trap(
        lambda c: (c / "test/hole").mkdir(), "empty-folder", "note", "loads"
    ),
}  # fmt: skip
