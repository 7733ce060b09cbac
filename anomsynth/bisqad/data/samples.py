"""Which images a training sees: what it learns from, and what it holds out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.bisqad.data.held_out import (
    by_category,
    hold_out,
    hold_photos,
    mixed,
    spread_in_each,
    spread_out,
)
from anomsynth.bisqad.data.origin import (
    bits_of,
    recipe_of,
    record_of,
    recorded_scores,
    with_sources,
)
from anomsynth.bisqad.data.spoil import Fault, spoil
from anomsynth.bisqad.data.tiles import cut, tile_around
from anomsynth.bisqad.options import TrainOptions
from anomsynth.core.counted import counted
from anomsynth.core.photo import Photo
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Mask, SampleKey
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.item import Labelled, Truth, read_truth
from anomsynth.dataset.provenance import find_provenance
from anomsynth.dataset.reading import PhotoReader, find_depth
from anomsynth.errors import InputError, UserError
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.synthesize import synthesize

LEARNED_EVERY = 4  # of so many defects one is real, where there are some to learn from
FEWEST = 2  # good photos to learn from
MOST_HELD = 96  # defects of a category held out
MOST_GOOD_HELD = 199  # photos of a category held out: they promise half a percent of false alarms

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


@dataclass(frozen=True, slots=True)
class Split:
    """The images of one training.

    Attributes
    ----------
    normals, defects : tuple of Item
        To learn from.
    held_normals, held_defects : tuple of Item
        Held out: trusted, never learned from; they decide on the weights and set the threshold.
    recipe : Recipe or None
        What the dataset was made with, if anomsynth made it.
    categories : tuple of str
    tile : int or None
        Side of the tiles that photos are cut into, pixels; None where they are taken as a whole.
    bits : int or None
        That the camera uses of 16, where the dataset's photos or pictures show less.
    """

    normals: tuple[Item, ...]
    defects: tuple[Item, ...]
    held_normals: tuple[Item, ...]
    held_defects: tuple[Item, ...]
    recipe: Recipe | None
    categories: tuple[str, ...]
    tile: int | None = None
    bits: int | None = None


def find_split(dataset: Path, options: TrainOptions) -> Split:
    """Find the images of a training and hold some out.

    Held out are, of each category: its ``test/good`` photos, or every sixth of ``train/good`` if
    there are fewer than eight; and defects, from the first of these that there is: those of `val`
    (with its good photos); defects made from these photos by the dataset's own recipe, with
    another seed and all mechanisms equally often; every sixth defect of the dataset.

    Defects of `learn` are added to those of the dataset, each as often as makes them a quarter of
    all, half of the times mirrored and lit anew: so few would not be heard among hundreds.

    Raises
    ------
    InputError
        If there is no such folder or category, no masks, or one class only.
    UserError
        If the dataset has several categories and nobody said which.

    Notes
    -----
    A detector that learns no defects needs none; good photos are enough for it.

    Where weights are fixed by quality, the scores that the dataset records are taken, which know
    the photo before, if every defect has one. Weights that are learned have to judge defects
    without such a photo, and spoiled defects are not what was scored.
    """
    found = _of_category(
        find_labelled(dataset, options.source_layout),
        dataset,
        options.category,
        unified=options.unified,
    )
    good = [item for item in found if item.good]
    marked = [item for item in found if not item.good and item.mask is not None]
    needed = options.detector.learns_defects
    if needed:
        _check_defects(dataset, found, good, marked)
    _check_good(dataset, good, marked)
    normals, held = hold_photos(good)
    record = record_of(dataset)
    recipe = recipe_of(dataset, record)
    rated = options.weighting == "sqe" and not (options.spoil or options.online)
    known = find_provenance(marked if rated or options.detector.asks_sources else ())
    if options.detector.asks_sources:
        marked = with_sources(dataset, marked, known, options.detector.kind)
    depth = find_depth([entry.image for entry in found])
    read = PhotoReader(depth=depth)
    defects = [_item(entry, read) for entry in marked]
    held_normals = [_item(entry, read) for entry in spread_in_each(held, MOST_GOOD_HELD)]
    if not needed:
        held_defects = []
    elif options.val is not None:
        trusted = _given("val", options.val, options.category)
        held_normals += [item for item in trusted if item.good]
        held_defects = [item for item in trusted if not item.good]
    elif recipe is not None and held:
        held_defects = _made([_item(entry, read) for entry in held], recipe, options.seed)
    else:
        apart, rest = hold_out(marked)
        held_defects, defects = (
            [_item(entry, read) for entry in spread_in_each(apart, MOST_HELD)],
            [_item(entry, read) for entry in rest],
        )
    if options.detector.asks_sources:
        defects = [replace(item, source=known.good(item.image)) for item in defects]
    if options.unified:  # a training asks the first of them, who must not all be of one category
        held_normals, held_defects = (
            mixed(part, options.seed) for part in (held_normals, held_defects)
        )
    scores = recorded_scores(marked, known) if rated else {}
    defects = [replace(item, score=scores.get(item.image)) for item in defects]
    if options.learn is not None:
        real = [item for item in _given("learn", options.learn, options.category) if not item.good]
        times = math.ceil(len(defects) / (LEARNED_EVERY - 1) / len(real))
        defects += [replace(item, id=f"{item.id}~{nth}") for nth in range(times) for item in real]
    return Split(
        normals=tuple(_item(entry, read) for entry in normals),
        defects=tuple(defects),
        held_normals=tuple(held_normals),
        held_defects=tuple(held_defects),
        recipe=recipe,
        categories=tuple(sorted({entry.category for entry in found})),
        bits=bits_of(record, found[0].category) if depth is None else depth.bits,
    )


def count_photos(items: Sequence[Item]) -> int:
    """Return how many photos good items are of: several may be tiles of one."""
    return len({item.image for item in items})


def _item(entry: Labelled, reader: PhotoReader, prefix: str = "") -> Item:
    name = prefix + entry.id
    files = entry.image, entry.mask, entry.truth
    return Item(name, entry.category, entry.kind, *files, reader=reader)


def _of_category(
    found: Sequence[Labelled], root: Path, category: str | None, *, unified: bool
) -> list[Labelled]:
    names = sorted({item.category for item in found})
    if category is not None and unified:
        raise UserError("`category` and `unified` exclude each other", hint="give one of them")
    if category is not None:
        if category not in names:
            hint = f"it has {', '.join(names[:8])}"
            raise InputError(f"{root}: no category {category!r}", hint=hint)
        return [item for item in found if item.category == category]
    if len(names) > 1 and not unified:
        listed = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        hint = "name one by `category`, or train one model for all with `unified=True`"
        raise UserError(f"{root}: has {counted(len(names), 'category')} ({listed})", hint=hint)
    return list(found)


def _check_defects(
    root: Path,
    found: Sequence[Labelled],
    good: Sequence[Labelled],
    marked: Sequence[Labelled],
) -> None:
    if not marked:
        defects = len(found) - len(good)
        if defects:
            hint = "masks belong into ground_truth/KIND, named like the image or IMAGE_mask.png"
            raise InputError(f"{root}: none of its {defects} defect images has a mask", hint=hint)
        hint = "make defects with `anomsynth generate`, or point to a dataset that has some"
        raise InputError(f"{root}: good photos only, no defects to learn from", hint=hint)


def _check_good(root: Path, good: Sequence[Labelled], marked: Sequence[Labelled]) -> None:
    if len(good) < FEWEST:
        hint = "put photos of good parts into CATEGORY/train/good"
        raise InputError(
            f"{root}: {counted(len(marked), 'defect')} but {counted(len(good), 'good photo')}",
            hint=hint,
        )


def _given(option: str, root: Path, category: str | None) -> list[Item]:
    """Return the real images that an option gives, of this category if it holds it."""
    found = find_labelled(root)
    if category is not None and any(entry.category == category for entry in found):
        found = tuple(entry for entry in found if entry.category == category)
    marked = [entry for entry in found if not entry.good and entry.mask is not None]
    if not marked:
        hint = "masks belong into ground_truth/KIND, named like the image or IMAGE_mask.png"
        raise InputError(f"`{option}`: {root}: holds no defect with a mask", hint=hint)
    good = [entry for entry in found if entry.good]
    chosen = (*spread_out(good, MOST_HELD), *spread_out(marked, MOST_HELD))
    read = PhotoReader(depth=find_depth([entry.image for entry in chosen]))
    return [_item(entry, read, f"{option}/") for entry in chosen]


def _made(held: Sequence[Item], recipe: Recipe, seed: int) -> list[Item]:
    """Return defects to be made on photos held out, as many for each category."""
    mechanisms = tuple(item.model_copy(update={"weight": 1.0}) for item in recipe.mechanisms)
    evenly = recipe.model_copy(update={"mechanisms": mechanisms})
    another = recipe.seed + seed + 1
    found: list[Item] = []
    for own in by_category(held):
        photos = spread_out(own, MOST_HELD)
        found += [
            synthetic(photos[nth % len(photos)], evenly, another, (-1, len(found) + nth))
            for nth in range(MOST_HELD)
        ]
    return found


def synthetic(photo: Item, recipe: Recipe, seed: int, place: tuple[int, int]) -> Item:
    """Return a defect to be made; the key names a turn of training, so no dataset holds it."""
    turn, nth = place
    name = f"made/{turn}/{nth}" if turn >= 0 else f"held/{nth}"
    key = SampleKey(photo.category, f"{name}/{photo.id}", nth)
    return Item(
        name,
        photo.category,
        "made",
        photo.image,
        recipe=recipe,
        key=key,
        seed=seed,
        reader=photo.reader,
    )
