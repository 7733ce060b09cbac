"""Do samples stay the same, bit for bit? Hashes of 8 samples of every mechanism and preset.

    python tests/pixels.py write before.json      # in a checkout of the code before a change
    python tests/pixels.py check before.json      # in one of the code after it

Four samples of each are drawn on grey photos and four on colour ones, half of them on a texture
and half on a part with marked components. `check` names every entry whose hash differs, and ends
with exit code 1 if there is one. Hashes hold for one machine and one set of libraries only, so no
file of them is kept: write one on the commit to compare with.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import anomsynth as asy
from anomsynth.core.registry import generators
from anomsynth.recipe.presets import preset_names

SIDE = 144
MARKED = "components" if "components" in {item.name for item in fields(asy.Surface)} else "parts"


def hashes() -> Iterator[tuple[str, str]]:
    """Yield the name and the hash of every entry: ``kind/grey``, ``kind/colour``, and presets."""
    for kind in generators.kinds():
        recipe = asy.load_recipe("generic", mechanisms=[{"generator": {"kind": kind}}])
        yield from _both(f"kind {kind}", recipe)
    for name in preset_names():
        yield from _both(f"preset {name}", asy.load_recipe(name))


def _both(name: str, recipe: asy.Recipe) -> Iterator[tuple[str, str]]:
    for shade in ("grey", "colour"):
        digest = hashlib.sha256()
        for photo in (_texture(shade), _part(shade)):
            surface = asy.analyze(photo, scale=recipe.scale, encoding=recipe.encoding)
            marks = np.zeros(surface.shape, np.uint8)
            marks[30:60, 40:75], marks[80:110, 70:100] = 1, 2
            surface = replace(surface, **{MARKED: marks})
            for index in range(4):
                digest.update(_sample(surface, recipe, index))
        yield f"{name} {shade}", digest.hexdigest()[:16]


def _sample(surface: asy.Surface, recipe: asy.Recipe, index: int) -> bytes:
    try:
        sample = asy.synthesize(surface, recipe, key=asy.SampleKey("pixels", "0.png", index))
    except asy.AnomsynthError as error:
        return type(error).__name__.encode()
    arrays = (sample.image, sample.mask, sample.strict, sample.soft, sample.instance_index)
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def _texture(shade: str) -> NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    ramp = np.linspace(-12, 12, SIDE)[:, None, None]
    grain = rng.normal(0, 6, (SIDE, SIDE, 1)) + rng.normal(0, 2, (SIDE, SIDE, 3))
    pixels = np.clip(np.array([150, 128, 104]) + ramp + grain, 0, 255).astype(np.uint8)
    return pixels if shade == "colour" else pixels[..., 1]


def _part(shade: str) -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    rows, cols = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside = np.clip(60 - np.hypot(rows * 1.1, cols), 0, 1)[..., None]
    body = np.array([96, 120, 160]) + 0.2 * rows[..., None] + 10 * np.sin(cols / 3)[..., None]
    pixels = inside * body + (1 - inside) * 22 + rng.normal(0, 2.5, (SIDE, SIDE, 3))
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    return pixels if shade == "colour" else pixels[..., 1]


def main() -> int:
    """Write the hashes to a file, or compare with one."""
    parser = argparse.ArgumentParser(description="Do samples stay the same, bit for bit?")
    parser.add_argument("command", choices=["write", "check"])
    parser.add_argument("path", type=Path, help="JSON file of the hashes")
    asked = parser.parse_args()
    command, path = asked.command, asked.path
    found = dict(hashes())
    if command == "write":
        path.write_text(json.dumps(found, indent=1))
        print(f"{len(found)} entries written to {path}")  # noqa: T201 - a script's result
        return 0
    wanted = json.loads(path.read_text())
    differ = [name for name, value in found.items() if wanted.get(name) != value]
    gone = sorted(wanted.keys() - found.keys())
    for name in differ:
        print("differs:" if name in wanted else "is new:", name)  # noqa: T201
    for name in gone:
        print("is gone:", name)  # noqa: T201
    print(f"{len(found) - len(differ)} of {len(wanted)} entries the same")  # noqa: T201
    return int(bool(differ or gone))


if __name__ == "__main__":
    raise SystemExit(main())
