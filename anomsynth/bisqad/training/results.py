"""What a training leaves for those who use its detector: weights, settings, good scores."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from anomsynth.bisqad.model.network import image_score
from anomsynth.bisqad.model.run import write_run
from anomsynth.bisqad.model.run_config import RunConfig, write_calibration
from anomsynth.bisqad.options import TrainPlan
from anomsynth.bisqad.training.prepare import PreparedDetector


@torch.no_grad()
def write_results(plan: TrainPlan, prepared: PreparedDetector) -> None:
    """Give the detector its unit, by good photos it has not learned from, and write all of it.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    detector = prepared.detector
    pools = prepared.threshold_normals

    def good() -> Iterator[Sequence[torch.Tensor]]:
        return (batch.features for pool in pools for batch in pool.batches())

    trusted = prepared.pools.held_defects.batches()
    detector.settle(good, [(batch.features, batch.masks) for batch in trusted])
    scores = torch.cat([image_score(detector.anomaly_map(features)) for features in good()])
    worst: dict[Path, float] = {}  # of the tiles of each photo
    for item, score in zip((item for pool in pools for item in pool.items), scores, strict=True):
        worst[item.image] = max(float(score), worst.get(item.image, float(score)))
    write_calibration(plan.out, list(worst.values()))
    backbone = prepared.backbone
    training = {"dataset": str(plan.dataset.resolve()), **plan.options.record()}
    config = RunConfig(
        backbone=backbone.name,
        channels=backbone.channels,
        strides=backbone.strides,
        detector=plan.options.detector,
        size=plan.options.size,
        products=detector.products,
        grey=prepared.grey,
        tile=prepared.split.tile,
        bits=prepared.split.bits,
        training={**training, "categories": list(prepared.split.categories)},
    )
    write_run(plan.out, detector, config)
