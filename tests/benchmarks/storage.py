"""What a dataset costs a disk: loose files against WebDataset shards, and joining many shards.

python tests/benchmarks/storage.py DATASET WORK [--normals FOLDER --shards 8 --count 32]

DATASET is a finished dataset of `generate`; its shards are written to WORK. Before each reading
the files' contents are dropped from the page cache (`posix_fadvise`); names and inodes stay in it,
so that on a shared disk the loose files fare worse than here. With `--normals`, a folder of
category folders, a dataset of that many shards is made in WORK too, and `merge` is timed on it.
"""

import argparse
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from script import ANOMSYNTH, tell

PICTURES = ("*/train/good/*.png", "*/test/*/*.png")
PIECE = 1 << 20  # bytes read at once


def main() -> None:
    """Measure, and print Markdown."""
    args = parse()
    args.work.mkdir(parents=True, exist_ok=True)
    compare(args.dataset, args.work)
    if args.normals is not None:
        join(args)


def compare(dataset: Path, work: Path) -> None:
    """Print what listing, copying and reading cost for either way of keeping samples."""
    packed = work / "webdataset"
    export = ["export", str(dataset), str(packed), "--to", "webdataset", "--overwrite", "--quiet"]
    spent = timed(lambda: run(*export))
    pictures = [path for part in PICTURES for path in dataset.glob(part)]
    loose = sorted([*pictures, *dataset.glob("*/ground_truth/*/*.png")])
    tars = sorted(packed.glob("*.tar"))
    mixed = random.Random(0).sample(loose, len(loose))
    count = len(pictures)
    tell(f"{count} pictures; milliseconds a picture, contents not in the page cache\n")
    tell("| | loose files | WebDataset |\n|---|---|---|")
    tell(f"| files | {len(loose)} | {len(tars)} |")
    tell(f"| megabytes | {megabytes(loose):.0f} | {megabytes(tars):.0f} |")
    rows: list[tuple[str, Callable[[], object], Callable[[], object] | None]] = [
        ("list with sizes", lambda: megabytes(loose), lambda: megabytes(tars)),
        ("read in order", lambda: read(loose), lambda: read(tars)),
        ("read in random order", lambda: read(mixed), None),
        ("copy", lambda: copy(loose, work / "copy"), lambda: copy(tars, work / "copy")),
    ]
    for name, first, second in rows:
        cells = [milliseconds(first, loose, count)]
        cells.append("-" if second is None else milliseconds(second, tars, count))
        tell(f"| {name} | {cells[0]} | {cells[1]} |")
    tell(f"| pack (`export`, one process) | - | {1000 * spent / count:.2f} |")


def join(args: argparse.Namespace) -> None:
    """Make a dataset of shards one after another, and print what joining their records takes."""
    out, shards = args.work / "shards", args.shards
    shutil.rmtree(out, ignore_errors=True)
    command = ["generate", str(args.normals), str(out), "--preset", "auto", "--quiet"]
    command += ["--count", str(args.count), "--jobs", str(args.jobs)]
    for number in range(1, shards + 1):
        run(*command, "--shard", f"{number}/{shards}")
    spent = timed(lambda: run("merge", str(out), "--quiet"))
    start = timed(lambda: run("--version"))
    samples = sum(1 for _ in out.glob("*/ground_truth/*/*_mask.png"))
    pictures = sum(1 for part in PICTURES for _ in out.glob(part))
    tell(
        f"\nmerge of {shards} shards, {samples} samples and {pictures - samples} good photos:"
        f" {spent:.2f} s, of which {start:.2f} s are the program's start;"
        f" {1000 * (spent - start) / pictures:.2f} ms a picture"
    )


def milliseconds(work: Callable[[], object], files: Sequence[Path], count: int) -> str:
    """Return the milliseconds a picture that some work takes on files that are not cached."""
    forget(files)
    return f"{1000 * timed(work) / count:.3f}"


def forget(files: Sequence[Path]) -> None:
    """Drop the contents of files from the page cache."""
    os.sync()
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def read(files: Sequence[Path]) -> int:
    """Read files to their ends; return their bytes."""
    total = 0
    for path in files:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(PIECE):
                total += len(piece)
    return total


def copy(files: Sequence[Path], to: Path) -> None:
    """Copy files to a folder as a transfer to another disk does, then delete the copies."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for number, path in enumerate(files):
        shutil.copyfile(path, to / str(number))
    os.sync()
    shutil.rmtree(to)


def megabytes(files: Sequence[Path]) -> float:
    """Return the size of files."""
    return sum(path.stat().st_size for path in files) / 1e6


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def run(*command: str) -> None:
    """Run anomsynth; stop with its message where it fails."""
    subprocess.run([*ANOMSYNTH, *command], check=True, stdout=subprocess.DEVNULL)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--normals", type=Path, help="folder of category folders")
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--count", type=int, default=32, help="samples of a category")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
