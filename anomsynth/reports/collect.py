"""All that a report shows of a dataset, gathered from its files."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from anomsynth.core.sample import Quality
from anomsynth.core.types import Float32, Mask, Pixels
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layout import RESERVED, Layout
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.manifest import read_lines
from anomsynth.dataset.metadata import read_run
from anomsynth.errors import InputError, OutputError
from anomsynth.pages.thumbnails import Thumbnail, make_thumbnail, side_for
from anomsynth.reports.heatmap import HeatMap, on_cells
from anomsynth.scoring.score import Scored, read_labelled, score_each
from anomsynth.sqe.scorer import AnyScorer

BUDGET = 22_000_000  # bytes of all thumbnails: the whole page stays below 30 MB
LARGE = 448  # longer side, pixels, of the pictures shown large
MOST_LARGE = 24  # best and worst samples that are embedded large


@dataclass(frozen=True, slots=True)
class Entry:
    """One defect image on the page."""

    item: Labelled
    path: str
    quality: Quality
    thumbnail: Thumbnail
    large: Thumbnail | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A dataset as the page shows it.

    Attributes
    ----------
    root : Path
    entries : defect images that could be read, in the dataset's order
    normals : good photos by category
    heat : where defects fall, by category
    problems : (file, reason) of what could not be read or made
    run : run.json of a generated dataset, empty for others
    seconds : float
        That scoring took, thumbnails included.
    made_seconds : float or None
        Between the first and the last file of the samples.
    """

    root: Path
    entries: tuple[Entry, ...]
    normals: Mapping[str, int]
    heat: Mapping[str, Float32]
    problems: tuple[tuple[str, str], ...]
    run: Mapping[str, object]
    seconds: float
    made_seconds: float | None


def collect(
    root: Path, scorer: AnyScorer, *, jobs: int = 1, layout: str | None = None
) -> Collection:
    """Score a dataset and gather what the page shows.

    Raises
    ------
    InputError
        If the folder holds no labelled images, or no defect among them.
    """
    items = find_labelled(root, layout)
    defects = [item for item in items if not item.good]
    if not defects:
        raise InputError(f"{root}: holds no defect images", hint="nothing to report")
    started = time.perf_counter()
    look = partial(_see, side_for(len(defects), BUDGET))
    heat: dict[str, HeatMap] = {}
    results: dict[int, tuple[Scored, Thumbnail | None]] = {}
    for at, one, seen in score_each(items, scorer, look, jobs=jobs):
        thumbnail, cells = seen or (None, None)
        results[at] = one, thumbnail
        if cells is not None:
            heat.setdefault(one.item.category, HeatMap()).add(cells)
    seconds = time.perf_counter() - started
    scored = [results[at] for at in range(len(results))]
    problems = [(_name(one.item.image, root), one.problem) for one, _ in scored if one.problem]
    usable = [
        (one.item, one.quality, thumbnail)
        for one, thumbnail in scored
        if one.quality is not None and thumbnail is not None
    ]
    large = _extremes([quality.score for _, quality, _ in usable])
    entries = [
        Entry(
            item,
            _name(item.image, root),
            quality,
            thumbnail,
            _enlarged(item) if index in large else None,
        )
        for index, (item, quality, thumbnail) in enumerate(usable)
    ]
    return Collection(
        root=root,
        entries=tuple(entries),
        normals=Counter(item.category for item in items if item.good),
        heat={
            category: heat[category].share()
            for category in dict.fromkeys(entry.item.category for entry in entries)
        },
        problems=(*problems, *_failures(root)),
        run=_run(root),
        seconds=seconds,
        made_seconds=_made_in([item.image for item in defects]),
    )


def _see(side: int, pixels: Pixels, mask: Mask) -> tuple[Thumbnail, Float32]:
    """Return what the page shows of an image: its thumbnail, and the mask for the heat map."""
    return make_thumbnail(pixels, mask, side), on_cells(mask)


def _enlarged(item: Labelled) -> Thumbnail:
    """Return the large picture; few are wanted, and which is known when all are scored."""
    photo, mask = read_labelled(item)
    return make_thumbnail(photo.pixels, mask, LARGE)


def _extremes(scores: Sequence[float]) -> set[int]:
    """Return the indices of the best and the worst samples."""
    order = np.argsort(scores, kind="stable").tolist()
    half = MOST_LARGE // 2
    return set(order[:half]) | set(order[-half:])


def _name(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def _failures(root: Path) -> list[tuple[str, str]]:
    """Return what the manifests of a generated dataset say could not be made."""
    found = []
    for path in sorted((root / RESERVED).glob("*/manifest.jsonl")):
        try:
            for line in read_lines(path):
                if line.get("what") in {"failed sample", "unusable photo"}:
                    where = f"{line.get('category')}/{line.get('image')}"
                    found.append((where, f"{line.get('cause')}: {line.get('message')}"))
        except (InputError, OutputError) as error:
            found.append((_name(path, root), str(error)))
    return found


def _run(root: Path) -> Mapping[str, object]:
    try:
        return read_run(Layout(root))
    except (InputError, OutputError):
        return {}


def _made_in(paths: Sequence[Path]) -> float | None:
    times = [path.stat().st_mtime for path in paths if path.exists()]
    return max(times) - min(times) if len(times) > 1 else None
