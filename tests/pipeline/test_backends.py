"""Whoever does the work, and whoever dies of it, the dataset is the same."""

import contextlib
import importlib.util
import os
from collections.abc import Callable

import cv2
import joblib
import pytest

from anomsynth.dataset.images import read_photo
from anomsynth.errors import MissingExtraError, OutputError, UserError
from anomsynth.pipeline.backends import MOST_DEATHS, WorkerPool, _UnderWay, open_pool
from anomsynth.pipeline.events import SampleDone
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.units import UNIT_SAMPLES
from anomsynth.pipeline.worker import Job, jobs_of


@pytest.fixture
def jobs(datasets, recipe) -> list[Job]:
    plan = make_plan(datasets.source, datasets.root / "out", recipe, RunOptions())
    return list(jobs_of(plan, plan.units))


def test_threads_make_the_same_files(datasets) -> None:
    datasets.make("one", per_image=3)

    datasets.make("threads", per_image=3, jobs=3, backend="threading")

    assert datasets.tree("threads") == datasets.tree("one")


@pytest.mark.parametrize("jobs", [1, 3])
def test_threads_of_opencv_do_not_multiply_those_of_the_run(datasets, jobs) -> None:
    threads = cv2.getNumThreads()
    seen = set()
    cv2.setNumThreads(2)
    try:
        datasets.make(
            "out",
            per_image=1,
            jobs=jobs,
            backend="threading",
            on_event=lambda event: seen.add((type(event), cv2.getNumThreads())),
        )
        after = cv2.getNumThreads()
    finally:
        cv2.setNumThreads(threads)

    assert (SampleDone, 1) in seen
    assert after == 2


@pytest.mark.slow
def test_a_killed_process_costs_no_more_than_its_units(datasets) -> None:
    killer = Killer("LokyProcess")
    datasets.make("one", per_image=6)

    datasets.make("killed", per_image=6, jobs=2, on_event=killer)

    assert killer.killed
    assert datasets.tree("killed") == datasets.tree("one")


@pytest.mark.slow
def test_a_dask_cluster_makes_the_same_files_also_when_a_worker_is_killed(datasets) -> None:
    pytest.importorskip("distributed")
    killer = Killer("spawn_main")
    datasets.make("one", per_image=6)

    datasets.make("killed", per_image=6, jobs=2, backend="dask", on_event=killer)

    assert killer.killed
    assert datasets.tree("killed") == datasets.tree("one")


class Killer:
    """Kills a worker process as soon as the first sample is there."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.killed = False

    def __call__(self, event: object) -> None:
        psutil = pytest.importorskip("psutil")
        if self.killed or not isinstance(event, SampleDone):
            return
        for child in psutil.Process().children(recursive=True):
            # Workers of an earlier test may be ending just now.
            with contextlib.suppress(psutil.Error):
                if self.word in " ".join(child.cmdline()):
                    child.kill()
                    self.killed = True
                    return


@pytest.mark.slow
def test_a_job_that_dask_gives_up_is_an_error_and_no_endless_wait() -> None:
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    from anomsynth.pipeline.cluster import Cluster  # noqa: PLC0415 - needs distributed

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as here,
        distributed.Client(here, set_as_default=False) as client,
    ):
        cluster = Cluster(client, 1)
        with joblib.parallel_config(backend=cluster.backend()):
            results = joblib.Parallel(return_as="generator_unordered")(
                [joblib.delayed(os._exit)(1)]
            )
        with pytest.raises(cluster.death):
            list(results)


def test_what_died_is_handed_out_again_before_the_rest(jobs) -> None:
    under_way = _UnderWay(jobs)
    drawn = under_way.draw()
    first, second = next(drawn), next(drawn)
    under_way.end(second.unit)

    under_way.begin_anew(OSError())

    assert next(drawn, None) is None
    assert list(under_way.draw()) == [first, *jobs[2:]]


def test_a_unit_that_kills_every_worker_ends_the_run(jobs) -> None:
    under_way = _UnderWay(jobs[:2])
    under_way.end(next(under_way.draw()).unit)  # workers do start here

    for _ in range(MOST_DEATHS - 1):
        list(under_way.draw())
        under_way.begin_anew(OSError())
    list(under_way.draw())

    with pytest.raises(OutputError, match=r"killed 3 times over .*\.png") as caught:
        under_way.begin_anew(OSError())
    assert "fewer `jobs`" in caught.value.hint


@pytest.mark.parametrize(
    ("units", "samples", "workers", "batch"),
    [
        (40_000, 80_000, 2, 10),  # photos with two samples each: a full unit's worth
        (40_000, 80_000, 32, 10),
        (300, 600, 32, 1),  # too few to go round in batches
        (5_000, 5_000 * UNIT_SAMPLES, 2, 1),  # full units
        (1, 1, 32, 1),
    ],
)
def test_batches_keep_all_workers_busy_to_the_end(units, samples, workers, batch) -> None:
    pool = WorkerPool("loky", workers).sized_for(units, samples)

    assert pool.batch == batch
    assert pool.workers == min(workers, units)


def test_dask_is_an_extra(datasets, monkeypatch) -> None:
    really: Callable[..., object] = importlib.util.find_spec

    def without(name: str, *rest: object) -> object:
        return None if name == "distributed" else really(name, *rest)

    monkeypatch.setattr("anomsynth.pipeline.options.find_spec", without)

    with pytest.raises(MissingExtraError, match="needs the package distributed") as caught:
        datasets.make("out", backend="dask")
    assert caught.value.hint == "pip install 'anomsynth[dask]'"
    assert not (datasets.root / "out").exists()


def test_a_scheduler_that_does_not_answer_is_named(datasets, monkeypatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("anomsynth.pipeline.cluster.PATIENCE_S", 0.2)
    options = RunOptions(backend="dask", scheduler="tcp://127.0.0.1:1")

    with pytest.raises(UserError, match=r"127\.0\.0\.1:1: no Dask scheduler"), open_pool(options):
        pass


def test_a_scheduler_is_for_dask_only() -> None:
    with pytest.raises(UserError, match="of no use to the backend 'loky'"):
        RunOptions(scheduler="tcp://host:8786").check_workers()


@pytest.mark.parametrize(("jobs", "backend"), [(1, "loky"), (2, "threading")])
def test_small_files_hold_the_same_pixels(datasets, jobs, backend) -> None:
    datasets.make("fast", per_image=1)

    datasets.make("small", per_image=1, png="small", jobs=jobs, backend=backend)

    fast, small = datasets.tree("fast"), datasets.tree("small")
    sizes = {name: (len(fast[name]), len(small[name])) for name in fast if "/test/" in name}
    assert fast.keys() == small.keys()
    assert any(after < before for before, after in sizes.values())
    for name in sizes:
        pictures = [read_photo(datasets.root / one / name).pixels for one in ("fast", "small")]
        assert (pictures[0] == pictures[1]).all()


def test_resuming_with_another_effort_would_change_bytes(datasets, recipe) -> None:
    datasets.make("out", per_image=1)

    with pytest.raises(OutputError, match='options png was "fast", is "small"'):
        datasets.make("out", per_image=1, png="small", resume=True)
