"""A sweep as it lies on disk, small and made by hand, and detectors whose limits are known."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.detectability.likelihood import probability_at

SIDE, MM = 64, 0.1
KINDS = {"crack": "length", "pitting": "width"}
PER_KIND, PHOTOS = 80, 40


@dataclass(frozen=True)
class HandMade:
    """A sweep and what is in it: pictures, sizes, centres."""

    root: Path
    good: list[str]
    flaws: list[str]
    sizes: np.ndarray
    centres: np.ndarray

    def found(self, middle: float, seed: int = 0) -> np.ndarray:
        """Return what a detector finds half of at `middle`; the same seed has the same luck."""
        luck = np.random.default_rng(seed).random(len(self.sizes))
        return luck < probability_at("logit", 3 * np.log(self.sizes / middle))

    def maps(self, folder: Path, middle: float, ending: str = ".npy") -> Path:
        """Write maps in which flaws that are found stand at 5, noise on good ones below 2."""
        rng = np.random.default_rng(1)
        found = self.found(middle)
        for number, picture in enumerate([*self.good, *self.flaws]):
            values = np.zeros((SIDE, SIDE), np.float32)
            values[5, 7] = rng.uniform(0, 2)
            flaw = number - len(self.good)
            if flaw >= 0 and found[flaw]:
                values[tuple(self.centres[flaw])] = 5
            path = (folder / picture.partition("/test/")[2]).with_suffix(ending)
            path.parent.mkdir(parents=True, exist_ok=True)
            if ending == ".npy":
                np.save(path, values)
            elif ending == ".png":
                cv2.imwrite(str(path), (values * 1000).astype(np.uint16))
            else:
                cv2.imwrite(str(path), values)
        return folder

    def table(self, path: Path, rows: list[str], head: str = "image,score") -> Path:
        path.write_text("\n".join([head, *rows]) + "\n")
        return path


@pytest.fixture
def swept(tmp_path) -> HandMade:
    return hand_made(tmp_path / "swept")


def hand_made(root: Path, kinds=KINDS, d_primes=(1.0, 4.0), per_kind=PER_KIND) -> HandMade:
    rng = np.random.default_rng(7)
    lines, good, flaws, sizes, centres = [], [], [], [], []

    def write(path: str, array: np.ndarray) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / path), array)

    for photo in range(PHOTOS):
        picture = f"part/test/good/{photo:06}.png"
        write(picture, np.full((SIDE, SIDE), 120, np.uint8))
        good.append(picture)
        source = {"file": f"{photo}.png", "sha256": f"photo{photo}", "file_sha256": ""}
        lines.append(
            {
                "what": "normal",
                "category": "part",
                "image": f"{photo}.png",
                "part_share": 1.0,
                "source": source,
                "files": {"image": picture, "extras": []},
            }
        )
    for kind, measure in kinds.items():
        for size in np.geomspace(0.2, 6, per_kind):
            number = len(flaws)
            picture = f"part/test/{kind}/{number:06}.png"
            mask = f"part/ground_truth/{kind}/{number:06}_mask.png"
            row, col = (int(part) for part in rng.integers(15, SIDE - 15, 2))
            shown = cv2.circle(np.zeros((SIDE, SIDE), np.uint8), (col, row), 2, 255, -1)
            write(mask, shown)
            write(picture, 120 - shown // 4)
            d_prime = d_primes[number % len(d_primes)]
            flaws.append(picture)
            sizes.append(size)
            centres.append((row, col))
            lines.append(
                {
                    "what": "sample",
                    "id": f"part/{number}",
                    "category": "part",
                    "image": f"{number % PHOTOS}.png",
                    "mm_per_px": MM,
                    "files": {"image": picture, "mask": mask},
                    "sweep": {
                        "kind": kind,
                        "measure": measure,
                        "level_mm": size,
                        "size_mm": size,
                        "ordered_d_prime": d_prime,
                        "d_prime": d_prime,
                    },
                }
            )
    meta = root / "_anomsynth"
    (meta / "part").mkdir(parents=True)
    grid = {"kinds": list(kinds.items()), "sizes_mm": [0.2, 6]}
    record = {"format": 1, "categories": {"part": {}}, "options": {"sweep": grid}}
    (meta / "run.json").write_text(json.dumps(record))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (meta / "part" / "manifest.jsonl").write_text(text)
    return HandMade(root, good, flaws, np.array(sizes), np.array(centres))
