"""Marks that were drawn and cover no pixel: beyond the picture, or too thin."""

import logging
from collections.abc import Iterable
from pathlib import Path

from anomsynth.core.counted import counted
from anomsynth.dataset.annotations.shapes import Shape
from anomsynth.dataset.headers import upright_size
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.errors import InputError

logger = logging.getLogger(__name__)


def empty_marks(item: Labelled) -> list[Shape]:
    """Return the shapes of a picture that cover no pixel; those that cannot be drawn do not count.

    Readers say of the others what is wrong with them when it comes to it.
    """
    if item.truth is None or not item.truth.shapes:
        return []
    size = item.truth.size or upright_size(item.image)
    return [] if size is None else [one for one in item.truth.shapes if _is_empty(one, size)]


def warn_of_empty_marks(root: Path, items: Iterable[Labelled]) -> None:
    """Log how many drawn marks of a dataset cover no pixel, and which is the first."""
    count, first = 0, ""
    for item in items:
        found = empty_marks(item)
        if found and not count:
            first = f"a {found[0].kind!r} on {item.image}"
        count += len(found)
    if count:
        logger.warning(
            "%s: %s beyond the picture or too thin to cover a pixel, the first %s; they count as "
            "nothing",
            root,
            counted(count, "drawn mark"),
            first,
        )


def _is_empty(shape: Shape, size: tuple[int, int]) -> bool:
    try:
        return not shape.draw(size).any()
    except InputError:
        return False
