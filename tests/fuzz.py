"""Damage files at random for some minutes: no traceback, and no pixel that others read otherwise.

``python tests/fuzz.py --minutes 10`` tries photos (PNG, JPEG, TIFF, BMP, WebP, PNM), labelled
folders with files of labelling tools, recipes and manifests. Photos that are accepted are compared
with Pillow, OpenCV and tifffile. It ends with code 1 and the file if something is wrong.
"""

import argparse
import io
import json
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
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
from anomsynth.errors import UserError
from anomsynth.recipe.load import load_recipe

warnings.simplefilter("ignore")
GREY = np.random.default_rng(0).integers(0, 255, (13, 17)).astype(np.uint8)
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
    pixels = read_photo(path).pixels
    ours = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    for theirs in references(path):
        flat = theirs[..., : pixels.shape[2]] if theirs.ndim == 3 else theirs
        flat = flat[..., 0] if flat.ndim == 3 and flat.shape[2] == 1 else flat
        if flat.shape == ours.shape and np.array_equal(flat.astype(ours.dtype), ours):
            return ""
    return f"{name}: no other decoder reads these pixels"


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
        ]
    )
    (root / name).write_bytes(damaged(content, rng))
    for item in find_labelled(root):
        if item.mask is not None:
            read_truth(item.mask, item.truth, GREY.shape)
    find_source(root)
    return ""


def try_recipe(folder: Path, rng: random.Random) -> str:
    """Load a damaged recipe."""
    (folder / "r.toml").write_bytes(damaged(RECIPE, rng))
    load_recipe(folder / "r.toml")
    return ""


def try_manifest(folder: Path, rng: random.Random) -> str:
    """Read damaged lines of a manifest."""
    line = json.dumps({"what": "sample", "index": 0, "files": {"image": "a"}}).encode() + b"\n"
    (folder / "m.jsonl").write_bytes(damaged(line * 3, rng))
    list(read_lines(folder / "m.jsonl"))
    return ""


def main() -> int:
    """Try until the time is over; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, sound, counts = random.Random(given.seed), photos(), Counter()
    end = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trials: list[Callable[[], str]] = [
            lambda: try_photo(folder, rng, sound),
            lambda: try_photo(folder, rng, sound),
            lambda: try_labels(folder, rng),
            lambda: try_recipe(folder, rng),
            lambda: try_manifest(folder, rng),
        ]
        while time.monotonic() < end:
            trial = rng.choice(trials)
            try:
                wrong = trial()
            except UserError:
                counts["refused"] += 1
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
            counts["accepted"] += 1
    sys.stdout.write(f"{dict(counts)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
