"""Print the table of detectors in RESULTS.md: each trained and tested on the same sets.

python tests/benchmarks/neighbours.py WORK SET... [--detectors "pyramid gaussian ..."] [--unified]
    [--samples 300] [--size 256] [--tile auto] [--seed 0] [--epochs N] [--threads 1]
    [--weights KIND] [--spoil 0]

A SET is a folder in MVTec layout with real defects to test on; its photos in train/good are all
that is learned from, with samples that preset `generic` makes of them. WORK keeps samples,
features and runs, so that a table can be continued and the same features serve all detectors. A
detector is a kind, with its options after colons: `reconstruction:masks=[1,2]:gate=true`, and
`@` before a kind of noise in its features: `pyramid@boundary:share=0.05`; detectors are divided
by blanks. Cells are image AUROC / pixel AP / AUPRO / macro pixel AP in percent. With --unified one
model learns from all sets at once; --weights and --spoil are those of `anomsynth train`.
"""

import argparse
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from script import tell

import anomsynth as asy
from anomsynth.bisqad.detector import detectors
from anomsynth.bisqad.feature_noise import noises
from anomsynth.core.registry import C, Registry

DETECTORS = "pyramid gaussian nearest prototypes reconstruction onenip bisqad"
Row = Mapping[str, Mapping[str, Mapping[str, float]]]


def main() -> None:
    """Make samples, train, evaluate, and print Markdown."""
    args = parse()
    root = args.work / "real"
    root.mkdir(parents=True, exist_ok=True)
    for given in args.sets:
        if not (root / given.name).exists():
            (root / given.name).symlink_to(given.resolve(), target_is_directory=True)
    samples = make_samples(args)
    names = [given.name for given in args.sets]
    tell(f"| detector | {' | '.join(names)} | mean |\n|{'---|' * (len(names) + 2)}")
    for detector in args.detectors.split():
        found = measured(args, detector, samples)
        cells = [found[name] for name in names]
        mean = [sum(column) / len(names) for column in zip(*cells, strict=True)]
        tell(
            f"| `{detector}` | {' | '.join(' / '.join(map(one, row)) for row in [*cells, mean])} |"
        )


def parse() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--detectors", default=DETECTORS)
    parser.add_argument("--unified", action="store_true")
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--tile", default="auto")
    parser.add_argument("--weights", help="instead of those that suit the detector")
    parser.add_argument("--spoil", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def make_samples(args: argparse.Namespace) -> Path:
    """Return a dataset with a category of samples for each set."""
    out = args.work / f"samples-{args.seed}"
    for given in args.sets:
        if not (out / given.name / given.name).exists():
            asy.generate(
                given, out / given.name, preset="generic", count=args.samples, seed=args.seed
            )
    return out


def measured(
    args: argparse.Namespace, detector: str, samples: Path
) -> dict[str, tuple[float, ...]]:
    """Return the numbers of one detector on each set, in percent."""
    slug = re.sub(r"\W+", "-", detector) + f"-{args.seed}-{args.size}"
    slug += f"-{args.weights or 'usual'}-{args.spoil:g}"
    if args.unified:
        run = args.work / "unified" / slug
        learn(args, detector, joined(args, samples), run)
        return numbers(run, args.work / "real", [given.name for given in args.sets])
    found = {}
    for given in args.sets:
        run = args.work / given.name / slug
        learn(args, detector, samples / given.name, run)
        found |= numbers(run, args.work / "real", [given.name])
    return found


def joined(args: argparse.Namespace, samples: Path) -> Path:
    """Return a folder with the samples of all sets as its categories, and what is known of them."""
    root = args.work / f"joined-{args.seed}"
    for given in args.sets:
        for below in (given.name, f"_anomsynth/{given.name}"):
            if not (root / below).exists():
                (root / below).parent.mkdir(parents=True, exist_ok=True)
                target = (samples / given.name / below).resolve()
                (root / below).symlink_to(target, target_is_directory=True)
    return root


def learn(args: argparse.Namespace, detector: str, dataset: Path, run: Path) -> None:
    """Train, or go on, unless that is done."""
    done = asy.train(
        dataset,
        run,
        unified=args.unified,
        detector=built(detector.partition("@")[0], detectors),
        noise=built(noise, noises) if (noise := detector.partition("@")[2]) else None,
        size=args.size,
        tile=args.tile,
        weights=args.weights,
        spoil=args.spoil,
        epochs=args.epochs,
        seed=args.seed,
        cache=args.work / "features",
        threads=args.threads,
        resume=run.exists(),
    )
    if done.seconds:
        (run.parent / f"{run.name}.seconds").write_text(f"{done.seconds:.0f}\n")


def built(text: str, role: Registry[C]) -> C:
    """Return the component of `KIND:name=value:name=value`."""
    kind, *options = text.split(":")
    return role.build({"kind": kind, **tomllib.loads("\n".join(options))})


def numbers(run: Path, real: Path, names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Return image AUROC, pixel AP, AUPRO and macro pixel AP of sets, by name."""
    found = {}
    for name in names:
        out = run / "evaluation" / name
        if not (out / "metrics.json").exists():
            asy.evaluate(run, real, out=out, category=name, bootstrap=0)
        row: Row = json.loads((out / "metrics.json").read_text())["categories"][0]["metrics"]
        every, kinds = row["all"], row["macro"]
        found[name] = tuple(
            100 * part["value"]
            for part in (every["image_auroc"], every["pixel_ap"], every["aupro"], kinds["pixel_ap"])
        )
    return found


def one(value: float) -> str:
    """Return a percentage with one digit."""
    return f"{value:.1f}"


if __name__ == "__main__":
    main()
