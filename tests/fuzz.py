"""Damage files at random for some minutes: no traceback, and no pixel that others read otherwise.

``python tests/fuzz.py --minutes 10`` tries photos (PNG, JPEG, TIFF, BMP, WebP, PNM), TIFF files of
floating-point and 32-bit numbers and of many bands with a stated range and chosen bands, labelled
folders with files of labelling tools, recipes and manifests. Photos that are accepted are compared
with Pillow, OpenCV and tifffile. It ends with code 1 and the file if something is wrong.
"""

import argparse
import io
import json
import random
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageOps

from anomsynth.dataset.folders import find_source
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.item import read_truth
from anomsynth.dataset.manifest import read_lines
from anomsynth.dataset.reading import make_reading
from anomsynth.errors import InputError, UserError
from anomsynth.recipe.load import load_recipe

warnings.simplefilter("ignore")
SEPARATE = 2  # planar configuration of TIFF 6.0
LOW, HIGH = -20.0, 100.0  # black and white of floating-point numbers
GREY = np.random.default_rng(0).integers(0, 255, (13, 17)).astype(np.uint8)
WORD = re.compile(rb'-?\d+(?:\.\d+)?|"[^"]*"|\[[^\[\]]*\]')
WORDS = (
    b"-1", b"0", b"2", b"0.5", b"1e300", b"-1e9", b"NaN", b"null", b"true", b"[]", b"{}", b'""',
    b'"a"', b"99999999999999999999", b'"../a.png"', b'"k"', b"[1, 1]",
    b"[[1, 1, 9, 1, 9, 7], [2, 2]]",
)  # fmt: skip
COLOUR = np.random.default_rng(1).integers(0, 255, (13, 17, 3)).astype(np.uint8)
RECIPE = b'version = 1\nmm_per_px = 0.1\n[[mechanisms]]\ngenerator = { kind = "crack" }\n'
LABELME = {
    "version": "5.5.0", "imagePath": "a.png", "imageHeight": 13, "imageWidth": 17,
    "shapes": [{"label": "k", "shape_type": "polygon", "points": [[1, 1], [9, 1], [9, 7]]}],
}  # fmt: skip
COCO = {
    "images": [{"id": 1, "file_name": "a.png", "height": 13, "width": 17}],
    "categories": [{"id": 1, "name": "k"}],
    "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 7]]}],
}
CVAT = b"""<annotations><image id="0" name="a.png" width="17" height="13">
<box label="k" xtl="1" ytl="1" xbr="9" ybr="7"/></image></annotations>"""
VOC = b"""<annotation><filename>a.png</filename>
<object><name>k</name><bndbox><xmin>1</xmin></bndbox></object></annotation>"""
YOLO = b"0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.2 0.1 0.2 0.2\n"
NAMES = (
    b"nc: 2\nnames: [k, 'l m']\n", b"names: {0: k,\n  1: l}\n", b"names:\n- k\n- l # x\n",
    b"names:\n  0: k\n  1: 'l'\n",
)  # fmt: skip
TABLE = b"file,label,x\na.png,0,1\nb.png,1,2\n"


def photos() -> dict[str, bytes]:
    """Return a sound file of each kind by its name."""
    found = {}
    for ending in ("png", "jpg", "bmp", "webp", "pgm"):
        picture = GREY if ending == "pgm" else COLOUR
        found[f"c.{ending}"] = cv2.imencode(f".{ending}", picture)[1].tobytes()
    found["d.png"] = cv2.imencode(".png", COLOUR.astype(np.uint16) * 200)[1].tobytes()
    for planar in ("contig", "separate"):
        for array in (COLOUR, COLOUR.astype(np.uint16) * 99):
            buffer = io.BytesIO()
            planes = array if planar == "contig" else np.moveaxis(array, 2, 0)
            tifffile.imwrite(buffer, planes, photometric="rgb", planarconfig=planar)
            found[f"{planar}{array.itemsize}.tif"] = buffer.getvalue()
    return found


def numbers() -> dict[str, bytes]:
    """Return sound TIFF files of other numbers and of five bands by name."""
    rng, found = np.random.default_rng(2), {}
    levels = rng.uniform(LOW, HIGH, (5, 13, 17))
    for kind in ("float16", "float32", "float64", "int8", "int16", "int32", "uint16", "uint32"):
        bands = levels if kind.startswith("float") else np.rint(levels)
        bands = np.clip(bands, 0 if kind.startswith("u") else LOW, HIGH).astype(kind)
        for planar in ("contig", "separate"):
            buffer = io.BytesIO()
            planes = bands if planar == "separate" else np.moveaxis(bands, 0, 2)
            layout = {"photometric": "minisblack", "planarconfig": planar}
            tifffile.imwrite(buffer, planes, **layout, rowsperstrip=4)
            found[f"{kind}-{planar}.tif"] = buffer.getvalue()
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, bands[0], photometric="minisblack", tile=(16, 16))
        found[f"{kind}-grey.tif"] = buffer.getvalue()
    return found


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return a file with bits turned, bytes lost or doubled, or its end missing."""
    result = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at, how = rng.randrange(len(result)), rng.randrange(5)
        if how == 0:
            result[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            result[at] = rng.randrange(256)
        elif how == 2 and len(result) > 9:
            del result[at : at + rng.randrange(1, 9)]
        elif how == 3:
            result[at:at] = result[at : at + 8]
        elif len(result) > 9:
            del result[at:]
        if not result:
            result = bytearray(b"x")
    return bytes(result)


def muddled(text: bytes, rng: random.Random) -> bytes:
    """Return a text file with one of its numbers or strings replaced, or damaged as any file."""
    places = list(WORD.finditer(text))
    if not places or rng.random() < 0.3:
        return damaged(text, rng)
    place = rng.choice(places)
    return text[: place.start()] + rng.choice(WORDS) + text[place.end() :]


def references(path: Path) -> list[np.ndarray]:
    """Return the pixels as other decoders read them, those that can."""
    found = []
    try:
        with Image.open(path) as image:
            image.load()
            found.append(np.asarray(ImageOps.exif_transpose(image)))
            found.append(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))
            found.append(np.asarray(ImageOps.exif_transpose(image).convert("RGBA")))
            found.append(np.asarray(ImageOps.exif_transpose(image).convert("L")))
            found.append(np.asarray(ImageOps.exif_transpose(image).convert("LA")))
    except Exception:
        pass
    for flag in (cv2.IMREAD_UNCHANGED, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR):
        try:
            read = cv2.imread(str(path), flag)
        except cv2.error:  # it refuses
            continue
        if read is not None:
            found.append(read[..., ::-1] if read.ndim == 3 and read.shape[2] == 3 else read)
    if path.suffix == ".tif":
        try:
            with tifffile.TiffFile(path) as file:  # not what its description says of it
                read = file.pages[0].asarray()
            found += [read, ~read] + ([np.moveaxis(read, 0, 2)] if read.ndim == 3 else [])
        except Exception:
            pass
    return found


def try_photo(folder: Path, rng: random.Random, sound: dict[str, bytes]) -> str:
    """Read a damaged photo; return what is wrong, empty if nothing."""
    name = rng.choice(sorted(sound))
    path = folder / name
    path.write_bytes(damaged(sound[name], rng))
    return compared(path, read_photo(path).pixels)


def compared(path: Path, pixels: np.ndarray) -> str:
    """Return what is wrong with pixels that no other decoder reads so, empty if one does."""
    ours = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    for theirs in references(path):
        flat = theirs[..., : pixels.shape[2]] if theirs.ndim == 3 else theirs
        flat = flat[..., 0] if flat.ndim == 3 and flat.shape[2] == 1 else flat
        if flat.shape == ours.shape and np.array_equal(flat.astype(ours.dtype), ours):
            return ""
    return f"{path.name}: no other decoder reads these pixels"


def try_numbers(folder: Path, rng: random.Random, sound: dict[str, bytes]) -> str:
    """Read a damaged TIFF of other numbers by a range and bands; return what is wrong."""
    name = rng.choice(sorted(sound))
    path = folder / name
    path.write_bytes(damaged(sound[name], rng))
    span = rng.choice([None, (0, 1), *[(LOW, HIGH), (LOW - 1, 2 * HIGH), (-1e6, 1e6)] * 2])
    wrong, right = [None, [6], ["red"]], [[1], [2], [5], [3, 2, 1], [1, 1, 5]]
    bands = None if "grey" in name else rng.choice(wrong + 2 * right)
    pixels = read_photo(path, make_reading(span, bands)).pixels
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        theirs = page.asarray()
        apart = theirs.ndim == 3 and int(page.planarconfig) == SEPARATE
        inverted = int(page.photometric) == 0
        if int(page.bitspersample) < 8:  # as it says now: no numbers to be scaled
            return compared(path, pixels)
    planes = np.moveaxis(theirs, 0, 2) if apart else theirs
    planes = planes[..., None] if planes.ndim == 2 else planes
    if bands is not None and "red" not in bands:
        planes = planes[..., [number - 1 for number in bands]]
    if span is not None and planes.dtype not in (np.uint8, np.uint16):
        share = (planes.astype(np.longdouble) - span[0]) / (span[1] - span[0])
        if not (share.min() >= 0 and share.max() <= 1):
            return f"{name}: numbers outside of {span} were taken"
        planes = np.rint(share * 65535).astype(np.int64)
        planes = 65535 - planes if inverted else planes
        near = planes.shape == pixels.shape and np.abs(planes - pixels.astype(np.int64)).max() <= 1
        return "" if near else f"{name}: these are not the numbers of {span}, bands {bands}"
    planes = ~planes if inverted else planes
    same = planes.shape == pixels.shape and np.array_equal(planes, pixels)
    return "" if same else f"{name}: these are not the numbers, bands {bands}"


def try_labels(folder: Path, rng: random.Random) -> str:
    """Read a folder of labels, one file of it damaged."""
    root = folder / "labels"
    root.mkdir(exist_ok=True)
    for old in root.iterdir():
        old.unlink()
    cv2.imwrite(str(root / "a.png"), GREY)
    name, content = rng.choice(
        [
            ("a.json", json.dumps(LABELME).encode()),
            ("coco.json", json.dumps(COCO).encode()),
            ("annotations.xml", CVAT),
            ("a.xml", VOC),
            ("a.txt", YOLO),
            ("data.yaml", rng.choice(NAMES)),
            ("list.csv", TABLE),
        ]
    )
    if name == "data.yaml":
        (root / "a.txt").write_bytes(YOLO)
    (root / name).write_bytes(muddled(content, rng))
    for item in find_labelled(root):
        if item.mask is not None:
            read_truth(item.mask, item.truth, GREY.shape)
    with suppress(InputError):  # no photo in it is good
        find_source(root)
    return ""


def try_recipe(folder: Path, rng: random.Random) -> str:
    """Load a damaged recipe."""
    (folder / "r.toml").write_bytes(muddled(RECIPE, rng))
    load_recipe(folder / "r.toml")
    return ""


def try_manifest(folder: Path, rng: random.Random) -> str:
    """Read damaged lines of a manifest."""
    line = json.dumps({"what": "sample", "index": 0, "files": {"image": "a"}}).encode() + b"\n"
    (folder / "m.jsonl").write_bytes(muddled(line * 3, rng))
    list(read_lines(folder / "m.jsonl"))
    return ""


def main() -> int:
    """Try until the time is over; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, sound, counts = random.Random(given.seed), photos(), Counter()
    others = numbers()
    end = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trials: dict[str, Callable[[], str]] = {
            "photos": lambda: try_photo(folder, rng, sound),
            "numbers": lambda: try_numbers(folder, rng, others),
            "labels": lambda: try_labels(folder, rng),
            "recipes": lambda: try_recipe(folder, rng),
            "manifests": lambda: try_manifest(folder, rng),
        }
        names = ["photos", *trials]  # twice as many of them
        while time.monotonic() < end:
            chosen = rng.choice(names)
            try:
                wrong = trials[chosen]()
            except UserError:
                counts[f"{chosen} refused"] += 1
                continue
            except Exception:
                wrong = traceback.format_exc()
            if wrong:
                kept = Path(tempfile.mkdtemp())
                for path in folder.rglob("*"):
                    if path.is_file():
                        (kept / path.name).write_bytes(path.read_bytes())
                sys.stdout.write(f"{wrong}\nfiles: {kept}\n")
                return 1
            counts[f"{chosen} accepted"] += 1
    sys.stdout.write(f"{dict(sorted(counts.items()))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
