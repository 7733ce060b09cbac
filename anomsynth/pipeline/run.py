"""A dataset from a plan: resumable, the same bytes for any number of workers."""

import itertools
import shutil
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from anomsynth.core.on_demand import OnDemand
from anomsynth.dataset.extras import write_legend
from anomsynth.dataset.journal import Journal, Name
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.lock import alone_in
from anomsynth.dataset.manifest import Line
from anomsynth.dataset.metadata import contents, make_scratch, read_run, remove_run, write_run
from anomsynth.dataset.unfinished import remove_unfinished
from anomsynth.dataset.verify import SourceFiles, is_done
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.backends import WorkerPool, do_all, open_pool
from anomsynth.pipeline.events import Event, Finished, Listener, Started
from anomsynth.pipeline.places import SOURCE
from anomsynth.pipeline.plan import Plan
from anomsynth.pipeline.shards import ShardLayout
from anomsynth.pipeline.tables import Tally, write_tables
from anomsynth.pipeline.units import UNIT_SAMPLES, PieceList, Unit
from anomsynth.pipeline.worker import jobs_of

DECIDED = ("foreground", "lights", SOURCE)  # of a record, what may be another when it is resumed
DECODED = 16  # units, of those last written before a crash, whose files are decoded and compared


def run(plan: Plan, on_event: Listener | None = None) -> Finished:
    """Make the dataset of a plan.

    Whatever stops it (Ctrl-C, a full disk, a killed process), a plan with `resume` goes on where
    it stopped and ends in the same bytes.

    Parameters
    ----------
    plan : Plan
    on_event : callable, optional
        Is told what happens, in this process.

    Raises
    ------
    OutputError
        If the dataset cannot be written, or workers die again and again.
    UserError
        If the scheduler of a cluster does not answer, or its workers have other versions.
    InputError
        If a photo cannot be used and the plan is strict.
    KeyboardInterrupt
        After workers have ended and temporary files are gone.
    """
    started = time.perf_counter()
    tell = on_event or _nobody
    with open_pool(plan.options) as pool, alone_in(_own_folder(plan.layout)), resumable():
        _prepare(plan)
        finished = _run(plan, pool, tell, started)
    tell(finished)
    return finished


@contextmanager
def resumable() -> Iterator[None]:
    """Say how a run goes on that a full disk has stopped, with an OutputError."""
    try:
        yield
    except OutputError as error:
        if not str(error).endswith("the disk is full"):
            raise
        hint = "free some space, then run again with `resume=True`"
        raise OutputError(str(error), hint=hint) from error


def _run(plan: Plan, pool: WorkerPool, tell: Listener, started: float) -> Finished:
    journal = Journal(plan.layout, plan.categories, UNIT_SAMPLES)
    try:
        record = read_run(plan.layout)
        pending = _pending(plan, journal, plan.moved(record))
        _remove_unfinished(plan, pending)
        # Photos were replaced or mended since: only now, when what they spoilt is gone, is it so.
        planned = plan.record()
        if any(record.get(name) != planned.get(name) for name in DECIDED):
            write_run(plan.layout, planned)
        waiting = sum(unit.samples for unit in pending)
        tell(Started(plan.samples, plan.samples - waiting))
        _work(plan, pending, journal, pool, tell)
        return _finish(plan, journal, started)
    finally:
        journal.close()
        shutil.rmtree(plan.layout.scratch, ignore_errors=True)


def _own_folder(layout: Layout) -> Path:
    """Return the folder that nobody else may write into meanwhile; shards have one each."""
    return layout.own if isinstance(layout, ShardLayout) else layout.root


def _nobody(_: Event) -> None:
    """Listen to nothing."""


def _prepare(plan: Plan) -> None:
    """Make the output folder ours, and free of what a killed run left half-done."""
    layout = plan.layout
    held = contents(layout)
    if held == "run" and plan.options.overwrite:
        remove_run(layout)
        held = "nothing"
    mine = {"nothing", "run"} if plan.options.shard is None else {"nothing", "run", "shards"}
    if held not in mine or (held == "run" and not plan.options.resume):
        raise OutputError(f"{layout.root}: was filled since the plan was made", hint="plan again")
    make_scratch(layout)
    if held != "run":
        write_run(layout, plan.record())
    if "class" in plan.options.extras or len(plan.kinds) > 1:
        for category in plan.categories:
            write_legend(layout, category, plan.kinds)


def _pending(plan: Plan, journal: Journal, moved: frozenset[str]) -> Sequence[Unit]:
    """Return the units whose files are not all there, or are of a photo that was replaced.

    Of categories whose part or lights have moved all are returned.
    """
    sources = SourceFiles(plan.source)
    names = journal.names()
    recent = set(names[-DECODED:])
    for name in names:
        lines = journal.lines(name)
        whole = is_done(plan.layout, lines, decode=name in recent)
        same = bool(lines) and lines[0]["category"] not in moved
        if not (whole and same and sources.are_those_of(lines)):
            journal.forget(name)
    done = set(journal.names())
    pieces = PieceList(plan.units)
    if not done:
        return pieces
    places = array("Q", (at for at, one in enumerate(pieces) if _name(one) not in done))
    return OnDemand(places, pieces.__getitem__)


def _remove_unfinished(plan: Plan, pending: Sequence[Unit]) -> None:
    """Delete what an earlier run made of units that are to be done now."""
    if not plan.options.resume:
        return
    by_category: dict[str, list[Unit]] = {category: [] for category in plan.categories}
    for unit in pending:
        by_category[unit.category].append(unit)
    for category, units in by_category.items():
        normals = {unit.rank for unit in units if unit.first == 0}
        samples = {unit.rank * plan.per_photo + index for unit in units for index in unit.indices}
        remove_unfinished(plan.layout, category, normals, samples)


def _work(
    plan: Plan, pending: Sequence[Unit], journal: Journal, pool: WorkerPool, tell: Listener
) -> None:
    pool = pool.sized_for(len(pending), sum(unit.samples for unit in pending))
    outcomes = do_all(jobs_of(plan, pending), pool)
    try:
        for outcome in outcomes:
            if outcome.error is not None and plan.options.strict:
                raise _stopped(outcome.error) from outcome.error
            journal.append(_name(outcome.unit), outcome.lines)
            for event in outcome.events:
                tell(event)
    finally:
        outcomes.close()


def _stopped(error: InputError) -> InputError:
    """Return the error of a strict run with the way on."""
    # Removing the photo makes another dataset: a run with fewer photos cannot be resumed.
    on = "mend or replace the photo, then `resume=True`; or remove it, then `overwrite=True`"
    return InputError(str(error), hint=f"{error.hint}; {on}" if error.hint else on)


def _finish(plan: Plan, journal: Journal, started: float) -> Finished:
    """Write manifests and scores in the plan's order and count what there is."""
    tally = Tally()
    # Units stand by category: they are gone through once, however many categories there are.
    for category, units in itertools.groupby(plan.units, lambda unit: unit.category):
        names = (_name(piece) for unit in units for piece in unit.pieces())
        write_tables(plan.layout, category, _lines(journal, names), tally)
    journal.remove()
    return tally.finished(time.perf_counter() - started, plan.finders)


def _lines(journal: Journal, names: Iterable[Name]) -> Iterator[tuple[str, Line]]:
    for name in names:
        yield from journal.written(name)


def _name(unit: Unit) -> Name:
    return unit.category, unit.image, unit.first
