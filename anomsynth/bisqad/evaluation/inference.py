"""A trained detector looks at photos: one map and one score each, or why not."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from anomsynth.bisqad.data.images import mask_tensor, photo_tensor
from anomsynth.bisqad.evaluation.predictions import (
    LabelledPrediction,
    Prediction,
    SeenPhoto,
    UnreadablePhoto,
)
from anomsynth.bisqad.model.network import image_score
from anomsynth.bisqad.model.run import Run
from anomsynth.core.photo import Photo
from anomsynth.core.types import Float32, Mask
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.item import Labelled, read_truth
from anomsynth.errors import InputError

BATCH = 8  # photos at once


def predict_photos(
    run: Run, paths: Sequence[Path], *, batch: int = BATCH
) -> Iterator[SeenPhoto | UnreadablePhoto]:
    """Yield the result of every photo, in order; a photo that cannot be read costs itself only.

    Scores do not depend on which photos share a batch beyond the last digits of float32.

    Raises
    ------
    InputError
        If the network gives NaN or infinity.
    """
    for start in range(0, len(paths), batch):
        found: list[Photo | UnreadablePhoto] = []
        for path in paths[start : start + batch]:
            try:
                found.append(read_photo(path))
            except InputError as error:
                found.append(UnreadablePhoto(path, str(error), error.hint))
        photos = [photo for photo in found if isinstance(photo, Photo)]
        maps, scores = _look(run, photos) if photos else ([], [])
        looked = iter(zip(maps, scores, strict=True))
        for path, photo in zip(paths[start : start + batch], found, strict=True):
            if isinstance(photo, UnreadablePhoto):
                yield photo
                continue
            values, score = next(looked)
            if not np.isfinite(values).all():
                msg = f"{path}: the network of {run.folder} answers with NaN or infinity"
                raise InputError(msg, hint="train again, or take the run from a copy")
            shape = (photo.pixels.shape[0], photo.pixels.shape[1])
            yield SeenPhoto(photo, Prediction(path, shape, values, score))


def predict_labelled(
    run: Run, images: Sequence[Labelled], groups: Mapping[Path, str]
) -> Iterator[LabelledPrediction | UnreadablePhoto]:
    """Yield what the detector says about each test image beside the truth, in order.

    An image that cannot be read, or whose mask cannot, costs itself only.

    Raises
    ------
    InputError
        If the network gives NaN or infinity.
    """
    size = run.config.size
    nowhere = np.zeros((size, size), bool)  # one array for all good images
    results = predict_photos(run, [image.image for image in images])
    for image, result in zip(images, results, strict=True):
        if isinstance(result, UnreadablePhoto):
            yield result
            continue
        prediction = result.prediction
        truth: Mask | None = nowhere
        if not image.good:
            try:
                truth = _truth(image, prediction.shape, size)
            except InputError as error:
                yield UnreadablePhoto(image.image, str(error), error.hint)
                continue
        group = groups.get(image.image.resolve(), image.id)
        yield LabelledPrediction(image, prediction, truth, group)


@torch.no_grad()
def _look(run: Run, photos: Sequence[Photo]) -> tuple[list[Float32], list[float]]:
    config = run.config
    images = torch.stack([photo_tensor(photo, config.size, grey=config.grey) for photo in photos])
    found = run.detector.anomaly_map(run.backbone(images.to(run.device)))
    scores = image_score(found).double().tolist()
    maps = found[:, 0].float().cpu().numpy()
    return [np.ascontiguousarray(values) for values in maps], scores


def _truth(image: Labelled, shape: tuple[int, int], size: int) -> Mask | None:
    if image.mask is None:
        return None
    truth: Mask = mask_tensor(read_truth(image.mask, image.truth, shape), size).numpy()
    return truth if truth.any() else None
