"""All that a report shows of a dataset, gathered from its files."""

import time
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from anomsynth.core.display import levels_of, to_rgb8
from anomsynth.core.on_demand import OnDemand
from anomsynth.core.sample import Quality
from anomsynth.core.types import Float32, Mask, Pixels
from anomsynth.dataset.ended import warn_of_missing
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layout import RESERVED, Layout
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.manifest import read_manifest
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.paths import exists
from anomsynth.dataset.provenance import Provenances, RecordedDefect, find_provenance
from anomsynth.dataset.spill import Spill
from anomsynth.errors import InputError, OutputError
from anomsynth.pages.originals import Original, Originals, is_shown
from anomsynth.pages.thumbnails import Thumbnail, make_thumbnail, outline_path, side_for
from anomsynth.reports.heatmap import HeatMap, on_cells
from anomsynth.scoring.score import find_defects, score_each
from anomsynth.sqe.scorer import AnyScorer

BUDGET = 22_000_000  # bytes of all thumbnails: the whole page stays below 30 MB
NONE = -1
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
    compared : whether the good photo of some is known
    scores : theirs by category and kind, in the dataset's order
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
    entries: Sequence[Entry]
    originals: Originals
    compared: bool
    scores: Mapping[tuple[str, str], Sequence[float]]
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
    warn_of_missing(root)
    defects = find_defects(items)
    if not defects:
        raise InputError(f"{root}: holds no defect images", hint="nothing to report")
    started = time.perf_counter()
    look = partial(_see, side_for(len(defects), BUDGET))
    provenances = find_provenance(defects)
    heat: dict[str, HeatMap] = {}
    kept = _Kept(defects, provenances)
    shown = 0
    for at, one, seen in score_each(defects, scorer, look, jobs=jobs, provenances=provenances):
        if seen is None or one.quality is None:
            kept.problems[at] = one.problem
            continue
        looked, cells = seen
        kept.put(at, one.quality, looked)
        shown += len(looked.thumbnail.uri)
        heat.setdefault(one.item.category, HeatMap()).add(cells)
    seconds = time.perf_counter() - started
    originals = Originals(page, PAGE - shown)
    kept.take_originals(originals)
    scores = kept.scores()
    problems = [(_name(defects[at].image, root), kept.problems[at]) for at in sorted(kept.problems)]
    return Collection(
        root=root,
        entries=OnDemand(kept.usable, partial(kept.entry, root)),
        originals=originals,
        compared=kept.compared,
        scores=scores,
        normals=Counter(item.category for item in items if item.good),
        heat={name: heat[name].share() for name in dict.fromkeys(name for name, _ in scores)},
        problems=(*problems, *_failures(root)),
        run=_run(root),
        seconds=seconds,
        made_seconds=_made_in(item.image for item in defects),
    )


class _Kept:
    """What the page shows of each defect image, on disk where they are many."""

    def __init__(self, defects: Sequence[Labelled], provenances: Provenances) -> None:
        self.problems: dict[int, str] = {}
        self._defects = defects
        self._provenances = provenances
        self._records: Spill[tuple[Quality, _Looked]] = Spill()
        self._places = array("q", [NONE]) * len(defects)
        self._scores = array("d", [0.0]) * len(defects)
        self._files = self._places[:]  # numbers of the original, and of the good photo
        self._before = self._places[:]

    def put(self, at: int, quality: Quality, looked: _Looked) -> None:
        """Keep what was seen of the image at a position."""
        self._places[at] = len(self._records)
        self._scores[at] = quality.score
        self._records.append((quality, looked))

    @property
    def usable(self) -> "array[int]":
        """Positions of the images that were seen."""
        return array("q", (at for at, place in enumerate(self._places) if place != NONE))

    @property
    def compared(self) -> bool:
        """Whether the good photo of some image is shown."""
        return any(number != NONE for number in self._before)

    def scores(self) -> "dict[tuple[str, str], array[float]]":
        """Return the scores by category and kind."""
        found: dict[tuple[str, str], array[float]] = {}
        for at in self.usable:
            item = self._defects[at]
            found.setdefault((item.category, item.kind), array("d")).append(self._scores[at])
        return found

    def take_originals(self, originals: Originals) -> None:
        """Choose what is shown of each image at its own pixels."""
        for at in self.usable:
            image = self._defects[at].image
            looked = self._records[self._places[at]][1]
            numbers = _originals(image, self._provenances.good(image), looked, originals)
            self._files[at], self._before[at] = (*numbers, NONE, NONE)[:2]

    def entry(self, root: Path, at: int) -> Entry:
        """Return the image at a position as the page shows it."""
        item = self._defects[at]
        quality, looked = self._records[self._places[at]]
        known = self._provenances.get(item.image)
        original = None
        if self._files[at] != NONE:
            height, width = looked.shape
            before = None if self._before[at] == NONE else self._before[at]
            original = Original(self._files[at], width, height, looked.outline, before)
        return Entry(
            item,
            _name(item.image, root),
            quality,
            looked.thumbnail,
            original,
            looked.area_share,
            () if known is None else known.defects,
        )


def _see(side: int, pixels: Pixels, mask: Mask) -> tuple[_Looked, Float32]:
    """Return what the page shows of an image, and which places of the heat map it covers."""
    height, width = mask.shape
    looked = _Looked(
        make_thumbnail(pixels, mask, side),
        outline_path(mask, (width, height)),
        (height, width),
        pixels.dtype == np.uint8,
        float(np.count_nonzero(mask)) / mask.size,
    )
    return looked, on_cells(mask)


def _originals(
    image: Path, good: Path | None, looked: _Looked, originals: Originals
) -> Sequence[int]:
    """Return the numbers of a picture at its own pixels and of its good photo, if it is known.

    There are none if no browser shows it and the page is full.
    """
    files = [image, *([] if good is None else [good])]
    if looked.plain and all(map(is_shown, files)):
        return [originals.add(image), *map(originals.add_shared, files[1:])]
    return _made(files, originals) if originals.room > 0 else ()


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
    """Return what a generated dataset says could not be made, and which records are damaged."""
    found = []
    record = Layout(root).run_file
    try:
        if exists(record):
            read_run(Layout(root))
    except (InputError, OutputError) as error:
        found.append((_name(record, root), str(error).removeprefix(f"{record}: ")))
    for path in sorted((root / RESERVED).glob("*/manifest.jsonl")):
        try:
            for line in read_manifest(path):
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


def _made_in(paths: Iterable[Path]) -> float | None:
    times = array("d", (path.stat().st_mtime for path in paths if path.exists()))
    return max(times) - min(times) if len(times) > 1 else None
