"""Are real defects found at the rates that the curve of a sweep promises? Prints a table.

    anomsynth sweep unseen sweep --kinds crack,pitting --size 1:40mm --levels 6 --per-level 15
    anomsynth pod sweep --run run
    python tests/benchmarks/pod_real.py sweep sweep-pod run REAL blowhole pitting

REAL is a dataset in MVTec AD layout. Sizes are sides of squares as large as the masks, for both.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from anomsynth.bisqad.evaluation.inference import predict_photos
from anomsynth.bisqad.model.run import load_run
from anomsynth.dataset.images import read_photo
from anomsynth.detectability.answers import around, highest
from anomsynth.detectability.curve import fit_curve
from anomsynth.detectability.inputs import read_sweep

GROUPS = 4


def main(sweep: str, study: str, run: str, real: str, *kinds: str) -> None:
    """Print rates of real defects by size beside the curve of a kind of the sweep."""
    real_kind, kind = kinds
    swept = read_sweep(Path(sweep))
    with (Path(study) / "flaws.csv").open() as file:
        found = {row["image"]: row["found"] == "1" for row in csv.DictReader(file)}
    flaws = [flaw for flaw in swept.flaws if flaw.kind == kind]
    masks = [read_photo(swept.root / flaw.mask).pixels[..., 0] > 0 for flaw in flaws]
    sides = [
        flaw.mm_per_px * float(np.sqrt(mask.sum())) for flaw, mask in zip(flaws, masks, strict=True)
    ]
    # The whole picture is the part, whose side the preset gives.
    part_mm = np.median([f.mm_per_px * np.sqrt(m.size) for f, m in zip(flaws, masks, strict=True)])
    curve = fit_curve(sides, [found[flaw.picture] for flaw in flaws])
    limit = json.loads((Path(study) / "pod.json").read_text())["inspection"]["threshold"]
    pictures = sorted((Path(real) / "test" / real_kind).iterdir())
    sizes, hits = [], []
    for path, seen in zip(pictures, predict_photos(load_run(Path(run)), pictures), strict=True):
        truth = Path(real) / "ground_truth" / real_kind / f"{path.stem}_mask.png"
        mask = read_photo(truth).pixels[..., 0] > 0
        place = around(mask, None)
        hits.append(highest(seen.prediction.map, seen.prediction.shape, place) > limit)
        sizes.append(part_mm * float(np.sqrt(mask.sum() / mask.size)))
    order = np.argsort(sizes)
    _say(f"| side, mm | real {real_kind} found | curve of {kind} | 95 % band | inside |")
    _say("|---|---|---|---|---|")
    for group in np.array_split(order, GROUPS):
        size = float(np.median(np.array(sizes)[group]))
        rate = float(np.mean(np.array(hits)[group]))
        (low,), (high,) = curve.band([size])
        inside = "yes" if low <= rate <= high else "no"
        shown = f"{100 * curve.at([size])[0]:.0f} % | {100 * low:.0f} to {100 * high:.0f} %"
        count = f"{int(np.array(hits)[group].sum())} of {len(group)}"
        _say(f"| {size:.1f} | {count} ({100 * rate:.0f} %) | {shown} | {inside} |")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
