"""Labelled images with their quality, very many of them in little memory."""

import heapq
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from anomsynth.core.on_demand import Made
from anomsynth.core.sample import Quality
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.spill import Spill

OVER_NOISE = "over_noise"  # raw, of samples in scans: rms height over the sensor's noise
NONE = -1


@dataclass(frozen=True, slots=True)
class Scored:
    """A labelled image with its quality, or why it has none.

    Attributes
    ----------
    item : Labelled
    quality : Quality or None
    problem : str
        One line; empty if there is a quality.
    """

    item: Labelled
    quality: Quality | None
    problem: str = ""


class ScoredList(Made[Scored]):
    """Scored images in the order of their dataset; terms and reasons lie on disk.

    Parameters
    ----------
    items : of Labelled
        The defect images; `put` gives each its quality.

    Attributes
    ----------
    scores, fidelity, utility : array of float
        Of each image, NaN where it has no quality.
    """

    def __init__(self, items: Sequence[Labelled]) -> None:
        self._items = items
        self._kept: Spill[tuple[Quality | None, str]] = Spill()
        self._places = array("q", [NONE]) * len(items)
        self.scores = array("d", [math.nan]) * len(items)
        self.fidelity = self.scores[:]
        self.utility = self.scores[:]

    def put(self, at: int, one: Scored) -> None:
        """Give the image at a position its quality."""
        self._places[at] = len(self._kept)
        self._kept.append((one.quality, one.problem))
        if one.quality is not None:
            self.scores[at] = one.quality.score
            self.fidelity[at] = one.quality.fidelity
            self.utility[at] = one.quality.utility

    @property
    def items(self) -> Sequence[Labelled]:
        """The images."""
        return self._items

    @property
    def unusable(self) -> int:
        """Images without a quality."""
        return sum(map(math.isnan, self.scores))

    def passed(self, limit: float) -> int:
        """Return how many score so much or more."""
        return sum(score >= limit for score in self.scores)

    def worst(self, count: int) -> list[Scored]:
        """Return the usable images with the lowest scores; of equal ones the first."""
        usable = (at for at, score in enumerate(self.scores) if not math.isnan(score))
        return [self[at] for at in heapq.nsmallest(count, usable, key=self.scores.__getitem__)]

    def __len__(self) -> int:
        return len(self._places)

    def member(self, number: int) -> Scored:
        """Return a scored image by its number."""
        quality, problem = self._kept[self._places[number]]
        return Scored(self._items[number], quality, problem)
