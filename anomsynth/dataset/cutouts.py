"""A folder of real, marked defects to cut out and set into good photos."""

import math
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np

from anomsynth.core.cutout import Cutout
from anomsynth.core.types import Box, Mask
from anomsynth.dataset.labelled import find_labelled, read_labelled
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.errors import InputError, PlacementError
from anomsynth.sqe.surroundings import without_defect
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.foreground import find_foreground

MARGIN = 24  # pixels of surroundings that go along
GAP = 6  # pixels: pieces of a mask closer than this are one defect
LEAST = 4  # pixels of a defect
MOST = 0.5  # share of the part, above which it is no defect but another part
LARGE = 0.15  # share of the picture, from which filling a defect may hide the part
CACHED = 32  # pictures whose defects are kept in memory by each process


class CutoutFolder:
    """Real defects of a labelled dataset, in the order of its pictures.

    Parameters
    ----------
    root : Path
        In any layout of `anomsynth.dataset.labelled`; its good photos are left alone.

    Raises
    ------
    InputError
        If the folder is missing, cannot be read, or holds no marked defect.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._items = _defective(self.root)

    def __len__(self) -> int:
        return len(self._items)

    def pick(self, rng: np.random.Generator) -> Cutout:
        """Return one of them; uses one random number.

        Every picture is as likely; of its defects each is as its side is long, for specks beside a
        defect are many, and hardly anything to learn from.

        Raises
        ------
        InputError
            If a picture or its mask cannot be used.
        PlacementError
            If the defect covers most of its part: that is another part, and nothing to paste.
        """
        place = rng.random() * len(self._items)
        item = self._items[int(place)]
        pieces = _pieces(item)
        if not pieces:
            raise PlacementError(f"{item.image.name}: covers most of its part, too much to paste")
        edges = list(accumulate(math.sqrt(np.count_nonzero(piece.mask)) for piece in pieces))
        return pieces[min(bisect_right(edges, (place % 1) * edges[-1]), len(pieces) - 1)]


@lru_cache(maxsize=4)
def _defective(root: Path) -> tuple[Labelled, ...]:
    found = tuple(item for item in find_labelled(root) if not item.good and item.mask is not None)
    if not found:
        hint = "expected pictures of defects with masks or annotations"
        raise InputError(f"{root}: holds no marked defect", hint=hint)
    return found


@lru_cache(maxsize=CACHED)
def _pieces(item: Labelled) -> tuple[Cutout, ...]:
    """Cut the defects of a picture out, those near each other as one."""
    photo, mask = read_labelled(item)
    pixels = one_channel(photo.pixels)
    # A small defect may look like a part by itself; a large one hides its part once it is filled.
    large = np.count_nonzero(mask) >= LARGE * mask.size
    looked_at = pixels if large else without_defect(pixels, mask)
    part = find_foreground(looked_at, photo.alpha) | mask
    found = _separate(mask)
    if not found:
        raise InputError(f"{item.image}: its mask marks no defect", hint="outline it, or remove it")
    most = MOST * int(np.count_nonzero(part))
    pieces = [
        Cutout(pixels[box.slices].copy(), own, part[box.slices].copy(), max(mask.shape))
        for box, own in found
        if np.count_nonzero(own) <= most
    ]
    for piece in pieces:
        for array in (piece.pixels, piece.mask, piece.part):
            array.setflags(write=False)
    return tuple(pieces)


def _separate(mask: Mask) -> list[tuple[Box, Mask]]:
    """Return a box with surroundings and the pixels in it of each defect that lies apart."""
    side = 2 * (GAP // 2) + 1
    grown = cv2.dilate(np.ascontiguousarray(mask).view(np.uint8), np.ones((side, side), np.uint8))
    count, labels = cv2.connectedComponents(grown, connectivity=8, ltype=cv2.CV_32S)
    shape = mask.shape[0], mask.shape[1]
    found = []
    for number in range(1, count):
        own = (np.asarray(labels) == number) & mask
        tight = Box.around(own)
        area = int(np.count_nonzero(own))
        if tight is not None and area >= LEAST:
            box = tight.grown(MARGIN, shape)
            found.append((box, own[box.slices].copy()))
    return found
