"""The labelled test images of a dataset, and which of them show one physical object."""

import csv
import logging
from pathlib import Path

from anomsynth.core.plain_file import open_text
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.empty_marks import warn_of_empty_marks
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.errors import InputError

GROUPS = "groups.csv"


logger = logging.getLogger(__name__)


def find_tests(
    root: Path, category: str | None = None, layout: str | None = None
) -> dict[str, tuple[Labelled, ...]]:
    """List the test images of a dataset by category.

    Where the dataset does not divide its good photos, all of them are test images; a warning says
    so, because a detector that learned from them knows them.

    Raises
    ------
    InputError
        If there are none, or a category has no good images or no defects.
    """
    found: dict[str, list[Labelled]] = {}
    unsplit = 0
    for item in find_labelled(root, layout):
        unsplit += item.unsplit
        if item.split == "test" or item.unsplit:
            found.setdefault(item.category, []).append(item)
    if category is not None:
        if category not in found:
            msg = f"`category`: no test images of {category!r} in {root}"
            raise InputError(msg, hint=f"known: {', '.join(found)}" if found else "")
        found = {category: found[category]}
    if not found:
        raise InputError(f"{root}: no test images", hint="expected test/good and test/KIND")
    for name, items in found.items():
        kinds = {item.good for item in items}
        if len(kinds) == 1:
            missing, there = ("defects", "good") if kinds == {True} else ("good images", "defects")
            msg = f"{root}: the test images of {name} are all {there}, there are no {missing}"
            raise InputError(msg, hint="metrics compare good images with defects")
    for items in found.values():
        warn_of_empty_marks(root, items)
    if unsplit:
        logger.warning(
            "%s: nothing divides its %d good photos; results are too good if the detector was "
            "trained on them",
            root,
            unsplit,
        )
    return {name: tuple(items) for name, items in found.items()}


def read_groups(root: Path) -> dict[Path, str]:
    """Read groups.csv (columns file, group): which images show one physical object.

    It lies in the dataset's folder or in a category's, with paths relative to it; empty if there
    is none.

    Raises
    ------
    InputError
        If it is damaged.
    """
    groups: dict[Path, str] = {}
    for path in sorted([*root.glob(GROUPS), *root.glob(f"*/{GROUPS}")]):
        try:
            with open_text(path, "utf-8-sig") as file:
                for row in csv.DictReader(file):
                    groups[(path.parent / row["file"]).resolve()] = row["group"]
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            msg = f"{path}: expected the columns file and group"
            raise InputError(msg, hint="repair or remove the file") from error
    return groups
