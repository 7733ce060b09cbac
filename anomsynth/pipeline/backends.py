"""Where units are worked on: in this process, in processes or threads, or on a cluster."""

import logging
import os
import threading
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import cv2

from anomsynth.dataset.compression import PngEffort, png_effort
from anomsynth.errors import OutputError
from anomsynth.pipeline.options import Backend, RunOptions, check_jobs
from anomsynth.pipeline.units import UNIT_SAMPLES, Unit
from anomsynth.pipeline.worker import Job, Outcome, work, work_in_child

if TYPE_CHECKING:
    from joblib.parallel import Parallel

    from anomsynth.pipeline.cluster import Cluster

logger = logging.getLogger(__name__)

NO_PROCESSES = "no worker processes can start here (is /dev/shm missing, full or read-only?)"
MOST_DEATHS = 3  # of workers while they had one and the same unit
TURNS = 8  # batches per worker, at least: then all end at about the same time


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """Who works on the units of a run.

    Attributes
    ----------
    backend : {"loky", "threading", "dask"}
    workers : int
    png : PngEffort
    cluster : Cluster or None
        Of the backend "dask".
    batch : int
        Units that a worker gets at a time.
    """

    backend: Backend
    workers: int
    png: PngEffort = "fast"
    cluster: "Cluster | None" = None
    batch: int = 1

    def sized_for(self, units: int, samples: int) -> "WorkerPool":
        """Return a pool no larger than needed, with batches that keep it busy to the end.

        Units of few samples go in batches as long as a full unit, or handing them out would take
        the parent as long as doing them takes many workers.
        """
        workers = max(min(self.workers, units), 1)
        full = UNIT_SAMPLES * units // max(units + samples, 1)  # a photo costs about a sample
        return replace(self, workers=workers, batch=max(min(full, units // (TURNS * workers)), 1))


def count_workers(jobs: int) -> int:
    """Return the number of workers that `jobs` means; -1 is one per core, -2 one less.

    Raises
    ------
    UserError
        If there are to be none.
    """
    check_jobs(jobs)
    if jobs > 0:
        return jobs
    import joblib  # noqa: PLC0415 - not needed, and slow to import, for a run without workers

    return int(joblib.effective_n_jobs(jobs))


def can_start_processes() -> bool:
    """Tell whether this system lends the semaphores that worker processes share."""
    import multiprocessing  # noqa: PLC0415 - not needed for a run without workers

    try:
        multiprocessing.get_context("spawn").Semaphore(1)
    except (OSError, ImportError):  # containers whose /dev/shm is missing, full or read-only
        return False
    return True


def in_processes() -> AbstractContextManager[object]:
    """Let joblib work with processes of one thread each, with threads where none can start."""
    import joblib  # noqa: PLC0415 - see count_workers

    if can_start_processes():
        return joblib.parallel_config(backend="loky", inner_max_num_threads=1)
    logger.warning("%s: working with threads", NO_PROCESSES)
    return joblib.parallel_config(backend="threading")


@contextmanager
def open_pool(options: RunOptions) -> Iterator[WorkerPool]:
    """Gather the workers of a run, and let a cluster go at the end.

    Raises
    ------
    InputError, MissingExtraError, UserError
        As `RunOptions.check_workers`, or if a cluster's scheduler does not answer or its workers
        have other versions of what decides the pixels.
    """
    options.check_workers()
    if options.backend != "dask":
        workers = count_workers(options.jobs)
        backend = options.backend
        if workers > 1 and backend == "loky" and not can_start_processes():
            logger.warning("%s: working with threads", NO_PROCESSES)
            backend = "threading"
        yield WorkerPool(backend, workers, options.png)
        return
    from anomsynth.pipeline.cluster import open_cluster  # noqa: PLC0415 - Dask is an extra

    with open_cluster(options.scheduler, options.jobs) as cluster:
        yield WorkerPool("dask", cluster.workers, options.png, cluster)


def do_all(jobs: Iterable[Job], pool: WorkerPool) -> Generator[Outcome, None, None]:
    """Yield outcomes as they come, in no particular order with several workers.

    Few jobs are under way at a time, so that memory does not grow with their number. A worker that
    dies costs what it was working on; that is done again.

    Raises
    ------
    OutputError
        If the dataset cannot be written, or workers were killed again and again.
    """
    alone = pool.workers == 1 and pool.cluster is None
    return _do_here(jobs, pool) if alone else _do_in_workers(_UnderWay(jobs), pool)


def _do_here(jobs: Iterable[Job], pool: WorkerPool) -> Generator[Outcome, None, None]:
    with _one_thread():
        for job in jobs:
            with png_effort(pool.png):
                outcome = work(job)
            yield outcome


def _do_in_workers(jobs: "_UnderWay", pool: WorkerPool) -> Generator[Outcome, None, None]:
    while True:
        outcomes = _hand_out(jobs, pool)
        try:
            for outcome in outcomes:
                jobs.end(outcome.unit)
                yield outcome
        except _deaths(pool) as error:
            # One unit a batch from now on: who dies of it takes no others along.
            pool = replace(pool, batch=1)
            jobs.begin_anew(error)
        else:
            return
        finally:
            outcomes.close()


def _hand_out(jobs: "_UnderWay", pool: WorkerPool) -> Generator[Outcome, None, None]:
    import joblib  # noqa: PLC0415 - see count_workers

    with _guard(pool), _config(pool):
        parallel: Parallel = joblib.Parallel(
            n_jobs=pool.workers,
            return_as="generator_unordered",
            batch_size=pool.batch,
            max_nbytes=None,
        )
        do = joblib.delayed(_worker(pool))
        yield from parallel(do(job) for job in jobs.draw())


def _config(pool: WorkerPool) -> AbstractContextManager[object]:
    import joblib  # noqa: PLC0415 - see count_workers

    if pool.cluster is not None:
        return joblib.parallel_config(backend=pool.cluster.backend())
    if pool.backend == "threading":
        return joblib.parallel_config(backend="threading")
    return joblib.parallel_config(backend="loky", inner_max_num_threads=1)


def _worker(pool: WorkerPool) -> Callable[[Job], Outcome]:
    if pool.cluster is not None:
        return partial(_work_on_cluster, png=pool.png)
    if pool.backend == "threading":
        return partial(_work_in_thread, png=pool.png)
    return partial(_work_in_process, png=pool.png, parent=os.getpid())


def _work_in_process(job: Job, *, png: PngEffort, parent: int) -> Outcome:
    with png_effort(png):
        return work_in_child(job, parent)


def _work_in_thread(job: Job, *, png: PngEffort) -> Outcome:
    with png_effort(png):
        return work(job)


def _work_on_cluster(job: Job, *, png: PngEffort) -> Outcome:
    cv2.setNumThreads(1)
    return _work_in_thread(job, png=png)


def _deaths(pool: WorkerPool) -> type[Exception]:
    """Return the error that says that a worker died."""
    if pool.cluster is not None:
        return pool.cluster.death
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - as joblib

    return BrokenProcessPool


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


@contextmanager
def _guard(pool: WorkerPool) -> Iterator[None]:
    """Put back what threads change for the whole process."""
    if pool.backend != "threading":
        yield
        return
    # Reading photos silences warnings for a moment; in threads the moments overlap.
    with _one_thread(), warnings.catch_warnings():
        yield


class _UnderWay:
    """Jobs that were handed out and have not come back."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._rest = iter(jobs)
        self._again: deque[Job] = deque()
        self._open: dict[tuple[str, str, int], Job] = {}
        self._deaths: Counter[tuple[str, str, int]] = Counter()
        self._turn = 0
        self._came_back = False
        self._lock = threading.Lock()

    def draw(self) -> Iterator[Job]:
        """Yield jobs to be handed out, lost ones first; none after `begin_anew`."""
        turn = self._turn
        while True:
            with self._lock:
                if turn != self._turn:
                    return
                job = self._again.popleft() if self._again else next(self._rest, None)
                if job is None:
                    return
                self._open[_name(job.unit)] = job
            yield job

    def end(self, unit: Unit) -> None:
        """Take note that a unit came back."""
        with self._lock:
            self._came_back = True
            del self._open[_name(unit)]

    def begin_anew(self, error: Exception) -> None:
        """Hand out again what was under way; raise OutputError if that is hopeless."""
        with self._lock:
            self._turn += 1
            self._deaths.update(self._open.keys())
            self._again.extend(self._open.values())
            self._open.clear()
        worst = [job.unit for job in self._again if self._deaths[_name(job.unit)] >= MOST_DEATHS]
        if worst:
            more = f" and {len(worst) - 1} others" if len(worst) > 1 else ""
            msg = f"worker processes were killed {MOST_DEATHS} times over {worst[0].path}{more}"
            hint = "most likely memory ran out: use fewer `jobs`, then `resume=True`"
            if not self._came_back:
                msg = f"worker processes do not start, or end at once: {error}"
                hint = "use `jobs=1`, or `backend='threading'`"
            raise OutputError(msg, hint=hint) from error


def _name(unit: Unit) -> tuple[str, str, int]:
    return unit.category, unit.image, unit.first
