"""A trained detector looks at photos: one map and one score each, or why not."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from anomsynth.bisqad.data.images import mask_tensor, photo_tensor
from anomsynth.bisqad.data.tiles import Tiling, cut
from anomsynth.bisqad.evaluation.predictions import (
    LabelledPrediction,
    Prediction,
    SeenPhoto,
    UnreadablePhoto,
)
from anomsynth.bisqad.model.network import MAP_STRIDE, image_score
from anomsynth.bisqad.model.run import Run
from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.types import Float32, Mask
from anomsynth.dataset.layouts.item import Labelled, read_truth
from anomsynth.dataset.reading import PhotoReader, find_depth
from anomsynth.errors import InputError

BATCH = 8  # photos at once


def predict_photos(
    run: Run, paths: Sequence[Path], read: PhotoReader | None = None, *, batch: int = BATCH
) -> Iterator[SeenPhoto | UnreadablePhoto]:
    """Yield the result of every photo, in order; a photo that cannot be read costs itself only.

    Scores do not depend on which photos share a batch beyond the last digits of float32.

    Parameters
    ----------
    run : Run
    paths : of the photos
    read : PhotoReader, optional
        Knows the camera's depth; found in the photos, or that of the training, if not given.
    batch : int
        Photos, or tiles, that the network sees at once.

    Raises
    ------
    InputError
        If the network gives NaN or infinity.
    """
    read = read or PhotoReader(depth=find_depth(paths, run.config.bits))
    together = batch if run.config.tile is None else 1  # photos that are cut are large
    for start in range(0, len(paths), together):
        found: list[Photo | UnreadablePhoto] = []
        for path in paths[start : start + together]:
            try:
                found.append(read(path))
            except InputError as error:
                found.append(UnreadablePhoto(path, str(error), error.hint))
        photos = [photo for photo in found if isinstance(photo, Photo)]
        looked = iter(look_at(run, photos, batch=batch))
        for path, photo in zip(paths[start : start + together], found, strict=True):
            if isinstance(photo, UnreadablePhoto):
                yield photo
                continue
            values, score = next(looked)
            if not np.isfinite(values).all():
                msg = f"{path}: the network of {run.folder} answers with NaN or infinity"
                raise InputError(msg, hint="train again, or take the run from a copy")
            shape = (photo.pixels.shape[0], photo.pixels.shape[1])
            yield SeenPhoto(photo, Prediction(path, shape, values, score))


def look_at(
    run: Run, photos: Sequence[Photo], *, batch: int = BATCH
) -> Iterator[tuple[Float32, float]]:
    """Yield map and score of each photo.

    Where the run cuts photos into tiles, the score is that of the worst tile.
    """
    if run.config.tile is None:
        yield from zip(*_look(run, photos), strict=True) if photos else ()
        return
    tiling = Tiling(run.config.tile, run.config.size)
    for photo in photos:
        shape = (photo.pixels.shape[0], photo.pixels.shape[1])
        boxes = tiling.boxes(shape)
        maps: list[Float32] = []
        scores: list[float] = []
        for start in range(0, len(boxes), batch):
            tiles = [as_photo(cut(photo.pixels, box)) for box in boxes[start : start + batch]]
            some, theirs = _look(run, tiles)
            maps += some
            scores += theirs
        yield tiling.join(maps, shape), max(scores)


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
    nowhere: dict[tuple[int, int], Mask] = {}  # one array for all good images of a size
    results = predict_photos(run, [image.image for image in images])
    for image, result in zip(images, results, strict=True):
        if isinstance(result, UnreadablePhoto):
            yield result
            continue
        prediction = result.prediction
        size = (prediction.map.shape[0] * MAP_STRIDE, prediction.map.shape[1] * MAP_STRIDE)
        truth: Mask | None = nowhere.setdefault(size, np.zeros(size, bool))
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


def _truth(image: Labelled, shape: tuple[int, int], size: tuple[int, int]) -> Mask | None:
    if image.mask is None:
        return None
    truth: Mask = mask_tensor(read_truth(image.mask, image.truth, shape), size).numpy()
    return truth if truth.any() else None
