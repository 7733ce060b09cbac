"""Whether what was drawn in a labelling tool marks pixels of its picture."""

from collections.abc import Iterator

from anomsynth.core.counted import counted
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.headers import upright_size
from anomsynth.dataset.layouts.empty_marks import empty_marks
from anomsynth.errors import InputError

OUTLINE = "outline the defect in the labelling tool, or remove the mark"


def check_drawn(tree: Tree) -> Iterator[Finding]:
    """Draw every mark, and find those that cover no pixel or cannot be drawn."""
    for item in tree.items:
        size = None if item.truth is None or not item.truth.shapes else upright_size(item.image)
        if item.truth is None or size is None:
            continue
        name = tree.name(item.image)
        try:
            marked = item.truth.read(size)
        except InputError as error:
            yield Finding("error", "mark-unreadable", name, str(error), error.hint or OUTLINE)
            continue
        if not marked.any():
            message = "nothing that is drawn on it covers a pixel"
            yield Finding("error", "mask-empty", name, message, OUTLINE)
            continue
        empty = empty_marks(item)
        if empty:
            count = f"{counted(len(empty), 'mark')} of {len(item.truth.shapes)}"
            message = f"{count} beyond it or too thin to cover a pixel, first a {empty[0].kind!r}"
            yield Finding("warning", "mark-empty", name, message, OUTLINE)
