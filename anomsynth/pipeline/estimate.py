"""What a run will cost, from doing a little of it: a few samples of the user's own photos."""

import itertools
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import cv2

from anomsynth.core.counted import counted
from anomsynth.dataset.compression import PngEffort, png_effort
from anomsynth.dataset.headers import image_size
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.metadata import make_scratch
from anomsynth.dataset.verify import files_of
from anomsynth.pipeline.backends import in_processes
from anomsynth.pipeline.plan import Plan
from anomsynth.pipeline.units import UNIT_SAMPLES, Unit
from anomsynth.pipeline.worker import Job, Outcome, Shared, in_child, jobs_of, work

HEADERS = 16  # of each category are read, to know how sizes vary
VISITS = 32  # photos of each category that may be tried, if time allows
POINT = 12  # bytes of a point's coordinates, about
FEW_SAMPLES = ((2_000_000, 4), (20_000_000, 2))  # tried of a photo, up to so many pixels; else 1
ENOUGH_SAMPLES = 96  # times scatter by 70 % of their mean from sample to sample
ENOUGH_SECONDS = 8.0  # of CPU, once every category was tried
MOST_SECONDS = 20.0  # of CPU, whatever was tried
FEWEST_PHOTOS = 3
WARMING = 2  # photos; the first of each mechanism imports modules and makes tables
BLOCK_BYTES = 4096  # file systems give out space in blocks
ROW_BYTES = 120  # of a sample in scores.csv
LOOK_SECONDS = 0.2  # between two looks at how far the process is


@dataclass(frozen=True, slots=True)
class Estimate:
    """Cost of a run.

    Attributes
    ----------
    photos, samples : int
    workers : int
    size_bytes : int
        Space on a disk of 4 KiB blocks, everything included.
    cpu_seconds : float
        Of all workers together.
    seconds : float
        Until the end, if each worker has a core of its own.
    memory_bytes : int or None
        Most that all processes hold at a time; None where the system does not tell.
    basis : str
        What the numbers rest on, in words.
    """

    photos: int
    samples: int
    workers: int
    size_bytes: int
    cpu_seconds: float
    seconds: float
    memory_bytes: int | None
    basis: str


@dataclass(frozen=True, slots=True)
class Timing:
    """One photo and what it took.

    Attributes
    ----------
    category : str
    pixels : int
    samples : int
        That were tried; some may have failed.
    photo_seconds, samples_seconds : float
        CPU time of reading, analysing and writing the photo, and of all samples.
    photo_bytes, samples_bytes : int
        Space on disk, with the share of manifest and scores.
    usable : bool
    """

    category: str
    pixels: int
    samples: int
    photo_seconds: float
    samples_seconds: float
    photo_bytes: int
    samples_bytes: int
    usable: bool = True


@dataclass(frozen=True, slots=True)
class Timings:
    """All that was tried.

    Attributes
    ----------
    photos : tuple of Timing
    startup_seconds : float
        CPU time until a process was ready for the first photo; 0 in this process.
    peak_bytes : int or None
        Most memory that the process held; None where the system does not tell.
    parent_bytes : int
        Memory of this process, if it was another one.
    """

    photos: tuple[Timing, ...]
    startup_seconds: float
    peak_bytes: int | None
    parent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Rates:
    """Means over some photos."""

    pixels: float
    photo_seconds: float
    sample_seconds: float
    photo_bytes: float
    sample_bytes: float

    @classmethod
    def of(cls, timings: Sequence[Timing]) -> "_Rates":
        samples = sum(timing.samples for timing in timings) or 1
        return cls(
            pixels=statistics.mean(timing.pixels for timing in timings),
            photo_seconds=statistics.mean(timing.photo_seconds for timing in timings),
            sample_seconds=sum(timing.samples_seconds for timing in timings) / samples,
            photo_bytes=statistics.mean(timing.photo_bytes for timing in timings),
            sample_bytes=sum(timing.samples_bytes for timing in timings) / samples,
        )


def estimate(
    plan: Plan, workers: int, on_share: Callable[[float], object] | None = None
) -> Estimate:
    """Return what a plan will cost, within 30 % or so.

    A few samples are made in a folder for temporary files, spread over the categories, until
    `ENOUGH_SAMPLES` or some seconds are reached. The output folder is left alone.

    Parameters
    ----------
    plan : Plan
    workers : int
        With one they are made in this process, else in a process like those of the run.
    on_share : callable, optional
        Is told now and then, from another thread, what share is done.
    """
    sizes = {category: _sizes(units) for category, units in _by_category(plan.units)}
    jobs = [_small_job(plan, unit) for unit in _visits(plan, sizes)]
    with _watched(on_share) as note:
        timings = time_jobs(jobs, workers, plan.options.png, note)
    usable = [timing for timing in timings.photos if timing.usable]
    photos, samples = len(plan.units), plan.samples
    if not usable:
        basis = f"no photo can be used, {counted(len(timings.photos), 'photo')} tried"
        return Estimate(photos, samples, workers, 0, 0.0, 0.0, None, basis)
    overall = _Rates.of(usable)
    work, size = 0.0, 0.0
    for category, units in _by_category(plan.units):
        own = [timing for timing in usable if timing.category == category]
        rates = _Rates.of(own) if own else overall
        scale = statistics.mean(sizes[category]) / rates.pixels
        reads = sum(unit.piece_count for unit in units)
        made = sum(unit.samples for unit in units)
        work += scale * (reads * rates.photo_seconds + made * rates.sample_seconds)
        size += scale * (len(units) * rates.photo_bytes + made * rates.sample_bytes)
    return Estimate(
        photos=photos,
        samples=samples,
        workers=workers,
        size_bytes=int(size),
        cpu_seconds=round(work + workers * timings.startup_seconds, 1),
        seconds=round(work / workers + timings.startup_seconds, 1),
        memory_bytes=_memory(timings, workers),
        basis=_basis(timings, usable),
    )


def _memory(timings: Timings, workers: int) -> int | None:
    if timings.peak_bytes is None:
        return None
    return (
        timings.peak_bytes if workers == 1 else workers * timings.peak_bytes + timings.parent_bytes
    )


def _basis(timings: Timings, usable: Sequence[Timing]) -> str:
    rates = _Rates.of(usable)
    unusable = len(timings.photos) - len(usable)
    made = counted(sum(timing.samples for timing in usable), "sample")
    return (
        f"{made} of {counted(len(usable), 'photo')} made to measure:"
        f" {rates.pixels / 1e6:.2g} megapixels, {1000 * rates.photo_seconds:.0f} ms and"
        f" {rates.photo_bytes / 1e3:.0f} kB a photo, {1000 * rates.sample_seconds:.0f} ms and"
        f" {rates.sample_bytes / 1e3:.0f} kB a sample"
        + (f"; {counted(unusable, 'photo')} cannot be used" if unusable else "")
    )


def _by_category(units: Iterable[Unit]) -> list[tuple[str, list[Unit]]]:
    grouped = defaultdict(list)
    for unit in units:
        grouped[unit.category].append(unit)
    return list(grouped.items())


def _sizes(units: Sequence[Unit]) -> list[int]:
    """Return the pixels of some photos, or about the points of clouds."""
    return [size for unit in _spread(units, HEADERS) if (size := _size(unit.path))] or [1024 * 1024]


def _size(path: Path) -> int:
    """Return the pixels that a header tells, or about the points of a cloud; 0 if unknown."""
    header = image_size(path)
    if header is not None:
        return header[0] * header[1]
    with suppress(OSError):
        return path.stat().st_size // POINT
    return 0


def _visits(plan: Plan, sizes: dict[str, list[int]]) -> list[Unit]:
    """Return the photos to be tried: one of each category, then a second one, and so on.

    The category of the largest photos comes first: memory is measured whatever time allows.
    """
    groups = sorted(_by_category(plan.units), key=lambda group: -max(sizes[group[0]]))
    spread = [_spread(units, VISITS) for _, units in groups]
    turns = itertools.zip_longest(*spread)
    return [unit for turn in turns for unit in turn if unit is not None]


def _spread(units: Sequence[Unit], most: int) -> list[Unit]:
    count = min(most, len(units))
    return [units[index * len(units) // count] for index in range(count)]


def _small_job(plan: Plan, unit: Unit) -> Job:
    size = _size(unit.path)
    few = next((count for most, count in FEW_SAMPLES if size <= most), 1)
    (job,) = jobs_of(plan, [replace(unit, samples=min(unit.samples, few, UNIT_SAMPLES))])
    return job


@contextmanager
def _watched(on_share: Callable[[float], object] | None) -> Iterator[Path | None]:
    """Give a file in which another process notes what share is done, and pass that on."""
    if on_share is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="anomsynth-") as folder:
        note, end = Path(folder) / "share", Signal()

        def look() -> None:
            while not end.wait(LOOK_SECONDS):
                with suppress(OSError, ValueError):  # not there yet, or being written
                    on_share(float(note.read_text(encoding="ascii")))

        watcher = Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield note
        finally:
            end.set()
            watcher.join()


def time_jobs(
    jobs: Sequence[Job], workers: int, png: PngEffort = "fast", note: Path | None = None
) -> Timings:
    """Do jobs, each without and with its samples, until enough is known.

    Parameters
    ----------
    jobs : in order of importance
    workers : int
        With one the work is done in this process, else in another, as in the run.
    png : PngEffort
    note : Path, optional
        File in which the share that is done is noted.
    """
    if workers == 1:
        threads = cv2.getNumThreads()
        try:
            return replace(_try(jobs, png, note), startup_seconds=0.0)
        finally:
            cv2.setNumThreads(threads)
    import joblib  # noqa: PLC0415 - slow to import, not needed for one process

    with in_processes():
        # joblib makes no process for a single worker; the second one stays idle.
        (timings,) = joblib.Parallel(n_jobs=2)([joblib.delayed(in_child)(_try, jobs, png, note)])
    return replace(timings, parent_bytes=peak_memory() or 0)


def peak_memory() -> int | None:
    """Return the most bytes this process held so far, None where the system does not tell."""
    try:
        # Not from getrusage: there, Linux counts what the process was forked from.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _try(jobs: Sequence[Job], png: PngEffort, note: Path | None = None) -> Timings:
    cv2.setNumThreads(1)
    categories = len({job.unit.category for job in jobs})
    timings: list[Timing] = []
    with png_effort(png):
        begun = time.process_time()
        first = sum(_do(job).seconds for job in jobs[:WARMING])
        warm = time.process_time()
        for job in jobs:
            timings.append(_measure(job))
            spent = time.process_time() - warm
            made = sum(timing.samples for timing in timings)
            if note is not None:
                share = max(made / ENOUGH_SAMPLES, spent / ENOUGH_SECONDS, len(timings) / len(jobs))
                note.write_text(f"{min(share, 1):.3f}", encoding="ascii")
            enough = made >= ENOUGH_SAMPLES or spent >= ENOUGH_SECONDS
            if spent >= MOST_SECONDS or (enough and len(timings) >= max(categories, FEWEST_PHOTOS)):
                break
    usual = sum(timing.photo_seconds + timing.samples_seconds for timing in timings[:WARMING])
    return Timings(tuple(timings), begun + max(first - usual, 0.0), peak_memory())


def _measure(job: Job) -> Timing:
    alone = _do(replace(job, unit=replace(job.unit, samples=0)))
    whole = _do(job) if job.unit.samples and alone.usable else alone
    return Timing(
        category=job.unit.category,
        pixels=max(_size(job.unit.path), 1),
        samples=job.unit.samples,
        photo_seconds=alone.seconds,
        samples_seconds=max(whole.seconds - alone.seconds, 0.0),
        photo_bytes=alone.bytes_,
        samples_bytes=max(whole.bytes_ - alone.bytes_, 0),
        usable=alone.usable,
    )


@dataclass(frozen=True, slots=True)
class _Done:
    seconds: float
    bytes_: int
    usable: bool


def _do(job: Job) -> _Done:
    """Do a job in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="anomsynth-") as folder:
        setting = job.setting
        own = setting.writer.layout
        layout = Layout(Path(folder), own.digits, own.tree)
        make_scratch(layout)
        start = time.process_time()
        here = replace(setting, writer=replace(setting.writer, layout=layout))
        outcome = work(Job(job.unit, Shared(here)))
        seconds = time.process_time() - start
        return _Done(seconds, sum(_file_sizes(outcome, layout, job)), outcome.error is None)


def _file_sizes(outcome: Outcome, layout: Layout, job: Job) -> Iterator[int]:
    """Yield the space of each file, and of the lines about it."""
    for text in outcome.lines:
        line = json.loads(text)
        yield len(text.encode()) + 1
        if line["what"] == "sample":
            yield ROW_BYTES
        for role, names in files_of(line).items():
            for name in names:
                size = (layout.root / name).stat().st_size
                linked = job.setting.writer.link == "hardlink" and line["what"] == "normal"
                if not (linked and role == "image" and size == job.unit.path.stat().st_size):
                    yield -(-size // BLOCK_BYTES) * BLOCK_BYTES
