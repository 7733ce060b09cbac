"""Training and validation: the same division every time, and never one photo in both."""

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from anomsynth.core.component import parameter
from anomsynth.core.on_demand import OnDemand
from anomsynth.dataset.exports._exporter import Exporter
from anomsynth.dataset.exports._source import ExportedImage

TRAIN, VAL = "train", "val"


class SplitExporter(Exporter):
    """A format for supervised training, with a training and a validation set."""

    val_share: Annotated[float, Field(ge=0, lt=1)] = parameter(
        0.2, "", "Share of the photos for validation; all images of a photo go with it."
    )
    seed: int = parameter(0, "", "Another number makes another division.")

    def split(self, pictures: Sequence[ExportedImage]) -> dict[str, Sequence[ExportedImage]]:
        """Return the pictures of "train" and "val", "val" only if it gets any; see `divide`."""
        return divide(pictures, self.val_share, self.seed)


def divide(
    pictures: Sequence[ExportedImage], val_share: float, seed: int
) -> dict[str, Sequence[ExportedImage]]:
    """Divide pictures by what they show.

    All images of one photo, the photo itself included, go to one side: else validation would ask
    for backgrounds that training has shown. In each category, photos with and without defects are
    put in the order of a hash of seed and name, and the first share of each is for validation, at
    least one if there are two. Neither the number nor the order of the files matters otherwise.
    """
    # By hashes of the photos' names: there may be as many as pictures.
    hashes = np.fromiter((hash(picture.photo) for picture in pictures), dtype=np.int64)
    _, firsts, photo_of, counts = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    defective = np.zeros(len(firsts), dtype=np.bool_)
    for at, picture in enumerate(pictures):
        defective[photo_of[at]] |= bool(picture.kinds)
    strata: dict[tuple[str, tuple[str, ...]], array[int]] = defaultdict(lambda: array("Q"))
    for photo, first in enumerate(firsts.tolist()):
        shown = pictures[first]
        # Where nothing is known of photos, each image is one, and kinds can be kept in balance.
        kinds = shown.kinds if counts[photo] == 1 else ("defect",) if defective[photo] else ()
        strata[shown.labelled.category, kinds].append(photo)
    held = np.zeros(len(firsts), dtype=np.bool_)
    for members in strata.values():
        number = round(val_share * len(members))
        if val_share > 0 and len(members) > 1:
            number = min(max(number, 1), len(members) - 1)
        names = (pictures[firsts[photo]].photo for photo in members)
        ranks = np.fromiter((_rank(seed, name) for name in names), dtype=np.uint64)
        held[np.asarray(members)[np.argsort(ranks, kind="stable")[:number]]] = True
    to_val = held[photo_of]
    sides = {TRAIN: np.flatnonzero(~to_val), VAL: np.flatnonzero(to_val)}
    return {
        side: OnDemand(array("q", places.tobytes()), pictures.__getitem__)
        for side, places in sides.items()
        if places.size or side == TRAIN
    }


def _rank(seed: int, name: str) -> int:
    digest = hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest()
    return int.from_bytes(digest[:8])
