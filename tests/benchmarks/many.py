"""Print what commands cost where samples are many and tiny: time and memory by their number.

python tests/benchmarks/many.py FOLDER [--samples 5000,100000] [--side 32]

Each command runs in a process of its own, alone (``--jobs 1``): CPU milliseconds a sample, the
largest resident memory, and by how much that grows with each sample from the smallest dataset to
the largest. Datasets that are there are used again.
"""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image
from script import ANOMSYNTH, tell

KILOBYTE = 1024
PER_PHOTO = 20


def main() -> None:
    """Make the datasets, run the commands, tell."""
    args = parse()
    sizes = sorted(int(size) for size in args.samples.split(","))
    spent: dict[str, list[tuple[float, float]]] = {}
    for size in sizes:
        for name, words in commands(args.folder / str(size), size, args.side):
            spent.setdefault(name, []).append(measure(words))
    tell("| | " + " | ".join(f"{size:,} samples" for size in sizes) + " | kB a sample more |")
    tell("|---" * (len(sizes) + 2) + "|")
    for name, found in spent.items():
        cells = [
            f"{1000 * seconds / size:.2f} ms, {peak / KILOBYTE:.0f} MB"
            for size, (seconds, peak) in zip(sizes, found, strict=True)
        ]
        more = (found[-1][1] - found[0][1]) / max(sizes[-1] - sizes[0], 1)
        tell(f"| {name} | {' | '.join(cells)} | {more:.2f} |")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", default="5000,100000")
    parser.add_argument("--side", type=int, default=32, help="pixels of a picture's side")
    return parser.parse_args()


def commands(folder: Path, size: int, side: int) -> list[tuple[str, list[str]]]:
    """Return the commands by name; the first ones make what is not there."""
    photos, dataset = folder / "part", folder / "dataset"
    photograph(photos, max(size // PER_PHOTO, 1), side)
    alone = ["--jobs", "1", "--quiet"]
    made = ["generate", str(photos), str(dataset), "--count", str(size), "--kinds", "scratch"]
    made += ["--refiners", "none", *alone]
    found = [] if dataset.exists() else [("generate", made)]
    shutil.rmtree(folder / "coco", ignore_errors=True)
    shutil.rmtree(folder / "yolo", ignore_errors=True)
    few = [*made[:2], str(folder / "few"), "--count", "20", *made[5:], "--dry-run"]
    return [
        *found,
        ("generate --count 20 --dry-run", few),
        ("validate", ["validate", str(dataset), "--quiet"]),
        (
            "export --to coco",
            ["export", str(dataset), str(folder / "coco"), "--to", "coco", "--quiet"],
        ),
        (
            "export --to yolo",
            ["export", str(dataset), str(folder / "yolo"), "--to", "yolo", "--quiet"],
        ),
        ("score", ["score", str(dataset), "--out", str(folder / "scores"), *alone]),
        ("report", ["report", str(dataset), "--out", str(folder / "report.html"), *alone]),
    ]


def exported(dataset: Path, folder: Path, to: str) -> list[str]:
    """Return the words of an export."""
    return ["export", str(dataset), str(folder / to), "--to", to, "--quiet"]


def photograph(folder: Path, count: int, side: int) -> None:
    """Write photos of an even surface with noise, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        path = folder / f"{index:06d}.png"
        if not path.exists():
            levels = np.random.default_rng(index).normal(128, 4, (side, side))
            Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(path)


def measure(words: list[str]) -> tuple[float, float]:
    """Run a command; return its CPU seconds and peak kilobytes."""
    process = subprocess.Popen([*ANOMSYNTH, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 3}:  # 3: some samples found no place
        tell(f"{' '.join(words)}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, float(usage.ru_maxrss)


if __name__ == "__main__":
    main()
