"""Print what PNG encoders cost: CPU time and bytes over those of OpenCV's with the same settings.

python tests/benchmarks/png.py [--rounds 5]

`isal` takes part where it is installed. Stand-ins and masks are rendered; give real pictures, too,
by ``--pictures FOLDER``.
"""

import argparse
import time
import zlib
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from script import tell

from anomsynth.core import png
from anomsynth.dataset.compression import encoded_png, png_effort
from anomsynth.dataset.images import SUFFIXES, upright
from anomsynth.demo.standins import make_stand_in
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names

Picture = NDArray[np.generic]
FLAT = 0.7


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    encoders = {png.packer_name(): encoded_png, "plain zlib": plain, "`--png small`": small}
    if find_spec("isal") is not None:
        encoders["isal level 1"] = packed_by_isal
    tell("| CPU time / bytes over OpenCV's | " + " | ".join(encoders) + " |")
    tell("|---" * (len(encoders) + 1) + "|")
    for name, pictures in sets(args.pictures).items():
        floor = cost(before, pictures, args.rounds)
        found = [cost(encode, pictures, args.rounds) for encode in encoders.values()]
        cells = [f"{taken / floor[0]:.2f} / {size / floor[1]:.2f}" for taken, size in found]
        tell(f"| {name} | {' | '.join(cells)} |")


def sets(folder: Path | None) -> dict[str, Sequence[Picture]]:
    """Return pictures by what they are."""
    rng = np.random.default_rng(0)
    names = [name for name in preset_names() if name.startswith(("mvtec/", "visa/"))][::4]
    small = [make_stand_in(load_recipe(name).stand_in, 0).pixels for name in names]
    small = [picture for picture in small if picture.ndim == 3]
    large = [
        cv2.resize(picture, (1024, 1024), interpolation=cv2.INTER_CUBIC)
        + rng.normal(0, 2.5, (1024, 1024, 3))
        for picture in small[:3]
    ]
    mask = cv2.ellipse(np.zeros((1024, 1024), np.uint8), (500, 400), (200, 60), 30, 0, 360, 255, -1)
    found: dict[str, Sequence[Picture]] = {
        "rendered, 256 RGB": small,
        "with noise, 1024 RGB": [picture.clip(0, 255).astype(np.uint8) for picture in large],
        "mask, 1024": [mask],
        "mask, 256": [np.ascontiguousarray(mask[::4, ::4])],
    }
    if folder is not None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        found[folder.name] = [upright(path) for path in paths[:12]]
    return found


def cost(
    encode: Callable[[Picture], bytes], pictures: Sequence[Picture], rounds: int
) -> tuple[float, int]:
    """Return the CPU seconds, best of some rounds, and the bytes of all pictures."""
    spent, size = 0.0, 0
    for picture in pictures:
        times = []
        for _ in range(rounds):
            start = time.thread_time()
            content = encode(picture)
            times.append(time.thread_time() - start)
        spent += min(times)
        size += len(content)
    return spent, size


def before(picture: Picture) -> bytes:
    """Encode by OpenCV: one filter, Huffman's code or run lengths."""
    rows = picture[::8]
    flat = np.count_nonzero(rows[:, 1:] == rows[:, :-1]) >= FLAT * rows[:, 1:].size
    strategy = cv2.IMWRITE_PNG_STRATEGY_RLE if flat else cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY
    options = (
        cv2.IMWRITE_PNG_STRATEGY,
        strategy,
        cv2.IMWRITE_PNG_FILTER,
        cv2.IMWRITE_PNG_FILTER_AVG,
    )
    planes = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", planes, options)[1].tobytes()


def plain(picture: Picture) -> bytes:
    """Encode as where zlib-ng is not installed."""
    kept, png.deflate = png.deflate, zlib
    try:
        return encoded_png(picture)
    finally:
        png.deflate = kept


def small(picture: Picture) -> bytes:
    """Encode with more effort."""
    with png_effort("small"):
        return encoded_png(picture)


def packed_by_isal(picture: Picture) -> bytes:
    """Encode by ISA-L, its level 1, with the filter that is ours."""
    rows = picture.reshape(picture.shape[0], -1)
    step = picture.shape[2] if picture.ndim == 3 else 1
    raw = b"".join(band.tobytes() for band in png._filtered(rows, "average", step))
    return import_module("isal.isal_zlib").compress(raw, 1)


if __name__ == "__main__":
    main()
