"""A little of a run, done for real in a folder for temporary files, and what it took."""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from anomsynth.dataset.compression import PngEffort, png_effort
from anomsynth.dataset.images import image_size
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import to_json
from anomsynth.dataset.metadata import make_scratch
from anomsynth.dataset.verify import files_of
from anomsynth.pipeline.worker import Job, Outcome, in_child, work

ENOUGH_SAMPLES = 96  # times scatter by 70 % of their mean from sample to sample
ENOUGH_SECONDS = 8.0  # of CPU, once every category was tried
MOST_SECONDS = 20.0  # of CPU, whatever was tried
FEWEST_PHOTOS = 3
WARMING = 2  # photos; the first of each mechanism imports modules and makes tables
BLOCK_BYTES = 4096  # file systems give out space in blocks
ROW_BYTES = 120  # of a sample in scores.csv


@dataclass(frozen=True, slots=True)
class Trial:
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
class Trials:
    """All that was tried.

    Attributes
    ----------
    trials : tuple of Trial
    startup_seconds : float
        CPU time until a process was ready for the first photo; 0 in this process.
    peak_bytes : int or None
        Most memory that the process held; None where the system does not tell.
    parent_bytes : int
        Memory of this process, if it was another one.
    """

    trials: tuple[Trial, ...]
    startup_seconds: float
    peak_bytes: int | None
    parent_bytes: int = 0


def try_out(jobs: Sequence[Job], workers: int, png: PngEffort = "fast") -> Trials:
    """Do jobs, each without and with its samples, until enough is known.

    Parameters
    ----------
    jobs : in order of importance
    workers : int
        With one the work is done in this process, else in another, as in the run.
    png : PngEffort
    """
    if workers == 1:
        threads = cv2.getNumThreads()
        try:
            return replace(_try(jobs, png), startup_seconds=0.0)
        finally:
            cv2.setNumThreads(threads)
    import joblib  # noqa: PLC0415 - slow to import, not needed for one process

    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        # joblib makes no process for a single worker; the second one stays idle.
        (trials,) = joblib.Parallel(n_jobs=2)([joblib.delayed(in_child)(_try, jobs, png)])
    return replace(trials, parent_bytes=peak_memory() or 0)


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


def _try(jobs: Sequence[Job], png: PngEffort) -> Trials:
    cv2.setNumThreads(1)
    categories = len({job.unit.category for job in jobs})
    trials: list[Trial] = []
    with png_effort(png):
        begun = time.process_time()
        first = sum(_do(job).seconds for job in jobs[:WARMING])
        warm = time.process_time()
        for job in jobs:
            trials.append(_measure(job))
            spent = time.process_time() - warm
            made = sum(trial.samples for trial in trials)
            enough = made >= ENOUGH_SAMPLES or spent >= ENOUGH_SECONDS
            if spent >= MOST_SECONDS or (enough and len(trials) >= max(categories, FEWEST_PHOTOS)):
                break
    usual = sum(trial.photo_seconds + trial.samples_seconds for trial in trials[:WARMING])
    return Trials(tuple(trials), begun + max(first - usual, 0.0), peak_memory())


def _measure(job: Job) -> Trial:
    alone = _do(replace(job, unit=replace(job.unit, samples=0)))
    whole = _do(job) if job.unit.samples and alone.usable else alone
    height, width, _ = image_size(job.unit.path) or (0, 0, 0)
    return Trial(
        category=job.unit.category,
        pixels=height * width,
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
        layout = Layout(Path(folder), job.writer.layout.digits)
        make_scratch(layout)
        start = time.process_time()
        outcome = work(replace(job, writer=replace(job.writer, layout=layout)))
        seconds = time.process_time() - start
        return _Done(seconds, sum(_sizes(outcome, layout, job)), outcome.error is None)


def _sizes(outcome: Outcome, layout: Layout, job: Job) -> Iterator[int]:
    """Yield the space of each file, and of the lines about it."""
    for line in outcome.lines:
        yield len(to_json(line)) + 1
        if line["what"] == "sample":
            yield ROW_BYTES
        for role, names in files_of(line).items():
            for name in names:
                size = (layout.root / name).stat().st_size
                linked = job.writer.link == "hardlink" and line["what"] == "normal"
                if not (linked and role == "image" and size == job.unit.path.stat().st_size):
                    yield -(-size // BLOCK_BYTES) * BLOCK_BYTES
