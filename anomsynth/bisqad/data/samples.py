"""Which images a training sees: what it learns from, and what it holds out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anomsynth.bisqad.data.held_out import (
    MOST_HELD,
    by_category,
    hold_out,
    hold_photos,
    mixed,
    spread_in_each,
    spread_out,
)
from anomsynth.bisqad.data.item import Item, item_of
from anomsynth.bisqad.data.origin import (
    bits_of,
    recipe_of,
    record_of,
    recorded_scores,
    with_sources,
)
from anomsynth.bisqad.data.real import MASKS_BELONG, learned_items, trusted_items
from anomsynth.bisqad.options import TrainOptions
from anomsynth.core.counted import counted
from anomsynth.core.types import SampleKey
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.provenance import find_provenance
from anomsynth.dataset.reading import PhotoReader, find_depth
from anomsynth.errors import InputError, UserError
from anomsynth.recipe.models import Recipe

FEWEST = 2  # good photos to learn from
MOST_GOOD_HELD = 199  # photos of a category held out: they promise half a percent of false alarms


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

    Defects of `learn` are added to those of the dataset, see `learned_items`.

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
    defects = [item_of(entry, read) for entry in marked]
    held_normals = [item_of(entry, read) for entry in spread_in_each(held, MOST_GOOD_HELD)]
    if not needed:
        held_defects = []
    elif options.val is not None:
        trusted = trusted_items(options.val, options.category)
        held_normals += [item for item in trusted if item.good]
        held_defects = [item for item in trusted if not item.good]
    elif recipe is not None and held:
        held_defects = _made([item_of(entry, read) for entry in held], recipe, options.seed)
    else:
        apart, rest = hold_out(marked)
        held_defects, defects = (
            [item_of(entry, read) for entry in spread_in_each(apart, MOST_HELD)],
            [item_of(entry, read) for entry in rest],
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
        kept = {entry.image for entry in found} | {item.image for item in held_defects}
        defects += learned_items(options.learn, defects, kept, score=1.0 if scores else None)
    return Split(
        normals=tuple(item_of(entry, read) for entry in normals),
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
            msg = f"{root}: none of its {defects} defect images has a mask"
            raise InputError(msg, hint=MASKS_BELONG)
        hint = "make defects with `anomsynth generate`, or point to a dataset that has some"
        raise InputError(f"{root}: good photos only, no defects to learn from", hint=hint)


def _check_good(root: Path, good: Sequence[Labelled], marked: Sequence[Labelled]) -> None:
    if len(good) < FEWEST:
        hint = "put photos of good parts into CATEGORY/train/good"
        raise InputError(
            f"{root}: {counted(len(marked), 'defect')} but {counted(len(good), 'good photo')}",
            hint=hint,
        )


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
