"""Make a dataset as large as the paper's: 30 categories, 116,010 samples, a kill, a resume.

python tests/benchmarks/full_size.py FOLDER [--count 3867] [--photos 300] [--kill-after 600]
    [--categories 30]
"""

import argparse
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from joblib import Parallel, delayed
from PIL import Image
from script import ANOMSYNTH, tell

from anomsynth.demo.standins import make_stand_in
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names

COLLECTIONS = ("mvtec/", "visa/", "btad/")
MEGABYTE = 1 << 20


def main() -> None:
    """Make stand-in photos, run `generate` on them, kill it once, resume it, and tell."""
    args = parse()
    normals, out = args.folder / "normals", args.folder / "dataset"
    presets = [name for name in preset_names() if name.startswith(COLLECTIONS)][: args.categories]
    Parallel(args.jobs)(delayed(photograph)(name, args.photos, normals) for name in presets)
    command = [*ANOMSYNTH, "generate", str(normals), str(out), "--preset", "auto", "--quiet"]
    command += ["--refiners", "npcf,npcf_plus"]  # both, as the paper has them
    command += ["--count", str(args.count), "--jobs", str(args.jobs)]
    spent, peaks = 0.0, (0.0, 0.0)
    for limit in (args.kill_after, None):
        taken, parent, worker, code = watch([*command, "--resume"], limit)
        spent += taken
        peaks = max(peaks[0], parent), max(peaks[1], worker)
        tell(f"{taken:.0f} s, exit code {code}, {count(out)} samples on disk")
    samples = count(out)
    files = [path.stat() for path in out.rglob("*") if path.is_file()]
    report = {
        "categories": len(presets),
        "photos": sum(1 for _ in normals.rglob("*.png")),
        "samples": samples,
        "asked": len(presets) * args.count,
        "seconds": round(spent),
        "samples_per_second": round(samples / spent, 1),
        "peak_mb_parent": round(peaks[0]),
        "peak_mb_worker": round(peaks[1]),
        "files": len(files),
        "gigabytes": round(sum(stat.st_size for stat in files) / 1e9, 2),
    }
    tell(json.dumps(report, indent=1))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=3867, help="samples of a category")
    parser.add_argument("--photos", type=int, default=300, help="photos of a category")
    parser.add_argument("--kill-after", type=float, default=600, help="seconds")
    parser.add_argument("--categories", type=int, default=30, help="only the first of them")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def photograph(preset: str, photos: int, normals: Path) -> None:
    """Write stand-in photos of a category, 256 x 256, where they are not there yet."""
    folder = normals / preset.rsplit("/", 1)[-1]
    folder.mkdir(parents=True, exist_ok=True)
    scene = load_recipe(preset).stand_in
    for index in range(photos):
        path = folder / f"{index:04d}.png"
        if not path.exists():
            Image.fromarray(make_stand_in(scene, index).pixels).save(path, compress_level=1)


def watch(command: list[str], limit: float | None) -> tuple[float, float, float, int]:
    """Run a command, kill it and its workers after a time; return seconds, peak MB, exit code."""
    start = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True)
    parent = worker = 0.0
    while process.poll() is None:
        for member, size in memory(process.pid):
            if member == process.pid:
                parent = max(parent, size)
            else:
                worker = max(worker, size)
        if limit is not None and time.monotonic() - start > limit:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        time.sleep(1)
    return time.monotonic() - start, parent, worker, process.returncode


def memory(pid: int) -> Iterator[tuple[int, float]]:
    """Yield the resident megabytes of a process and of its children."""
    try:
        members = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in members:
        try:
            yield member.pid, member.memory_info().rss / MEGABYTE
        except psutil.NoSuchProcess:
            continue


def count(out: Path) -> int:
    """Return how many samples have their mask."""
    return sum(1 for _ in out.glob("*/ground_truth/*/*_mask.png"))


if __name__ == "__main__":
    main()
