"""Score all defects of a dataset, whoever made it, in this process or in several."""

from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.on_demand import OnDemand
from anomsynth.core.photo import Photo
from anomsynth.core.types import Mask, Pixels
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import read_labelled
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.provenance import Provenance, Provenances, find_provenance
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.backends import count_workers, in_processes
from anomsynth.pipeline.worker import in_child
from anomsynth.scoring.scored import OVER_NOISE, Scored, ScoredList
from anomsynth.sqe.estimator import make_picture
from anomsynth.sqe.features import SIZE, describe
from anomsynth.sqe.region import Sensed
from anomsynth.sqe.samples import sensed_by
from anomsynth.sqe.scorer import AnyScorer

Work = TypeVar("Work")
Result = TypeVar("Result")
Seen = TypeVar("Seen")
Look = Callable[[Pixels, Mask], Seen]  # colour planes (H, W, C), mask -> what is kept of them

CHUNK = 24  # images that a worker gets at a time


@dataclass(frozen=True, slots=True)
class _Chunk(Generic[Seen]):
    items: tuple[Labelled, ...]
    provenances: tuple[Provenance | None, ...]
    scorer: AnyScorer
    look: Look[Seen]


class _Good:
    """A good photo that is read once; it is an aid, not a condition."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._pixels: Pixels | None = None
        if path is not None:
            with suppress(InputError):
                self._pixels = read_photo(path).pixels

    def fitting(self, like: Photo) -> Pixels | None:
        """Return the pixels if they are there and of the size and type of a photo."""
        found = self._pixels
        if found is None or found.shape != like.pixels.shape or found.dtype != like.pixels.dtype:
            return None
        return found


def score_dataset(
    items: Sequence[Labelled],
    scorer: AnyScorer,
    *,
    jobs: int = 1,
    on_scored: Callable[[Scored], object] | None = None,
) -> ScoredList:
    """Score the defect images among the items, in their order; good photos are passed over.

    The good photo of a sample is used where the dataset's manifest names it. An image or mask that
    cannot be used costs that image only. The scores do not depend on the number of jobs.

    Parameters
    ----------
    items : of `anomsynth.dataset.labelled`
    scorer : Scorer or Estimator
    jobs : int
        Worker processes; -1 is one per core.
    on_scored : function, optional
        Called with each result as it comes.

    Raises
    ------
    OutputError
        If a worker process was killed.
    """
    defects = find_defects(items)
    found = ScoredList(defects)
    for at, one, _ in score_each(defects, scorer, _look_away, jobs=jobs):
        found.put(at, one)
        if on_scored is not None:
            on_scored(one)
    return found


def find_defects(items: Sequence[Labelled]) -> Sequence[Labelled]:
    """Return the defect images among labelled ones, in their order."""
    return _those(items, good=False)


def find_goods(items: Sequence[Labelled]) -> Sequence[Labelled]:
    """Return the good photos among labelled images, in their order."""
    return _those(items, good=True)


def _those(items: Sequence[Labelled], *, good: bool) -> Sequence[Labelled]:
    places = array("Q", (place for place, item in enumerate(items) if item.good == good))
    return OnDemand(places, items.__getitem__)


def score_each(
    defects: Sequence[Labelled],
    scorer: AnyScorer,
    look: Look[Seen],
    *,
    jobs: int = 1,
    provenances: Provenances | None = None,
) -> Iterator[tuple[int, Scored, Seen | None]]:
    """Score as `score_dataset` does, and look at each image while it is in memory.

    Parameters
    ----------
    defects : of `find_defects`
    scorer, jobs
        See `score_dataset`.
    look : function of a module
        Called in the worker with colour planes and mask of each image that has a quality.
    provenances : of the defects, if they are known

    Yields
    ------
    position : int
        Among the defects; those of one photo come in a row.
    scored : Scored
    seen : what `look` returned, None without a quality
    """
    known = find_provenance(defects) if provenances is None else provenances
    order = _by_photo(defects, known)
    chunks = OnDemand(
        range(0, len(order), CHUNK),
        lambda start: _Chunk(
            part := tuple(defects[at] for at in order[start : start + CHUNK]),
            tuple(known.get(item.image) for item in part),
            scorer,
            look,
        ),
    )
    places = iter(order)
    for several in _in_order(_score_chunk, chunks, jobs):
        for one, seen in several:
            yield next(places), one, seen


def describe_dataset(items: Sequence[Labelled], *, jobs: int = 1) -> NDArray[np.float64]:
    """Return the hand-made features of all usable defect images, (n, 64)."""
    defects = find_defects(items)
    chunks = OnDemand(range(0, len(defects), CHUNK), lambda start: defects[start : start + CHUNK])
    rows = [row for several in _in_order(_describe_chunk, chunks, jobs) for row in several]
    return np.array(rows, dtype=np.float64).reshape(-1, SIZE)


def _look_away(_pixels: Pixels, _mask: Mask) -> None:
    """Keep nothing of an image but its quality."""


def _score_chunk(chunk: _Chunk[Seen]) -> list[tuple[Scored, Seen | None]]:
    cv2.setNumThreads(1)
    scored: list[tuple[Scored, Seen | None]] = []
    good = _Good(None)
    for item, provenance in zip(chunk.items, chunk.provenances, strict=True):
        path = None if provenance is None else provenance.good
        good = good if good.path == path else _Good(path)
        one = _score(item, provenance, good, chunk)
        scored.append(one)
    return scored


def _score(
    item: Labelled, provenance: Provenance | None, good: _Good, chunk: _Chunk[Seen]
) -> tuple[Scored, Seen | None]:
    scorer = chunk.scorer
    try:
        photo, mask = read_labelled(item)
        pixels = photo.pixels
        original = good.fitting(photo)
        residuals = None if provenance is None else provenance.residuals
        sensed = None if provenance is None else _sensed(provenance)
        if sensed is None:
            quality = scorer.score(pixels, mask, original=original, residuals=residuals)
        else:
            quality = scorer.score_scanned(
                pixels, mask, sensed, original=original, residuals=residuals
            )
        over = None if provenance is None else provenance.over_noise
        if over is not None:
            quality = replace(quality, raw={**quality.raw, OVER_NOISE: over})
        return Scored(item, quality), chunk.look(pixels, mask)
    except InputError as error:
        return Scored(item, None, f"{error}; {error.hint}".rstrip("; ")), None
    except Exception as error:
        error.add_note(f"while scoring {item.image}")
        raise


def _sensed(provenance: Provenance) -> Sensed | None:
    """Return what the sensor of a scan sees of a sample; None of photos."""
    if provenance.over_noise is None:
        return None
    return sensed_by([one.relief for one in provenance.defects], alone=provenance.depth_alone)


def _by_photo(defects: Sequence[Labelled], provenances: Provenances) -> "array[int]":
    """Return positions with samples of one photo in a row: it is read and measured once."""
    photos: dict[str, int] = {}
    of = array("q")
    for item in defects:
        good = provenances.good(item.image)
        of.append(photos.setdefault("" if good is None else str(good), len(photos)))
    ranks = np.empty(len(photos), dtype=np.int64)
    ranks[[photos[name] for name in sorted(photos)]] = np.arange(len(photos))
    return array("q", np.argsort(ranks[np.asarray(of)], kind="stable").tobytes())


def _describe_chunk(items: Sequence[Labelled]) -> list[NDArray[np.float64]]:
    cv2.setNumThreads(1)
    rows = []
    for item in items:
        try:
            photo, mask = read_labelled(item)
        except InputError:
            continue
        row = describe(make_picture(photo.pixels, mask))
        if row is not None:
            rows.append(row)
    return rows


def _in_order(
    function: Callable[[Work], Result], chunks: Sequence[Work], jobs: int
) -> Iterator[Result]:
    """Yield the results of all chunks in order, from worker processes if there are several."""
    workers = min(count_workers(jobs), max(len(chunks), 1))
    if workers == 1:
        threads = cv2.getNumThreads()
        try:
            yield from map(function, chunks)
        finally:
            cv2.setNumThreads(threads)
        return
    import joblib  # noqa: PLC0415 - slow to import, not needed for one process

    with in_processes():
        pool = joblib.Parallel(n_jobs=workers, return_as="generator", batch_size=1)
        results: Generator[Result, None, None] = pool(  # type: ignore[assignment]  # see return_as
            joblib.delayed(in_child)(function, chunk) for chunk in chunks
        )
    try:
        yield from results
    except BrokenProcessPool as error:
        hint = "most likely memory ran out: use fewer `jobs`"
        raise OutputError("a worker process was killed", hint=hint) from error
    finally:
        results.close()
