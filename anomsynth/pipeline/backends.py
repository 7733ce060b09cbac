"""Where units are worked on: in this process, or in worker processes."""

import os
from collections.abc import Generator, Iterable
from concurrent.futures.process import BrokenProcessPool

import cv2

from anomsynth.errors import OutputError
from anomsynth.pipeline.worker import Job, Outcome, work, work_in_child


def count_workers(jobs: int) -> int:
    """Return the number of workers that `jobs` means; -1 is one per core, -2 one less."""
    if jobs > 0:
        return jobs
    import joblib  # noqa: PLC0415 - not needed, and slow to import, for a run without workers

    return int(joblib.effective_n_jobs(jobs))


def do_all(jobs: Iterable[Job], workers: int) -> Generator[Outcome, None, None]:
    """Yield outcomes as they come, in no particular order with several workers.

    Few jobs are under way at a time, so that memory does not grow with their number.

    Raises
    ------
    OutputError
        If the dataset cannot be written, or a worker was killed.
    """
    return _do_here(jobs) if workers == 1 else _do_in_workers(jobs, workers)


def _do_here(jobs: Iterable[Job]) -> Generator[Outcome, None, None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for job in jobs:
            yield work(job)
    finally:
        cv2.setNumThreads(threads)


def _do_in_workers(jobs: Iterable[Job], workers: int) -> Generator[Outcome, None, None]:
    import joblib  # noqa: PLC0415 - see count_workers

    parent = os.getpid()
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        pool = joblib.Parallel(
            n_jobs=workers, return_as="generator_unordered", batch_size=1, max_nbytes=None
        )
        outcomes: Generator[Outcome, None, None] = pool(  # type: ignore[assignment]  # see return_as
            joblib.delayed(work_in_child)(job, parent) for job in jobs
        )
    try:
        yield from outcomes
    except BrokenProcessPool as error:
        hint = "most likely memory ran out: use fewer --jobs, then --resume"
        raise OutputError("a worker process was killed", hint=hint) from error
    finally:
        outcomes.close()
