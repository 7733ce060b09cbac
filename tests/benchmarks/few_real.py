"""Few real defects: what a detector learns from a recipe fitted to them, and from other ways.

    python few_real.py --data DIR --bench DIR --work DIR [--sets A,B] [--draws 0,1,2] [--ways ...]
    python few_real.py --work DIR --table

Of every set a draw takes five real defects of each type, whole physical objects by groups.csv; the
rest is the test. Each way makes 300 samples for the fixed detector of the yardstick's
downstream.py:

- fitted: `anomsynth fit` on the five, then `generate --real FIVE` with its recipe
- mechanisms: `anomsynth fit --pasted 0`, then `generate` with its recipe
- generic: `generate --preset generic`
- real: the five themselves
- paste: `generate --preset baseline/paste_real --real FIVE`
- mixed: the samples of "fitted" and, as every fourth picture, one of the five

A cell takes two to three minutes of one core. What is there is not made again, so that a run can be
cut into pieces by --sets, --draws and --ways.
"""

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path

from script import ANOMSYNTH, tell

WAYS = ("fitted", "mechanisms", "generic", "real", "paste", "mixed")
MIXED_EVERY = 4
SOME_FAILED = 3  # samples, as a large defect that fits on no part
DEFECTS = 5  # of each type
SAMPLES = 300


def main() -> None:
    """Make the cells that are asked for, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, help="folder of sets in MVTec layout with groups.csv")
    parser.add_argument("--bench", type=Path, help="folder of downstream.py and baselines.py")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sets", default="")
    parser.add_argument("--draws", default="0,1,2")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--count", type=int, default=SAMPLES)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="only print the table")
    options = parser.parse_args()
    if not options.table:
        wanted = set(filter(None, options.sets.split(",")))
        for source in sorted(options.data.iterdir()):
            if not (source / "groups.csv").is_file() or (wanted and source.name not in wanted):
                continue
            for draw in map(int, options.draws.split(",")):
                for way in options.ways.split(","):
                    Cell(options, source, draw).learn(way)
    tell(table(options.work))


class Cell:
    """One set and one draw of its real defects."""

    def __init__(self, options: argparse.Namespace, source: Path, draw: int) -> None:
        self.bench, self.count, self.jobs = options.bench, options.count, str(options.jobs)
        self.work, self.source, self.draw = options.work.resolve(), source, draw
        self.place = self.work / f"draw{draw}" / source.name
        self.five, self.rest = self.place / "real" / source.name, self.place / "rest" / source.name
        self.normals = self.work / "normals" / source.name / "photos"

    def learn(self, way: str) -> None:
        """Make the samples of a way and let the detector learn from them."""
        out = self.work / "runs" / f"draw{self.draw}"
        if any(out.glob(f"{self.source.name}__{way}__*.json")):
            return
        self._divide()
        samples = self.five if way == "real" else self._mix() if way == "mixed" else self._make(way)
        self._bench(
            *("downstream.py", "synth", "--data", self.rest, "--normals", self.normals),
            *("--name", way, "--synth", samples, "--seeds", str(self.draw), "--threads", "1"),
            *("--max", str(self.count), "--out", out),
        )

    def _divide(self) -> None:
        """Copy the drawn defects to one set, all others with the good photos to another."""
        if not self.normals.exists():
            self._bench(
                *("baselines.py", "normals", "--data", self.source, "--n", "300"),
                *("--out", self.normals),
            )
        if self.rest.exists():
            return
        chosen = drawn(self.source, self.draw)
        for image, mask in marked(self.source):
            kind = mask.parent.name
            part = chosen.get(f"test/{kind}/{image.name}", "rest")
            if part is not None:
                root = self.five if part == "five" else self.rest
                _copy(image, root / "test" / kind / image.name)
                _copy(mask, root / "ground_truth" / kind / mask.name)
        for split in ("train", "test"):
            shutil.copytree(self.source / split / "good", self.rest / split / "good")
        shutil.copy2(self.source / "groups.csv", self.rest / "groups.csv")

    def _make(self, way: str) -> Path:
        out = self.place / way
        if out.exists():
            return out
        recipe = {"generic": "generic", "paste": "baseline/paste_real"}.get(way)
        if recipe is None:
            recipe = str(self._fitted(way))
        pasted = ("--real", self.five) if way in {"fitted", "paste"} else ()
        self._call(
            *(*ANOMSYNTH, "generate", self.normals, out, "--preset", recipe, *pasted),
            *("--count", str(self.count), "--seed", str(self.draw), "--jobs", self.jobs),
            "--quiet",
        )
        return out

    def _mix(self) -> Path:
        out = self.place / "mixed"
        if out.exists():
            return out
        made, real = marked(self._make("fitted")), marked(self.five)
        for number, pair in enumerate(made):
            turn, late = divmod(number, MIXED_EVERY)
            image, mask = pair if late else real[turn % len(real)]
            _copy(image, out / "images" / f"{number:04}{image.suffix}")
            _copy(mask, out / "masks" / f"{number:04}{mask.suffix}")
        return out

    def _fitted(self, way: str) -> Path:
        recipe = self.place / f"{way}.toml"
        if not recipe.exists():
            alone = ("--pasted", "0") if way == "mechanisms" else ()
            self._call(
                *(*ANOMSYNTH, "fit", self.five, "--photos", self.normals, "--out", recipe, *alone),
                *("--cache", self.work / "layers", "--jobs", self.jobs, "--quiet"),
            )
        return recipe

    def _bench(self, script: str, *words: object) -> None:
        self._call(sys.executable, self.bench / script, *words)

    def _call(self, *words: object) -> None:
        cache = self.place / "cache"
        once = {"OMP_NUM_THREADS": "1", "BENCH_CACHE": str(cache)}
        once["BENCH_SCORES"] = str(self.place / "scores")
        command = [str(word) for word in words]
        tell(f"+ {self.source.name} draw {self.draw}: {' '.join(command[-12:])}")
        done = subprocess.run(command, check=False, env={**os.environ, **once}, stdout=sys.stderr)
        if done.returncode not in {0, SOME_FAILED}:
            sys.exit(done.returncode)


def marked(root: Path) -> list[tuple[Path, Path]]:
    """Return pictures with defects and their masks, kinds in turn."""
    kinds = defaultdict(list)
    for mask in sorted(root.rglob("ground_truth/*/*")):
        kind, stem = mask.parent.name, mask.stem.removesuffix("_mask")
        (image,) = (mask.parents[2] / "test" / kind).glob(f"{stem}.*")
        kinds[kind].append((image, mask))
    turns = zip_longest(*kinds.values())
    return [pair for turn in turns for pair in turn if pair is not None]


def drawn(source: Path, draw: int) -> dict[str, str | None]:
    """Return for files of a set: "five" if drawn, None if its object was drawn and it was not.

    Objects are drawn until each type has `DEFECTS` images or a third of its objects are taken, so
    that something is left to test.
    """
    with (source / "groups.csv").open() as file:
        group = {row["file"]: row["group"] for row in csv.DictReader(file)}
    chosen: dict[str, str | None] = {}
    taken: set[str] = set()
    for folder in sorted((source / "ground_truth").iterdir()):
        objects = defaultdict(list)
        for image in sorted((source / "test" / folder.name).iterdir()):
            name = f"test/{folder.name}/{image.name}"
            objects[group.get(name, name)].append(name)
        names = sorted(objects)
        random.Random(f"{draw} {folder.name}").shuffle(names)
        most, own = max(len(names) // 3, 1), 0
        for number, name in enumerate(names):
            if own >= DEFECTS or number >= most:
                break
            for image in objects[name]:
                chosen[image] = "five" if own < DEFECTS else None
                own += 1
            taken.add(name)
    for image, name in group.items():
        if name in taken and "/good/" not in image:
            chosen.setdefault(image, None)
    return chosen


def table(work: Path) -> str:
    """Return a Markdown table: macro pixel AP of each way on each set, mean over the draws."""
    cells: dict[tuple[str, str], list[float]] = defaultdict(list)
    for file in sorted((work / "runs").glob("draw*/*.json")):
        run = json.loads(file.read_text())
        kinds = [
            item["pixel_ap"]
            for name, item in run["metrics"].items()
            if name not in {"all", "macro"} and item.get("pixel_ap") is not None
        ]
        cells[run["method"], run["dataset"]].append(100 * statistics.mean(kinds))
    sets = sorted({name for _, name in cells})
    ways = [way for way in WAYS if any(key[0] == way for key in cells)]
    lines = [f"| trained on | {' | '.join(sets)} | mean |", f"|---{'|---' * (len(sets) + 1)}|"]
    for way in ways:
        found = [cells[way, name] for name in sets]
        shown = [_shown(values) for values in found]
        known = [statistics.mean(values) for values in found if values]
        mean = f"{statistics.mean(known):.1f}" if len(known) == len(sets) else "-"
        lines.append(f"| {way} | {' | '.join(shown)} | {mean} |")
    return "\n".join(lines)


def _shown(values: list[float]) -> str:
    if not values:
        return "-"
    spread = f" +-{statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


if __name__ == "__main__":
    main()
