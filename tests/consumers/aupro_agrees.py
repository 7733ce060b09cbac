"""Compare anomsynth's AUPRO and pixel AUROC with anomalib's on the same maps, to 1e-3.

In an environment with anomsynth[train]:

    python aupro_agrees.py write FILE.npz                   random maps
    python aupro_agrees.py write FILE.npz RUN DATASET       a trained detector on a real test set

then in one with anomalib (anomsynth need not be there):

    python aupro_agrees.py check FILE.npz

`check` exits with 1 if they differ.
"""

# ruff: noqa: T201, PLC0415 - a script of two halves, for two environments

import sys
from pathlib import Path

import numpy as np

TOLERANCE = 1e-3
SIZE = 256
KINDS = ("chance", "noise", "skill", "ties")


def random_maps(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return maps and truth, (N, SIZE, SIZE), of a detector that is more or less able."""
    from scipy.ndimage import gaussian_filter

    truths = np.zeros((12, SIZE, SIZE), bool)
    for truth in truths[::2]:
        for _ in range(4):
            row, col = rng.integers(0, SIZE - 40, 2)
            height, width = rng.integers(2, 40, 2)
            truth[row : row + height, col : col + width] = True
    maps = rng.normal(size=truths.shape)
    if kind != "chance":
        maps = np.stack([gaussian_filter(values, 3) for values in maps]) * 8
        maps += truths * (2.0 if kind == "skill" else 0.7)
    if kind == "ties":
        maps = np.round(maps)
    return maps.astype(np.float32), truths


def real_maps(run: Path, dataset: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps of a trained detector on a test set, and the truth."""
    from anomsynth.bisqad.evaluation.inference import predict_labelled
    from anomsynth.bisqad.evaluation.labelled_set import find_tests
    from anomsynth.bisqad.evaluation.pixels import enlarged
    from anomsynth.bisqad.evaluation.predictions import LabelledPrediction
    from anomsynth.bisqad.model.run import load_run

    images = [image for items in find_tests(dataset).values() for image in items]
    predictions = [
        item
        for item in predict_labelled(load_run(run), images, {})
        if isinstance(item, LabelledPrediction)
    ]
    located = [item for item in predictions if item.truth is not None]
    truths = np.stack([item.truth for item in located])
    return np.stack([enlarged(item.prediction.map, truths.shape[1:]) for item in located]), truths


def write(file: Path, *real: str) -> None:
    """Write maps, truths and what anomsynth measures."""
    from anomsynth.bisqad.evaluation.aupro import aupro
    from anomsynth.bisqad.evaluation.metrics import rank_metrics
    from anomsynth.bisqad.evaluation.pixels import count_pixels

    rng = np.random.default_rng(0)
    sets = {kind: random_maps(kind, rng) for kind in KINDS}
    if real:
        sets["real"] = real_maps(Path(real[0]), Path(real[1]))
    arrays = {}
    for name, (maps, truths) in sets.items():
        counts = count_pixels(list(maps), list(truths))
        negative, positive = (
            counts.negative.sum(0, dtype=float),
            counts.positive.sum(0, dtype=float),
        )
        measured = [aupro(list(maps), list(truths)), rank_metrics(negative, positive)[0]]
        arrays |= {f"{name}.maps": maps, f"{name}.truths": truths, f"{name}.ours": measured}
    np.savez(file, **arrays)
    print(f"{len(sets)} sets on {file}")


def check(file: Path) -> int:
    """Compare with anomalib and return the exit code."""
    import torch
    from anomalib.metrics.aupro import _AUPRO
    from torchmetrics.functional import auroc

    worst = 0.0
    with np.load(file) as arrays:
        for name in sorted({key.partition(".")[0] for key in arrays.files}):
            maps = torch.from_numpy(arrays[f"{name}.maps"])
            truths = torch.from_numpy(arrays[f"{name}.truths"])
            metric = _AUPRO()  # up to 0.3, like ours
            metric.update(maps, truths.int())
            theirs = [float(metric.compute())]
            theirs.append(float(auroc(maps.flatten().double(), truths.flatten().int(), "binary")))
            for what, our, their in zip(
                ("AUPRO", "AUROC"), arrays[f"{name}.ours"], theirs, strict=True
            ):
                print(f"{name:8} {what}: {our:.5f} here, {their:.5f} there, {our - their:+.5f}")
                worst = max(worst, abs(our - their))
    print("agree" if worst < TOLERANCE else f"differ by {worst:.5f}")
    return int(worst >= TOLERANCE)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", target]:
            write(Path(target))
        case ["write", target, run_folder, dataset_folder]:
            write(Path(target), run_folder, dataset_folder)
        case ["check", source]:
            sys.exit(check(Path(source)))
        case _:
            sys.exit(__doc__)
