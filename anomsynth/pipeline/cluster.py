"""Dask clusters as workers: one that runs somewhere, or one that is started here for a run."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import cast

import distributed
import joblib
from distributed.scheduler import KilledWorker

# joblib's backend has no public name; `parallel_config(backend="dask")` makes the same object.
from joblib._dask import DaskDistributedBackend

from anomsynth.errors import UserError
from anomsynth.pipeline.record import DECISIVE, versions

PATIENCE_S = 15  # until a scheduler answers and has a worker


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """A Dask cluster that takes jobs.

    Attributes
    ----------
    client : distributed.Client
    workers : int
        Jobs that it does at a time.
    death : exception class
        Raised when one job was lost with its worker several times; Dask itself does a job again
        before that (its `allowed-failures`).
    """

    client: distributed.Client
    workers: int
    death: type[Exception] = KilledWorker

    def backend(self) -> "Backend":
        """Return joblib's backend for the cluster."""
        return Backend(client=self.client, wait_for_workers_timeout=PATIENCE_S)


@contextmanager
def open_cluster(scheduler: str | None, jobs: int) -> Iterator[Cluster]:
    """Connect to a cluster, or start one of `jobs` processes on this machine.

    Raises
    ------
    UserError
        If the scheduler does not answer or has no workers, or if workers have other versions of
        what decides the pixels than this process.
    """
    with ExitStack() as stack:
        client = stack.enter_context(
            _start(stack, int(joblib.effective_n_jobs(jobs)))
            if scheduler is None
            else _connect(scheduler)
        )
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError as error:
            msg = f"{scheduler}: the scheduler has no workers"
            raise UserError(msg, hint="start some with: dask worker ADDRESS") from error
        _check_versions(client)
        yield Cluster(client, sum(client.nthreads().values()))


def _start(stack: ExitStack, workers: int) -> distributed.Client:
    with _deaf():
        cluster = distributed.LocalCluster(  # type: ignore[no-untyped-call]  # few annotations
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,  # as with other backends; Dask would guess and pause workers
            dashboard_address=None,
            silence_logs=logging.ERROR,
        )
    return distributed.Client(  # type: ignore[no-untyped-call]  # as above
        stack.enter_context(cluster), set_as_default=False
    )


@contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C: this process hears it and ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _connect(scheduler: str) -> distributed.Client:
    try:
        return distributed.Client(  # type: ignore[no-untyped-call]  # as above
            scheduler, timeout=PATIENCE_S, set_as_default=False
        )
    except (OSError, TimeoutError, ValueError) as error:
        msg = f"{scheduler}: no Dask scheduler answers ({error})"
        raise UserError(msg, hint="check the address, e.g. tcp://host:8786") from error


def _check_versions(client: distributed.Client) -> None:
    here = versions()
    for address, there in client.run(versions).items():
        for name in DECISIVE:
            if there[name] != here[name]:
                msg = f"worker {address}: has {name} {there[name]}, this process {here[name]}"
                raise UserError(msg, hint="install the same versions on all machines")


@dataclass(frozen=True, slots=True)
class _Lost:
    """A result that will never come."""

    error: BaseException


class Backend(DaskDistributedBackend):
    """joblib's backend, which also tells that a job was lost.

    joblib's own calls back for results and for errors raised by jobs, but not when Dask gives a
    job up; a generator of results then waits forever.
    """

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return how many jobs the cluster does at a time, at least two.

        For one, joblib would ask no cluster but do the work in this process.
        """
        return max(int(super().effective_n_jobs(n_jobs)), 2)

    def submit(
        self, func: Callable[[], object], callback: Callable[[object], object] | None = None
    ) -> "Future[object]":
        """Hand a batch to the cluster; see the base class."""
        future = cast("Future[object]", super().submit(func, callback))

        def tell(done: "Future[object]") -> None:
            error = done.exception()
            if error is not None and callback is not None:
                callback(_Lost(error))

        future.add_done_callback(tell)
        return future

    def retrieve_result_callback(self, out: object) -> object:  # type: ignore[override]  # the stubs know of no missing results
        """Return the results of a batch; see the base class."""
        if isinstance(out, _Lost):
            raise out.error
        return super().retrieve_result_callback(out)  # type: ignore[arg-type]  # as above
