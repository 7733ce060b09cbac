"""Whether the run that makes a dataset has ended, and how much of it is there if it has not."""

import logging
from collections.abc import Mapping
from pathlib import Path

from anomsynth.core.counted import counted
from anomsynth.dataset.journal import read_journal
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.metadata import known_run
from anomsynth.dataset.paths import exists
from anomsynth.errors import OutputError

logger = logging.getLogger(__name__)

FINISH = "finish it by the same call with `resume=True`"


def missing_of(layout: Layout) -> str:
    """Return how much is there of a run that has not ended, empty if it has or there is none."""
    if not exists(layout.journal):
        return ""
    try:
        done = sum(line.get("what") == "sample" for line in read_journal(layout.journal))
    except OutputError:  # who finishes the run is told
        return "the run that makes it has not ended"
    asked = _asked(known_run(layout.root))
    there = (
        f"{done} of {counted(asked, 'sample')}" if asked else f"{counted(done, 'sample')}, not all"
    )
    return f"the run that makes it has not ended, {there} are there"


def warn_of_missing(root: Path) -> None:
    """Log that a dataset of ours, or the one that a category lies in, is not whole yet."""
    root = root.resolve()
    missing = missing_of(Layout(root))
    if not missing and exists(Layout(root.parent).journal):
        categories = known_run(root.parent).get("categories")
        if isinstance(categories, Mapping) and root.name in categories:
            missing = missing_of(Layout(root.parent))
    if missing:
        logger.warning("%s: unfinished: %s; %s", root, missing, FINISH)


def _asked(record: Mapping[str, object]) -> int | None:
    """Return how many samples a run was to make, None if its record does not say it in numbers."""
    options, categories = record.get("options"), record.get("categories")
    if not (isinstance(options, Mapping) and isinstance(categories, Mapping)):
        return None
    count, per_image = options.get("count"), options.get("per_image")
    if isinstance(count, int):
        return count * len(categories)
    photos = [one.get("photos") for one in categories.values() if isinstance(one, Mapping)]
    known = [number for number in photos if isinstance(number, int)]
    if not isinstance(per_image, int) or len(known) < len(categories):
        return None
    return per_image * sum(known)
