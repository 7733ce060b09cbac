"""A trained detector looks at photos: one map and one score each, or why not."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from anomsynth.bisqad.data.images import mask_tensor, photo_tensor
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction, Prediction, UnreadablePhoto
from anomsynth.bisqad.model.decoder import image_score
from anomsynth.bisqad.model.run import Run
from anomsynth.core.types import Float32, Mask
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.item import Labelled, read_truth
from anomsynth.errors import InputError

BATCH = 8  # photos at once


def predict_photos(
    run: Run, paths: Sequence[Path], *, batch: int = BATCH
) -> Iterator[Prediction | UnreadablePhoto]:
    """Yield the result of every photo, in order; a photo that cannot be read costs itself only.

    Scores do not depend on which photos share a batch beyond the last digits of float32.
    """
    for start in range(0, len(paths), batch):
        found: list[Prediction | UnreadablePhoto | None] = []
        tensors, shapes = [], []
        for path in paths[start : start + batch]:
            try:
                photo = read_photo(path)
            except InputError as error:
                found.append(UnreadablePhoto(path, str(error), error.hint))
            else:
                tensors.append(photo_tensor(photo, run.config.size, grey=run.config.grey))
                shapes.append((photo.pixels.shape[0], photo.pixels.shape[1]))
                found.append(None)
        maps, scores = _look(run, torch.stack(tensors)) if tensors else ([], [])
        looked = iter(zip(shapes, maps, scores, strict=True))
        for path, result in zip(paths[start : start + batch], found, strict=True):
            yield Prediction(path, *next(looked)) if result is None else result


def predict_labelled(
    run: Run, images: Sequence[Labelled], groups: Mapping[Path, str]
) -> Iterator[LabelledPrediction | UnreadablePhoto]:
    """Yield what the detector says about each test image beside the truth, in order.

    An image that cannot be read, or whose mask cannot, costs itself only.
    """
    size = run.config.size
    nowhere = np.zeros((size, size), bool)  # one array for all good images
    results = predict_photos(run, [image.image for image in images])
    for image, result in zip(images, results, strict=True):
        if isinstance(result, UnreadablePhoto):
            yield result
            continue
        truth: Mask | None = nowhere
        if not image.good:
            try:
                truth = _truth(image, result.shape, size)
            except InputError as error:
                yield UnreadablePhoto(image.image, str(error), error.hint)
                continue
        yield LabelledPrediction(image, result, truth, groups.get(image.image.resolve(), image.id))


@torch.no_grad()
def _look(run: Run, images: torch.Tensor) -> tuple[list[Float32], list[float]]:
    logits = run.detector(run.backbone(images.to(run.device)))
    scores = image_score(logits).double().tolist()
    maps = logits[:, 0].float().cpu().numpy()
    return [np.ascontiguousarray(values) for values in maps], scores


def _truth(image: Labelled, shape: tuple[int, int], size: int) -> Mask | None:
    if image.mask is None:
        return None
    truth: Mask = mask_tensor(read_truth(image.mask, image.truth, shape), size).numpy()
    return truth if truth.any() else None
