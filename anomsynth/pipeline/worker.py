"""One photo, start to end: read, analyse, write the good photo, make and write its samples."""

import os
import pickle
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

import cv2
import numpy as np

from anomsynth.core.heap import keep_freed_memory
from anomsynth.core.rng import stream
from anomsynth.core.sample import Sample
from anomsynth.core.types import Pixels, SampleKey, Surface
from anomsynth.dataset.images import LoadedPhoto
from anomsynth.dataset.manifest import Line, to_json
from anomsynth.dataset.paths import check_name, printable
from anomsynth.dataset.sources import Sources
from anomsynth.dataset.tiff import Reading
from anomsynth.dataset.writer import SourcePhoto, Writer, failed_line, photo_hash, unusable_line
from anomsynth.errors import InputError, SynthesisError
from anomsynth.pipeline.analysis import analyse_photo, load_unit, part_of_unit, scan_facts
from anomsynth.pipeline.events import ImageFailed, SampleDone, SampleFailed
from anomsynth.pipeline.plan import Plan
from anomsynth.pipeline.sweep import Cell, Sweep
from anomsynth.pipeline.units import Unit
from anomsynth.pipeline.views import prepared, views_facts
from anomsynth.recipe.models import Recipe
from anomsynth.sqe.samples import rate_sample, written_scores
from anomsynth.synthesis.conditions import Conditions
from anomsynth.synthesis.flaw import synthesize_flaw
from anomsynth.synthesis.synthesize import synthesize

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Setting:
    """What all units of a category have in common.

    Attributes
    ----------
    recipe : Recipe
    writer : Writer
    source : Path
        Root of the source folder.
    per_photo : int
        See `Plan`.
    roi : path or None
        Folder of masks; if given, every photo needs one.
    textures : path or None
        Folder of pictures to take foreign textures from.
    real : path or None
        Marked, real defects to set into the photos.
    reading : Reading or None
        What the user says about the files of photos.
    sweep : Sweep or None
        The grid its samples are on.
    """

    recipe: Recipe
    writer: Writer
    source: Path
    per_photo: int
    roi: Path | None
    textures: Path | None = None
    real: Path | None = None
    reading: Reading | None = None
    sweep: Sweep | None = None


class Shared:
    """A setting on its way to workers: packed once for all jobs, unpacked once by each worker."""

    def __init__(self, setting: Setting, packed: bytes | None = None) -> None:
        self.setting = setting
        self._packed = packed

    def __reduce__(self) -> tuple[Callable[..., "Shared"], tuple[object]]:
        """Pack it, or leave that to whoever packs the job: classes of a script go by value."""
        if self._packed is None:
            try:
                self._packed = pickle.dumps(self.setting)
            except (pickle.PicklingError, AttributeError, TypeError):
                self._packed = b""
            if b"__main__" in self._packed:
                self._packed = b""
        return (_unpacked, (self._packed,)) if self._packed else (Shared, (self.setting,))


@lru_cache(maxsize=64)
def _unpacked(packed: bytes) -> Shared:
    return Shared(pickle.loads(packed), packed)  # noqa: S301 - our own, from the parent


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work with all that is needed to do it in another process."""

    unit: Unit
    shared: Shared

    @property
    def setting(self) -> Setting:
        """What it has in common with other units."""
        return self.shared.setting


def jobs_of(plan: Plan, units: Iterable[Unit]) -> Iterator[Job]:
    """Yield the jobs of a plan's units."""
    options = plan.options
    writer = Writer(
        layout=plan.layout,
        extras=options.extras,
        kinds=plan.kinds,
        link=options.link,
        tree_depth=options.tree_depth,
        keep_names=options.keep_names,
        out_layout=options.out_layout,
    )
    shared = {
        category: Shared(
            Setting(
                recipe=recipe,
                writer=writer,
                source=plan.source,
                per_photo=plan.per_photo,
                roi=options.roi,
                textures=options.textures,
                real=options.real,
                reading=options.reading,
                sweep=options.sweep,
            )
        )
        for category, recipe in plan.recipes.items()
    }
    for unit in units:
        yield Job(unit, shared[unit.category])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a unit.

    Attributes
    ----------
    unit : Unit
    lines : of the manifest, as JSON
    events : what happened, in order
    error : InputError or None
        Why the photo could not be used.
    """

    unit: Unit
    lines: list[str]
    events: tuple[SampleDone | SampleFailed | ImageFailed, ...]
    error: InputError | None = None


def work_in_child(job: Job, parent: int) -> Outcome:
    """Do a unit in a worker process: one thread, no Ctrl-C, no work for a dead parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it and ends its workers
    return in_child(work, job, parent)


def in_child(function: Callable[..., Result], *args: object) -> Result:
    """Call a function in a process of our own: one thread, and freed memory is kept."""
    cv2.setNumThreads(1)
    keep_freed_memory()
    return function(*args)


def work(job: Job, parent: int | None = None) -> Outcome:
    """Do a unit.

    Errors of the photo or of single samples are part of the outcome; everything else is raised,
    with a note that names the sample.

    Raises
    ------
    OutputError
        If the dataset cannot be written.
    """
    unit, setting = job.unit, job.setting
    _stop_with(parent)
    file = printable(unit.path.relative_to(setting.source).as_posix())
    origin = SourcePhoto(unit.category, unit.image, file)
    try:
        check_name(unit.path.relative_to(setting.source))
        loaded = load_unit(unit, setting.reading, setting.recipe)
        hashes = photo_hash(loaded.photo), loaded.file_sha256
        scan = scan_facts(loaded, setting.source)
        views = views_facts(loaded, unit, setting.source)
        origin = SourcePhoto(unit.category, unit.image, file, *hashes, scan=scan, views=views)
        loaded = prepared(loaded, unit)
        needs_roi = setting.roi is not None
        surface = None
        if unit.samples or _camera(setting) is not None:
            sources = Sources(setting.textures, setting.real)
            surface = analyse_photo(
                loaded, unit, setting.recipe, needs_roi=needs_roi, sources=sources
            )
            part = surface.foreground
        else:
            part = part_of_unit(loaded, unit, setting.recipe, needs_roi=needs_roi)
    except InputError as error:
        cause, text = type(error).__name__, str(error)
        failed = ImageFailed(unit.category, unit.image, cause, text, unit.samples, error.hint)
        line = unusable_line(origin, unit.indices, error)
        return Outcome(unit, [to_json(line)], (failed,), error)
    except Exception as error:
        error.add_note(f"while reading the photo {unit.path}")
        raise
    lines: list[str] = []
    events: list[SampleDone | SampleFailed] = []
    if unit.first == 0:
        place = unit.split, unit.rank
        shown = loaded if surface is None else _seen_good(job, loaded, surface)
        given = surface.analysis if surface is not None and setting.roi is not None else None
        mask = given.part if given is not None else ""
        lines.append(to_json(setting.writer.normal(origin, place, shown, part, mask)))
    if surface is None:
        return Outcome(unit, lines, ())
    for index in unit.indices:
        _stop_with(parent)
        line, event = _make_sample(job, origin, surface, index)
        lines.append(to_json(line))
        events.append(event)
    return Outcome(unit, lines, tuple(events))


def _make_sample(
    job: Job, origin: SourcePhoto, surface: Surface, index: int
) -> tuple[Line, SampleDone | SampleFailed]:
    start = time.perf_counter()
    setting = job.setting
    seed = setting.recipe.seed
    key = SampleKey(origin.category, origin.image, index)
    number = job.unit.rank * setting.per_photo + index
    try:
        if setting.sweep is not None:
            place = setting.sweep.order(seed, origin.category)[job.unit.begins + index]
            cell = setting.sweep.cells[place]
            sample, made = make_flaw(surface, setting.recipe, setting.sweep, cell, key)
            line = {**setting.writer.sample(origin, number, sample, surface), "sweep": made}
        else:
            sample = synthesize(surface, setting.recipe, seed=seed, key=key)
            if not sample.scores:  # where a least score was asked for, it was rated before
                sample = replace(sample, scores=written_scores(rate_sample(sample, surface)))
            line = setting.writer.sample(origin, number, sample, surface)
    except SynthesisError as error:
        failed = SampleFailed(key, type(error).__name__, str(error))
        return failed_line(origin, number, index, error), failed
    except Exception as error:
        where = f"{key.category!r}, {key.image!r}, index {index}, seed {seed}"
        error.add_note(f"while making the sample of {where}")
        raise
    seconds = time.perf_counter() - start
    return line, SampleDone(key, str(line["id"]), sample.kinds, seconds)


def make_flaw(
    surface: Surface, recipe: Recipe, sweep: Sweep, cell: Cell, key: SampleKey
) -> tuple[Sample, dict[str, object]]:
    """Make one picture of a sweep, and what the manifest says of its defect.

    Raises
    ------
    SynthesisError
        If no such defect could be made.
    """
    seed = recipe.seed
    flaw = synthesize_flaw(surface, recipe, sweep.flaw(cell), key=key, seed=seed)
    noise = stream(seed, key.category, key.image, key.index, "conditions")
    image = flaw.sample.image
    colours = surface.channels * surface.repeats
    if surface.alpha is None:
        image = sweep.conditions.apply(image, surface.encoding, noise)
    else:
        shown = sweep.conditions.apply(image[..., :colours], surface.encoding, noise)
        image = np.concatenate([shown, image[..., colours:]], axis=2)
    made: dict[str, object] = {
        "kind": cell.kind,
        "measure": cell.measure,
        "level_mm": cell.size_mm,
        "size_mm": flaw.size_mm,
        "ordered_d_prime": cell.d_prime,
        "d_prime": flaw.d_prime,
    }
    return replace(flaw.sample, image=image), made


def _camera(setting: Setting) -> Conditions | None:
    """Return the conditions of a sweep if finished pictures look otherwise under them."""
    sweep = setting.sweep
    return sweep.conditions if sweep is not None and sweep.conditions.changes_pictures else None


def _seen_good(job: Job, loaded: LoadedPhoto, surface: Surface) -> LoadedPhoto:
    """Return a good photo as the camera of a sweep sees it; itself where there is none."""
    camera = _camera(job.setting)
    if camera is None:
        return loaded
    seed = job.setting.recipe.seed
    noise = stream(seed, job.unit.category, job.unit.image, "good", "conditions")
    pixels = camera.apply(loaded.photo.pixels, surface.encoding, noise)
    photo = replace(loaded.photo, pixels=cast("Pixels", pixels))
    return replace(loaded, photo=photo, plain=False)


def _stop_with(parent: int | None) -> None:
    """End this worker if the process that started it was killed.

    A worker that lived on would write into a dataset that another run has taken over.
    """
    if parent is not None and hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(1)
