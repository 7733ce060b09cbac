"""The few real defects that a training is given beside its dataset."""

import math
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

from anomsynth.bisqad.data.held_out import MOST_HELD, by_category, spread_out
from anomsynth.bisqad.data.item import Item, item_of
from anomsynth.core.counted import counted
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.reading import PhotoReader, find_depth
from anomsynth.errors import InputError

LEAST_LEARNED = 0.25  # share of real defects among all, where there are some to learn from
MASKS_BELONG = "masks belong into ground_truth/KIND, named like the image or IMAGE_mask.png"


def trusted_items(root: Path, category: str | None) -> list[Item]:
    """Return the images that trainings answer to, good ones among them.

    Raises
    ------
    InputError
        If there is no such folder, or no defect in it has a mask.
    """
    found = _found("val", root)
    if category is not None and any(entry.category == category for entry in found):
        found = [entry for entry in found if entry.category == category]
    good = [entry for entry in found if entry.good]
    marked = _marked("val", root, found)
    chosen = (*spread_out(good, MOST_HELD), *spread_out(marked, MOST_HELD))
    read = PhotoReader(depth=find_depth([entry.image for entry in chosen]))
    return [item_of(entry, read, "val/") for entry in chosen]


def learned_items(
    root: Path, made: Sequence[Item], kept: Set[Path], *, score: float | None
) -> list[Item]:
    """Return real defects to learn from beside those of a dataset.

    They are at least a quarter of all defects of their category: so few would not be heard among
    hundreds. Where they are fewer, each comes several times; half of what is learned of any image
    is mirrored and lit anew, for each time in its own way.

    Parameters
    ----------
    root : Path
        Where they are. Those of a dataset of one category may be called otherwise here.
    made : sequence of Item
        Defects of the dataset.
    kept : set of Path
        Images of the dataset, and those that are held out.
    score : float or None
        Their quality, where those of the dataset have one.

    Raises
    ------
    InputError
        If there is no such folder, no defect in it has a mask, one is kept, too, or its categories
        are not those of the dataset.
    """
    marked = _marked("learn", root, _found("learn", root))
    known = {path.resolve() for path in kept}
    twice = [entry.image for entry in marked if entry.image.resolve() in known]
    if twice:
        count = counted(len(twice), "image")
        msg = f"`learn`: {root}: {count} of the dataset, or held out, as {twice[0].name}"
        raise InputError(msg, hint="give defects that are nowhere else")
    read = PhotoReader(depth=find_depth([entry.image for entry in marked]))
    items = [replace(item_of(entry, read, "learn/"), score=score) for entry in marked]
    names, real = {item.category for item in made}, {item.category for item in items}
    if len(names) == len(real) == 1:
        items = [replace(item, category=made[0].category) for item in items]
    elif len(names) == 1 and names <= real:
        items = [item for item in items if item.category in names]
    elif real - names:
        listed = ", ".join(sorted(real - names)[:6])
        hint = "name its folders as those of the dataset, or give one of them"
        raise InputError(f"`learn`: {root}: no categories of the dataset: {listed}", hint=hint)
    found: list[Item] = []
    for own in by_category(items):
        beside = sum(item.category == own[0].category for item in made)
        times = math.ceil(beside * LEAST_LEARNED / (1 - LEAST_LEARNED) / len(own))
        found += [replace(item, id=f"{item.id}~{nth}") for nth in range(times) for item in own]
    return found


def _found(option: str, root: Path) -> list[Labelled]:
    try:
        return list(find_labelled(root))
    except InputError as error:
        raise InputError(f"`{option}`: {error}", hint=error.hint) from error


def _marked(option: str, root: Path, found: Sequence[Labelled]) -> list[Labelled]:
    marked = [entry for entry in found if not entry.good and entry.mask is not None]
    if not marked:
        msg = f"`{option}`: {root}: holds no defect with a mask"
        raise InputError(msg, hint=MASKS_BELONG)
    return marked
