"""Print what commands cost where samples are many and tiny: time and memory by their number.

python tests/benchmarks/many.py FOLDER [--samples 5000,100000] [--side 32] [--repeat]

Each command runs in a process of its own, alone (``--jobs 1``): CPU milliseconds a sample, the
largest resident memory, and by how much that grows with each sample from the smallest dataset to
the largest. Datasets that are there are used again. With ``--repeat`` larger datasets are the
smallest one over and over, each picture a file of its own, for who has no hour to make them.
"""

import argparse
import csv
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image
from script import ANOMSYNTH, tell

KILOBYTE = 1024
PER_PHOTO = 20
FORMATS = ("coco", "yolo", "hf", "webdataset", "croissant", "uniad-json", "anomalib-tabular")
END = 12  # bytes of the last chunk of a PNG file


def main() -> None:
    """Make the datasets, run the commands, tell."""
    args = parse()
    sizes = sorted(int(size) for size in args.samples.split(","))
    spent: dict[str, list[tuple[float, float]]] = {}
    for size in sizes:
        folder = args.folder / str(size)
        if args.repeat and size > sizes[0] and not (folder / "dataset").exists():
            repeat(args.folder / str(sizes[0]) / "dataset", folder / "dataset", size // sizes[0])
        for name, words in commands(folder, size, args.side):
            seconds, peak = measure(words)
            spent.setdefault(name, []).append((seconds, peak))
            sys.stderr.write(f"{size}: {name}: {seconds:.1f} s, {peak / KILOBYTE:.0f} MB\n")
    spent = {name: found for name, found in spent.items() if len(found) == len(sizes)}
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
    parser.add_argument("--repeat", action="store_true", help="do not generate large datasets")
    return parser.parse_args()


def repeat(source: Path, target: Path, times: int) -> None:
    """Write a dataset that holds each picture of another one several times, and says so."""
    for record in ("manifest.jsonl", "scores.csv"):
        (target / "_anomsynth" / "part").mkdir(parents=True, exist_ok=True)
        (target / "_anomsynth" / "part" / record).unlink(missing_ok=True)
    shutil.copy(source / "_anomsynth" / "run.json", target / "_anomsynth")
    lines = (source / "_anomsynth" / "part" / "manifest.jsonl").read_text().splitlines()
    with (target / "_anomsynth" / "part" / "manifest.jsonl").open("w") as manifest:
        for line in map(json.loads, lines):
            for turn in range(times):
                files = {role: numbered(name, times, turn) for role, name in line["files"].items()}
                for role, name in files.items():
                    copy(source / line["files"][role], target / name, turn)
                again = {**line, "image": f"{turn}_{line['image']}", "files": files}
                manifest.write(json.dumps(again, sort_keys=True, separators=(",", ":")) + "\n")
    with (source / "_anomsynth" / "part" / "scores.csv").open(newline="") as file:
        heading, *rows = csv.reader(file)
    with (target / "_anomsynth" / "part" / "scores.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(heading)
        for image, mask, *scores in rows:
            for turn in range(times):
                names = numbered(image, times, turn), numbered(mask, times, turn)
                table.writerow([*names, *scores])


def numbered(name: str, times: int, turn: int) -> str:
    """Return the name of one of the copies of a file."""
    path = PurePosixPath(name)
    number, _, ending = path.stem.partition("_")
    stem = f"{int(number) * times + turn:06d}"
    return str(path.with_stem(f"{stem}_{ending}" if ending else stem))


def copy(source: Path, target: Path, turn: int) -> None:
    """Copy a PNG file and say in it which copy it is, so that no two are equal."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = source.read_bytes()
    said = b"tEXtcopy\0" + str(turn).encode()
    chunk = struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))
    target.write_bytes(content[:-END] + chunk + content[-END:])


def commands(folder: Path, size: int, side: int) -> list[tuple[str, list[str]]]:
    """Return the commands by name; the first ones make what is not there."""
    photos, dataset = folder / "part", folder / "dataset"
    photograph(photos, max(size // PER_PHOTO, 1), side)
    alone = ["--jobs", "1", "--quiet"]
    made = ["generate", str(photos), str(dataset), "--count", str(size), "--kinds", "scratch"]
    made += ["--refiners", "none", *alone]
    found = [] if dataset.exists() else [("generate", made)]
    for to in FORMATS:
        shutil.rmtree(folder / to, ignore_errors=True)
    few = [*made[:2], str(folder / "few"), "--count", "20", *made[5:], "--dry-run"]
    return [
        *found,
        ("generate --count 20 --dry-run", few),
        ("validate", ["validate", str(dataset), "--quiet"]),
        *((f"export --to {to}", exported(dataset, folder, to)) for to in FORMATS),
        ("score", ["score", str(dataset), "--out", str(folder / "scores"), *alone]),
        ("report", ["report", str(dataset), "--out", str(folder / "report.html"), *alone]),
    ]


def exported(dataset: Path, folder: Path, to: str) -> list[str]:
    """Return the words of an export."""
    return ["export", str(dataset), str(folder / to), "--to", to, "--hardlink", "--quiet"]


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
