"""Training and validation: the same division every time, and never one photo in both."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from anomsynth.core.component import parameter
from anomsynth.dataset.exports._exporter import Exporter
from anomsynth.dataset.exports._source import ExportedImage

TRAIN, VAL = "train", "val"


class SplitExporter(Exporter):
    """A format for supervised training, with a training and a validation set."""

    val_share: Annotated[float, Field(ge=0, lt=1)] = parameter(
        0.2, "", "Share of the photos for validation; all images of a photo go with it."
    )
    seed: int = parameter(0, "", "Another number makes another division.")

    def split(self, pictures: Sequence[ExportedImage]) -> dict[str, list[ExportedImage]]:
        """Return the pictures of "train" and "val", "val" only if it gets any; see `divide`."""
        return divide(pictures, self.val_share, self.seed)


def divide(
    pictures: Sequence[ExportedImage], val_share: float, seed: int
) -> dict[str, list[ExportedImage]]:
    """Divide pictures by what they show.

    All images of one photo, the photo itself included, go to one side: else validation would ask
    for backgrounds that training has shown. In each category, photos with and without defects are
    put in the order of a hash of seed and name, and the first share of each is for validation, at
    least one if there are two. Neither the number nor the order of the files matters otherwise.
    """
    photos: dict[str, list[ExportedImage]] = defaultdict(list)
    for picture in pictures:
        photos[picture.photo].append(picture)
    strata: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for photo, shown in photos.items():
        defective = any(picture.kinds for picture in shown)
        # Where nothing is known of photos, each image is one, and kinds can be kept in balance.
        kinds = shown[0].kinds if len(shown) == 1 else ("defect",) if defective else ()
        strata[shown[0].labelled.category, kinds].append(photo)
    held: set[str] = set()
    for names in strata.values():
        number = round(val_share * len(names))
        if val_share > 0 and len(names) > 1:
            number = min(max(number, 1), len(names) - 1)
        held |= set(sorted(names, key=lambda name: _rank(seed, name))[:number])
    sides: dict[str, list[ExportedImage]] = {TRAIN: [], VAL: []}
    for picture in pictures:
        sides[VAL if picture.photo in held else TRAIN].append(picture)
    return {side: shown for side, shown in sides.items() if shown or side == TRAIN}


def _rank(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).hexdigest()
