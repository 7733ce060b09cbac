"""What a training holds out: apart by category, spread over all there is."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from anomsynth.core.rng import stream
from anomsynth.dataset.layouts.item import Labelled

HELD_SHARE = 6  # every sixth photo or defect is held out where the dataset has no split
MOST_HELD = 96  # defects of a category
ENOUGH_HELD = 8  # good test photos of a category; of fewer, none is used


class Categorised(Protocol):
    """What is of a category."""

    @property
    def category(self) -> str:
        """Its name."""


Entry = TypeVar("Entry")
Own = TypeVar("Own", bound=Categorised)


def hold_photos(good: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Return the good photos to learn from, and those held out, of each category."""
    normals, held = [], []
    for entries in by_category(good):
        apart = [entry for entry in entries if entry.split == "test"]
        rest = [entry for entry in entries if entry.split == "train"]
        if len(apart) < ENOUGH_HELD:
            apart, rest = hold_out(rest or apart)
        normals += rest
        held += apart
    return normals, held


def hold_out(entries: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Split off every sixth image, at least one if there are two."""
    apart = [entry for nth, entry in enumerate(entries) if nth % HELD_SHARE == HELD_SHARE - 1]
    if not apart and len(entries) > 1:
        apart = [entries[-1]]
    return apart, [entry for entry in entries if entry not in apart]


def spread_out(entries: Sequence[Entry], most: int) -> list[Entry]:
    """Return at most `most` entries, evenly from the sorted list."""
    if len(entries) <= most:
        return list(entries)
    places = np.linspace(0, len(entries) - 1, most).round().astype(int)
    return [entries[place] for place in places]


def spread_in_each(entries: Sequence[Own], most: int) -> list[Own]:
    """Return at most `most` entries of each category; see `spread_out`."""
    return [entry for part in by_category(entries) for entry in spread_out(part, most)]


def by_category(entries: Sequence[Own]) -> list[list[Own]]:
    """Return the entries of each category, in order of the categories' names."""
    names = sorted({entry.category for entry in entries})
    return [[entry for entry in entries if entry.category == name] for name in names]


def mixed(entries: Sequence[Entry], seed: int) -> list[Entry]:
    """Return entries in random order."""
    return [entries[place] for place in stream(seed, "held").permutation(len(entries))]
