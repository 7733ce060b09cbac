"""All that a report shows of a dataset, gathered from its files."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.dataset.home import read_run
from anomsynth.dataset.labelled import Labelled, find_labelled
from anomsynth.dataset.layout import RESERVED, Layout
from anomsynth.dataset.manifest import read_lines
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.scoring import read_labelled, score_dataset
from anomsynth.report.heatmap import HeatMap
from anomsynth.report.thumbnails import Thumbnail, make_thumbnail, side_for
from anomsynth.sqe.estimator import Quality, Scorer

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
        That scoring took.
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


def collect(root: Path, scorer: Scorer, *, jobs: int = 1) -> Collection:
    """Score a dataset and gather what the page shows.

    Raises
    ------
    InputError
        If the folder holds no labelled images, or no defect among them.
    """
    items = find_labelled(root)
    defects = [item for item in items if not item.good]
    if not defects:
        raise InputError(f"{root}: holds no defect images", hint="nothing to report")
    started = time.perf_counter()
    scored = score_dataset(items, scorer, jobs=jobs)
    seconds = time.perf_counter() - started
    problems = [(_name(one.item.image, root), one.problem) for one in scored if one.problem]
    usable = [(one.item, one.quality) for one in scored if one.quality is not None]
    large = _extremes([quality.score for _, quality in usable])
    side = side_for(len(usable), BUDGET)
    heat: dict[str, HeatMap] = {}
    entries = []
    for index, (item, quality) in enumerate(usable):
        photo, mask = read_labelled(item)
        heat.setdefault(item.category, HeatMap()).add(mask)
        thumb = make_thumbnail(photo.pixels, mask, side)
        big = make_thumbnail(photo.pixels, mask, LARGE) if index in large else None
        entries.append(Entry(item, _name(item.image, root), quality, thumb, big))
    return Collection(
        root=root,
        entries=tuple(entries),
        normals=Counter(item.category for item in items if item.good),
        heat={category: one.share() for category, one in heat.items()},
        problems=(*problems, *_failures(root)),
        run=_run(root),
        seconds=seconds,
        made_seconds=_made_in([item.image for item in defects]),
    )


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
