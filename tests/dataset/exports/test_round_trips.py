"""Masks of every nasty shape come back out of every export, of photos that EXIF turns, too."""

import csv
import json
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_fill_holes, label

from anomsynth.dataset.exports import exporters

SHAPE = (31, 43)
STEM = "part_test_nasty_"


def nasty() -> dict[str, np.ndarray]:
    """Return masks that exports get wrong, (31, 43) bool each."""
    rows, cols = np.indices(SHAPE)
    rng = np.random.default_rng(3)
    radius = np.hypot(rows - 15, cols - 21)
    found = {
        "one pixel": (rows == 7) & (cols == 11),
        "one pixel in the last corner": (rows == 30) & (cols == 42),
        "all of it": rows >= 0,
        "a row from side to side": rows == 30,
        "a column from top to bottom": cols == 0,
        "four corners": np.isin(rows, (0, 30)) & np.isin(cols, (0, 42)),
        "a frame along the border": np.isin(rows, (0, 30)) | np.isin(cols, (0, 42)),
        "a ring": (radius > 6) & (radius < 10),
        "an island in a hole": (radius < 3) | ((radius > 6) & (radius < 10)),
        "a diagonal": rows == cols - 5,
        "a board of single pixels": (rows + cols) % 2 == 0,
        "a comb": (rows < 3) | (cols % 4 == 0),
        "two blobs that touch at a corner": ((rows < 9) & (cols < 9))
        | ((rows >= 9) & (rows < 15) & (cols >= 9) & (cols < 20)),
        "specks": rng.random(SHAPE) < 0.3,
    }
    assert len(found) == 14
    return found


@pytest.fixture(scope="module", params=["upright", "turned"])
def dataset(request, tmp_path_factory) -> Path:
    """Return a dataset of nasty masks, upright or with each orientation of EXIF in turn."""
    root = tmp_path_factory.mktemp(request.param) / "set"
    turned = request.param == "turned"
    for number, mask in enumerate(nasty().values()):
        photo(root / "part/test/nasty", number, turned=turned)
        place = root / "part/ground_truth/nasty" / f"{number:06d}_mask.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask.astype(np.uint8) * 255).save(place)
    for number in range(2):
        photo(root / "part/train/good", number, turned=turned)
    return root


def photo(folder: Path, number: int, *, turned: bool) -> None:
    """Write a photo of `SHAPE` as it is meant to be seen."""
    orientation = 1 + number % 8 if turned else 1
    shape = SHAPE if orientation < 5 else SHAPE[::-1]
    pixels = np.random.default_rng(number).integers(0, 255, (*shape, 3)).astype(np.uint8)
    picture = Image.fromarray(pixels)
    exif = picture.getexif()
    exif[274] = orientation
    folder.mkdir(parents=True, exist_ok=True)
    ending = "jpg" if turned and number % 2 else "png"
    picture.save(folder / f"{number:06d}.{ending}", exif=exif)


def of_coco(out: Path, file: str) -> dict[str, np.ndarray]:
    reader = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    found = {}
    for split in ("train", "val"):
        read = reader.COCO(str(out / file.format(split)))
        for number, image in read.imgs.items():
            layers = [read.annToMask(one) for one in read.loadAnns(read.getAnnIds(number))]
            empty = np.zeros((image["height"], image["width"]), np.uint8)
            found[Path(image["file_name"]).stem] = sum(layers, empty)
    return found


def of_hf(out: Path) -> dict[str, np.ndarray]:
    rows = [
        (table.parent, json.loads(line))
        for table in out.glob("*/metadata.jsonl")
        for line in table.read_text().splitlines()
    ]
    return {
        Path(row["file_name"]).stem: pixels(folder / row["mask_file_name"]) for folder, row in rows
    }


def of_webdataset(out: Path) -> dict[str, np.ndarray]:
    found = {}
    for shard in out.glob("*.tar"):
        with tarfile.open(shard) as archive:
            for member in archive.getmembers():
                if member.name.endswith(".mask.png"):
                    content = BytesIO(archive.extractfile(member).read())
                    found[member.name.removesuffix(".mask.png")] = np.asarray(Image.open(content))
    return found


def of_croissant(out: Path) -> dict[str, np.ndarray]:
    rows = csv.DictReader((out / "samples.csv").read_text().splitlines())
    return {Path(row["image_file"]).stem: pixels(out / "masks" / row["mask_file"]) for row in rows}


def of_uniad(out: Path) -> dict[str, np.ndarray]:
    lines = [json.loads(line) for line in (out / "test.json").read_text().splitlines()]
    return {flat(one["filename"]): pixels(out / "images" / one["maskname"]) for one in lines}


def of_tabular(out: Path) -> dict[str, np.ndarray]:
    rows = csv.DictReader((out / "part.csv").read_text().splitlines())
    paths = {Path(row["image_path"]): row["mask_path"] for row in rows if row["mask_path"]}
    return {flat(image.relative_to(out)): pixels(Path(mask)) for image, mask in paths.items()}


def of_yolo(out: Path) -> dict[str, np.ndarray]:
    """Fill polygons as ultralytics does: whole pixels, border included."""
    found = {}
    for path in out.glob("labels/*/*.txt"):
        filled = np.zeros(SHAPE, np.uint8)
        for line in path.read_text().splitlines():
            points = np.array(line.split()[1:], float).reshape(-1, 2) * SHAPE[::-1]
            cv2.fillPoly(filled, [points.astype(np.int32)], 1)
        found[path.stem] = filled
    return found


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def flat(name: str | Path) -> str:
    return str(Path(name).with_suffix("")).replace("/", "_")


EXPORTS: dict[str, tuple[str, Callable[[Path], dict[str, np.ndarray]]]] = {
    "coco polygons": ("coco", lambda out: of_coco(out, "annotations/instances_{}.json")),
    "coco run lengths": ("coco", lambda out: of_coco(out, "rle/{}.json")),
    "hf": ("hf", of_hf),
    "webdataset": ("webdataset", of_webdataset),
    "croissant": ("croissant", of_croissant),
    "uniad_json": ("uniad_json", of_uniad),
    "anomalib_tabular": ("anomalib_tabular", of_tabular),
}


# pycocotools converts arrays in a way that NumPy 2 warns about.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", EXPORTS)
def test_masks_come_back_bit_for_bit(name, write, dataset, capsys) -> None:
    kind, read = EXPORTS[name]

    found = read(write(dataset, kind).out)

    for number, (what, mask) in enumerate(nasty().items()):
        assert np.array_equal(found[f"{STEM}{number:06d}"] > 0, mask), what


def test_polygons_of_yolo_cover_masks_and_are_those_of_one_piece_without_holes(
    write, dataset
) -> None:
    found = of_yolo(write(dataset, "yolo").out)

    exact = 0
    for number, (what, mask) in enumerate(nasty().items()):
        filled = found[f"{STEM}{number:06d}"] > 0
        assert filled[mask].all(), what
        if label(mask, np.ones((3, 3)))[1] == 1 and np.array_equal(binary_fill_holes(mask), mask):
            assert np.array_equal(filled, mask), what
            exact += 1
    assert exact >= 5


def test_no_export_is_left_out() -> None:
    assert set(exporters.kinds()) == {"yolo", *(kind for kind, _ in EXPORTS.values())}
