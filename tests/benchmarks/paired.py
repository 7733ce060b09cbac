"""Print what `generate` costs in several checkouts, on the same photos in turn.

python tests/benchmarks/paired.py PHOTOS WORK CHECKOUT CHECKOUT... [--first 20] [--rounds 3]
    [--options "--per-image 4"]

PHOTOS holds a folder of good photos for each category, as full_size.py leaves them in
FOLDER/normals. Each checkout lives in one process. In every round the first photos of each
category are given to all of them in random order. Printed are the median CPU milliseconds of a
sample, start-up aside, the median of that over the first checkout's for the same category and
round, and the same of the bytes that were written.
"""

import argparse
import json
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from script import tell


class Cost(NamedTuple):
    """What a run over one category took."""

    seconds: float
    samples: int
    written: int


class Served:
    """A process that has a checkout loaded."""

    def __init__(self, checkout: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(checkout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def cost(self, photos: Path, out: Path, options: str) -> Cost:
        """Run `generate` and remove what it made."""
        words = [str(photos), str(out), *shlex.split(options), "--jobs", "1", "--quiet"]
        print(json.dumps(words), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline() if self.process.stdout else ""
        if not answer:
            sys.exit("a checkout cannot make this; its message stands above")
        made = [path for path in out.rglob("*") if path.is_file()]
        samples = sum("ground_truth" in path.parts for path in made)
        written = sum(path.stat().st_size for path in made)
        shutil.rmtree(out)
        return Cost(float(answer), samples, written)


def main() -> None:
    """Measure, and print Markdown."""
    args = parse()
    folders = [photos_of(args, folder) for folder in sorted(args.photos.iterdir())]
    served = [Served(checkout.resolve()) for checkout in args.checkouts]
    found: list[list[Cost]] = [[] for _ in served]
    for turn in range(-1, args.rounds):  # round -1 warms up
        for folder in folders if turn >= 0 else folders[:1]:
            order = list(range(len(served)))
            random.Random(f"{turn} {folder.name}").shuffle(order)
            for place in order:
                cost = served[place].cost(folder, args.work / "out", args.options)
                if turn >= 0:
                    found[place].append(cost)
    tell("| checkout | CPU ms a sample | over the first | its bytes |\n|---|---|---|---|")
    for checkout, costs in zip(args.checkouts, found, strict=True):
        pairs = list(zip(costs, found[0], strict=True))
        took = statistics.median(1000 * cost.seconds / cost.samples for cost in costs)
        over = statistics.median(cost.seconds / first.seconds for cost, first in pairs)
        size = statistics.median(cost.written / first.written for cost, first in pairs)
        tell(f"| {checkout.name} | {took:.1f} | {over:.2f} | {size:.2f} |")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("checkouts", type=Path, nargs="+")
    parser.add_argument("--first", type=int, default=20, help="photos of each category")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--options", default="--per-image 4", help="of `generate`")
    return parser.parse_args()


def photos_of(args: argparse.Namespace, category: Path) -> Path:
    """Copy the first photos of a category, where they are not there yet."""
    folder: Path = args.work / "photos" / category.name
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(category.iterdir())[: args.first]:
        shutil.copy2(path, folder / path.name)
    return folder


def serve(checkout: Path) -> None:
    """Run `generate` with the words of each line; answer the CPU seconds it took."""
    command_line = import_module("anomsynth.cli.main")
    if checkout not in Path(str(command_line.__file__)).parents:
        sys.exit(f"{command_line.__file__} is not below {checkout}")
    for line in sys.stdin:
        sys.argv = ["anomsynth", "generate", *json.loads(line)]
        start = time.process_time()
        try:
            command_line.main()
        except SystemExit as done:
            if done.code:
                raise
        tell(f"{time.process_time() - start}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        main()
