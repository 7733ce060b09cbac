"""A trained detector looks at photos: one map and one score each, or why not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from anomsynth.bisqad.data.images import photo_tensor
from anomsynth.bisqad.model.detector import image_score
from anomsynth.bisqad.training.runs import Run
from anomsynth.core.types import Float32
from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError

BATCH = 8  # photos at once


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a detector says about one photo.

    Attributes
    ----------
    path : Path
    shape : (int, int)
        Height and width of the photo.
    map : (h, w) float32
        Logits, natural log of the odds that a place is defective; over the whole photo, at a
        quarter of the run's size.
    score : float
        Of the photo, in the same unit.
    """

    path: Path
    shape: tuple[int, int]
    map: Float32
    score: float


@dataclass(frozen=True, slots=True)
class Unread:
    """A photo that could not be looked at.

    Attributes
    ----------
    path : Path
    message, hint : str
    """

    path: Path
    message: str
    hint: str


def score_photos(
    run: Run, paths: Sequence[Path], *, batch: int = BATCH
) -> Iterator[Scored | Unread]:
    """Yield the result of every photo, in order; a photo that cannot be read costs itself only.

    Scores do not depend on which photos share a batch beyond the last digits of float32.
    """
    for start in range(0, len(paths), batch):
        found: list[Scored | Unread | None] = []
        tensors, shapes = [], []
        for path in paths[start : start + batch]:
            try:
                photo = read_photo(path)
            except InputError as error:
                found.append(Unread(path, str(error), error.hint))
            else:
                tensors.append(photo_tensor(photo, run.config.size, grey=run.config.grey))
                shapes.append((photo.pixels.shape[0], photo.pixels.shape[1]))
                found.append(None)
        maps, scores = _look(run, torch.stack(tensors)) if tensors else ([], [])
        looked = iter(zip(shapes, maps, scores, strict=True))
        for path, result in zip(paths[start : start + batch], found, strict=True):
            yield Scored(path, *next(looked)) if result is None else result


@torch.no_grad()
def _look(run: Run, images: torch.Tensor) -> tuple[list[Float32], list[float]]:
    logits = run.detector(run.backbone(images.to(run.device)))
    scores = image_score(logits).double().tolist()
    maps = logits[:, 0].float().cpu().numpy()
    return [np.ascontiguousarray(values) for values in maps], scores
