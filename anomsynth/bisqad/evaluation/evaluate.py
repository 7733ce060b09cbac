"""Measure a trained detector on real defects with masks."""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anomsynth.bisqad.data.images import read_mask_tensor
from anomsynth.bisqad.evaluation.bootstrap import Interval, intervals
from anomsynth.bisqad.evaluation.metrics import Evidence, measure
from anomsynth.bisqad.evaluation.pixels import count_pixels
from anomsynth.bisqad.evaluation.scoring import Scored, Unread, score_photos
from anomsynth.bisqad.training.runs import Run
from anomsynth.core.types import Mask
from anomsynth.dataset.labelled import Labelled, find_labelled
from anomsynth.errors import InputError

GROUPS = "groups.csv"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One test image: what the detector said, and the truth.

    Attributes
    ----------
    labelled : Labelled
    scored : Scored
    truth : (size, size) bool, or None
        None where a defect has no mask or an empty one: nobody knows where it is.
    group : str
        The physical object on the image.
    """

    labelled: Labelled
    scored: Scored
    truth: Mask | None
    group: str


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The result of one category.

    Attributes
    ----------
    category : str
    images : mapping
        Number of images that were looked at, by kind.
    unlocated : int
        Defects without a marked pixel: they count for images, not for pixels.
    grouped : bool
        Whether objects were resampled, not images.
    resamples : int
    values : mapping
        See `metrics.measure`.
    intervals : mapping
        See `bootstrap.intervals`; empty without resamples.
    """

    category: str
    images: Mapping[str, int]
    unlocated: int
    grouped: bool
    resamples: int
    values: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]]

    def as_json(self) -> dict[str, object]:
        """Return numbers only; None where a metric is not defined."""
        return {
            "category": self.category,
            "images": dict(self.images),
            "defects_without_marked_pixels": self.unlocated,
            "resampled": "objects" if self.grouped else "images",
            "resamples": self.resamples,
            "metrics": {
                subset: {name: self._entry(subset, name) for name in row}
                for subset, row in self.values.items()
            },
        }

    def _entry(self, subset: str, name: str) -> dict[str, float | None]:
        entry = {"value": _number(self.values[subset][name])}
        if self.intervals:
            low, high = self.intervals[subset][name]
            entry |= {"low": _number(low), "high": _number(high)}
        return entry


def find_tests(root: Path, category: str | None = None) -> dict[str, tuple[Labelled, ...]]:
    """List the test images of a dataset by category.

    Raises
    ------
    InputError
        If there are none, or a category has no good images or no defects.
    """
    found: dict[str, list[Labelled]] = {}
    for item in find_labelled(root):
        if item.split == "test":
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
            with path.open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    groups[(path.parent / row["file"]).resolve()] = row["group"]
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            msg = f"{path}: expected the columns file and group"
            raise InputError(msg, hint="repair or remove the file") from error
    return groups


def judge(
    run: Run, images: Sequence[Labelled], groups: Mapping[Path, str]
) -> Iterator[Judged | Unread]:
    """Yield what the detector says about each test image beside the truth, in order.

    An image that cannot be read, or whose mask cannot, costs itself only.
    """
    size = run.config.size
    nowhere = np.zeros((size, size), bool)  # one array for all good images
    results = score_photos(run, [image.image for image in images])
    for image, result in zip(images, results, strict=True):
        if isinstance(result, Unread):
            yield result
            continue
        truth: Mask | None = nowhere
        if not image.good:
            try:
                truth = _truth(image, result.shape, size)
            except InputError as error:
                yield Unread(image.image, str(error), error.hint)
                continue
        yield Judged(image, result, truth, groups.get(image.image.resolve(), image.id))


def evaluate(judged: Sequence[Judged], *, resamples: int, seed: int = 0) -> Evaluation:
    """Measure what a detector said about the test images of one category.

    Pixels are compared at the run's size, where a mask is on if it covers a quarter of a pixel.

    Parameters
    ----------
    judged : sequence of Judged
    resamples : int
        For the intervals; 0 for none.
    seed : int

    Raises
    ------
    InputError
        If no good image or no defect could be read.
    """
    kinds = np.array([item.labelled.kind for item in judged])
    if len({item.labelled.good for item in judged}) < 2:
        msg = "no good images or no defects are left to compare"
        raise InputError(msg, hint="see which files could not be read")
    maps = [item.scored.map for item in judged]
    truths = [item.truth for item in judged]
    scores = np.array([item.scored.score for item in judged])
    evidence = Evidence(scores, kinds, count_pixels(maps, truths))
    groups = [item.group for item in judged]
    return Evaluation(
        category=judged[0].labelled.category,
        images=dict(sorted(Counter(map(str, kinds)).items())),
        unlocated=sum(truth is None for truth in truths),
        grouped=any(item.group != item.labelled.id for item in judged),
        resamples=resamples,
        values=measure(evidence),
        intervals=intervals(evidence, groups, count=resamples, seed=seed) if resamples else {},
    )


def _truth(image: Labelled, shape: tuple[int, int], size: int) -> Mask | None:
    if image.mask is None:
        return None
    truth: Mask = read_mask_tensor(image.mask, shape, size).numpy()
    return truth if truth.any() else None


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
