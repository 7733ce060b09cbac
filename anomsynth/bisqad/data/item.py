"""One image that a training learns from or holds out, and how it is read."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.bisqad.data.spoil import Fault, spoil
from anomsynth.bisqad.data.tiles import cut, tile_around
from anomsynth.core.photo import Photo
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Mask, SampleKey
from anomsynth.dataset.layouts.item import Labelled, Truth, read_truth
from anomsynth.dataset.reading import PhotoReader
from anomsynth.errors import InputError
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.synthesize import synthesize

AS_THEY_ARE = PhotoReader()


@dataclass(frozen=True, slots=True)
class Item:
    """One image to learn from, or held out.

    Attributes
    ----------
    id : str
        Unique among the items of a training.
    category, kind : str
    image : Path
    mask : Path or None
        None for good photos, and for defects that are still to be made.
    truth : Truth or None
        How defects are marked, unless `mask` is a mask of two values.
    recipe, key : Recipe and SampleKey, or None
        A defect made from the good photo `image` when it is read.
    seed : int
        For what is drawn when the item is read.
    fault : {"shifted", "filled"} or None
        How the item is spoiled on purpose.
    tile : Box or int or None
        The part of the photo that is taken; a number is the side of one around marked pixels.
    source : Path or None
        The good photo that the defect was made from, if somebody asks for it.
    score : float or None
        The quality that its dataset records, where nothing else is to be asked; see `find_split`.
    shows_source : bool
        Whether that photo is what is read, in the same tile; see `before`.
    reader : PhotoReader
        Knows the depth of the camera.
    """

    id: str
    category: str
    kind: str
    image: Path
    mask: Path | None = None
    truth: Truth | None = None
    recipe: Recipe | None = None
    key: SampleKey | None = None
    seed: int = 0
    fault: Fault | None = None
    tile: Box | int | None = None
    source: Path | None = None
    score: float | None = None
    shows_source: bool = False
    reader: PhotoReader = AS_THEY_ARE

    @property
    def before(self) -> "Item":
        """The item as it was before the defect was made: the same tile, mirrored alike."""
        return replace(self, shows_source=True)

    @property
    def good(self) -> bool:
        """Whether this is a photo without defects."""
        return self.mask is None and self.recipe is None

    def read(self) -> tuple[NDArray[np.generic], Mask]:
        """Return pixels (H, W, C) uint8 or uint16, and mask (H, W) bool, of the photo or its tile.

        Raises
        ------
        InputError
            If a file cannot be read, or the mask does not fit.
        SynthesisError
            If no defect could be made.
        """
        box = self.tile
        if isinstance(box, Box) and self.good:  # one photo gives many tiles
            changed = self.image.stat().st_mtime_ns if self.image.exists() else 0
            photo = _read_last(self.reader, self.image, changed)
            return cut(photo.pixels, box), np.zeros(box.shape, dtype=bool)
        pixels, mask = self._read_whole()
        if box is None:
            return pixels, mask
        if not isinstance(box, Box):
            box = tile_around(mask, box, stream(self.seed, "tile", self.id))
        tile: Mask = cut(mask, box).astype(bool)
        return cut(pixels, box), tile

    def _read_whole(self) -> tuple[NDArray[np.generic], Mask]:
        photo = self.reader(self.image)
        pixels: NDArray[np.generic] = photo.pixels
        if self.recipe is not None:
            sample = synthesize(photo, self.recipe, seed=self.seed, key=self.key)
            if self.shows_source:
                return pixels, sample.mask
            made = sample.image if sample.image.ndim == 3 else sample.image[..., None]
            return made[..., : pixels.shape[2]], sample.mask
        if self.mask is None:
            return pixels, np.zeros(pixels.shape[:2], dtype=bool)
        mask = read_truth(self.mask, self.truth, (pixels.shape[0], pixels.shape[1]))
        if not mask.any():
            hint = "good photos belong into the folder good"
            raise InputError(f"{self.mask}: marks nothing", hint=hint)
        if self.fault is not None:
            pixels, mask = spoil(pixels, mask, self.fault, stream(self.seed, "spoil", self.id))
        if self.shows_source and self.source is not None:
            before = self.reader(self.source).pixels
            if before.shape[:2] != mask.shape:
                size = " x ".join(map(str, before.shape[:2]))
                msg = f"{self.source}: of {size} pixels, unlike {self.image}, made from it"
                raise InputError(msg, hint="make the dataset again")
            return before, mask
        return pixels, mask


@lru_cache(maxsize=1)
def _read_last(reader: PhotoReader, path: Path, changed: int) -> Photo:
    """Read a photo, or return the one that was read last if it has not changed since."""
    del changed
    return reader(path)


def item_of(entry: Labelled, reader: PhotoReader, prefix: str = "") -> Item:
    """Return a labelled image as an item; its id begins with `prefix`."""
    files = entry.image, entry.mask, entry.truth
    return Item(prefix + entry.id, entry.category, entry.kind, *files, reader=reader)
