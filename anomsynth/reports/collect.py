"""All that a report shows of a dataset, gathered from its files."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from anomsynth.core.display import levels_of, to_rgb8
from anomsynth.core.sample import Quality
from anomsynth.core.types import Float32, Mask, Pixels
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layout import RESERVED, Layout
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.manifest import read_lines
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.provenance import Provenance, RecordedDefect, find_provenance
from anomsynth.errors import InputError, OutputError
from anomsynth.pages.originals import Original, Originals, is_shown
from anomsynth.pages.thumbnails import Thumbnail, make_thumbnail, outline_path, side_for
from anomsynth.reports.heatmap import HeatMap, on_cells
from anomsynth.scoring.score import Scored, score_each
from anomsynth.sqe.scorer import AnyScorer

BUDGET = 22_000_000  # bytes of all thumbnails: the whole page stays below 30 MB
PAGE = 28_000_000  # bytes of all pictures; the rest is text


@dataclass(frozen=True, slots=True)
class Entry:
    """One defect image on the page."""

    item: Labelled
    path: str
    quality: Quality
    thumbnail: Thumbnail
    original: Original | None
    area_share: float
    defects: tuple[RecordedDefect, ...]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the page shows of an image that was scored."""

    thumbnail: Thumbnail
    cells: Float32
    outline: str
    shape: tuple[int, int]
    plain: bool  # of 8 bits
    area_share: float


@dataclass(frozen=True, slots=True)
class Collection:
    """A dataset as the page shows it.

    Attributes
    ----------
    root : Path
    entries : defect images that could be read, in the dataset's order
    originals : their files, and the good photos they were made of
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
    originals: Originals
    normals: Mapping[str, int]
    heat: Mapping[str, Float32]
    problems: tuple[tuple[str, str], ...]
    run: Mapping[str, object]
    seconds: float
    made_seconds: float | None


def collect(
    root: Path, scorer: AnyScorer, page: Path, *, jobs: int = 1, layout: str | None = None
) -> Collection:
    """Score a dataset and gather what the page shows; `page` is where it will be.

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
    results: dict[int, tuple[Scored, _Looked | None]] = {}
    for at, one, seen in score_each(items, scorer, look, jobs=jobs):
        results[at] = one, seen
        if seen is not None:
            heat.setdefault(one.item.category, HeatMap()).add(seen.cells)
    seconds = time.perf_counter() - started
    scored = [results[at] for at in range(len(results))]
    problems = [(_name(one.item.image, root), one.problem) for one, _ in scored if one.problem]
    usable = [
        (one.item, one.quality, seen)
        for one, seen in scored
        if one.quality is not None and seen is not None
    ]
    provenances = find_provenance(defects)
    originals = Originals(page, PAGE - sum(len(seen.thumbnail.uri) for _, _, seen in usable))
    entries = []
    for item, quality, seen in usable:
        known = provenances.get(item.image)
        entries.append(
            Entry(
                item,
                _name(item.image, root),
                quality,
                seen.thumbnail,
                _original(item, seen, known, originals),
                seen.area_share,
                () if known is None else known.defects,
            )
        )
    return Collection(
        root=root,
        entries=tuple(entries),
        originals=originals,
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


def _see(side: int, pixels: Pixels, mask: Mask) -> _Looked:
    height, width = mask.shape
    return _Looked(
        make_thumbnail(pixels, mask, side),
        on_cells(mask),
        outline_path(mask, (width, height)),
        (height, width),
        pixels.dtype == np.uint8,
        float(np.count_nonzero(mask)) / mask.size,
    )


def _original(
    item: Labelled, seen: _Looked, known: Provenance | None, originals: Originals
) -> Original | None:
    """Return the picture at its own pixels; None if no browser shows it and the page is full."""
    good = None if known is None else known.good
    files = [item.image, *([] if good is None else [good])]
    if seen.plain and all(map(is_shown, files)):
        numbers = [originals.add(path) for path in files]
    elif originals.room > 0:
        numbers = _made(files, originals)
    else:
        return None
    height, width = seen.shape
    return Original(numbers[0], width, height, seen.outline, numbers[1] if numbers[1:] else None)


def _made(files: Iterable[Path], originals: Originals) -> list[int]:
    """Make pictures of 8 bits of a sample and its good photo, both by the same levels."""
    numbers = []
    levels: tuple[float, float] | None = None
    for path in files:
        pixels = read_photo(path).pixels
        levels = levels or levels_of(pixels)
        numbers.append(originals.add_made(path, to_rgb8(pixels, levels)))
    return numbers


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
