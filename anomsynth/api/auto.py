"""From a folder of good photos to found defects in one call, and a page that leads through it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomsynth.api.evaluate import evaluate
from anomsynth.api.generate import generate
from anomsynth.api.options import (
    FilePath,
    checked_bits,
    command_line,
    need_train_extra,
    to_path,
    whole,
)
from anomsynth.api.predict import predict
from anomsynth.api.report import report
from anomsynth.api.score import score
from anomsynth.api.train import train
from anomsynth.bisqad.data.samples import FEWEST
from anomsynth.bisqad.evaluation.input_photos import find_photos
from anomsynth.bisqad.evaluation.labelled_set import find_tests
from anomsynth.bisqad.evaluation.threshold import choose_threshold
from anomsynth.bisqad.model.run_config import read_calibration
from anomsynth.bisqad.options import FALSE_ALARM_RATE, TrainOptions, check_rate
from anomsynth.bisqad.training.events import TrainListener
from anomsynth.core.counted import counted
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.reading import make_reading
from anomsynth.errors import InputError, OutputError, UserError
from anomsynth.pipeline.events import Listener
from anomsynth.pipeline.options import check_jobs
from anomsynth.reports.journey import Stop, write_journey

SAMPLES = 300  # that a detector learns from
KEPT = 0.8  # share of them that the quality score keeps
PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class AutoResult:
    """What came of it.

    Attributes
    ----------
    out : Path
    page : Path
        Leads through everything that was made.
    dataset, run : Path
        The defects that were learned from, and the detector.
    found : Path or None
        What `predict` wrote about the new photos.
    stops : tuple of Stop
        What was done, with the command that does it alone.
    """

    out: Path
    page: Path
    dataset: Path
    run: Path
    found: Path | None
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class _Places:
    """Where everything lies below the output folder."""

    out: Path

    @property
    def dataset(self) -> Path:
        return self.out / "dataset"

    @property
    def better(self) -> Path:
        return self.out / "better"

    @property
    def run(self) -> Path:
        return self.out / "detector"

    @property
    def measured(self) -> Path:
        return self.out / "measured"

    @property
    def found(self) -> Path:
        return self.out / "found"


def auto(
    photos: FilePath,
    out: FilePath,
    *,
    real: FilePath | None = None,
    new: FilePath | None = None,
    count: int = SAMPLES,
    seed: int = 0,
    size: int = 256,
    minutes: float | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    bits: int | None = None,
    value_range: tuple[float, float] | None = None,
    bands: Sequence[str | int] | str | int | None = None,
    jobs: int = -1,
    on_generate: Listener | None = None,
    on_train: TrainListener | None = None,
    on_stop: Callable[[Stop], object] | None = None,
) -> AutoResult:
    """Make defects, keep the better ones, train a detector, and use it; write a page about it all.

    Every step is one of the other functions with its defaults: what it did can be looked at and
    done again alone, with other options.

    Parameters
    ----------
    photos : path
        Good photos of one product.
    out : path
        New folder for ``dataset``, ``better``, ``detector``, ``measured``, ``found`` and the page
        ``index.html``.
    real : path, optional
        Labelled real defects, to measure the detector with.
    new : path, optional
        Photos to find defects in.
    count : int
        Samples to make.
    seed : int
    size : int
        Pixels a side at which the detector looks.
    minutes : float, optional
        That the training may take; by default as long as it needs.
    false_alarm_rate : float in (0, 1)
        Share of good photos that may be called defective.
    bits, value_range, bands
        How the numbers of the photos' files are meant, as for `generate`.
    jobs : int
        Workers; -1 is one per core.
    on_generate, on_train : callable, optional
        Are told what happens; see `generate` and `train`.
    on_stop : callable, optional
        Is told each step when it is done.

    Returns
    -------
    AutoResult

    Raises
    ------
    MissingExtraError
        If the packages to train with are not installed.
    UserError, InputError, OutputError
        If a path or an option is not valid, before anything is made; and as the steps do.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "bricks").mkdir()
    >>> for index in range(6):
    ...     photo = asy.demo_photos()["brick"][0][32 * index :][:64]
    ...     Image.fromarray(photo).save(folder / "bricks" / f"{index}.png")
    >>> options = {"count": 8, "size": 64, "minutes": 0.01, "jobs": 1}
    >>> result = asy.auto(folder / "bricks", folder / "all", **options)
    >>> [stop.command.split()[1] for stop in result.stops]
    ['generate', 'report', 'score', 'train']
    """
    need_train_extra()
    places = _Places(Path(out))
    labelled, unseen = to_path(real), to_path(new)
    if whole("count", count) < 1:
        raise UserError(f"`count`: expected at least 1, got {count}", hint=f"e.g. {SAMPLES}")
    check_jobs(jobs)
    check_rate(false_alarm_rate)
    TrainOptions(size=size, seed=seed, minutes=minutes)  # refuses what `train` would
    _check(places, {"photos": Path(photos), "real": labelled, "new": unseen})
    reading = make_reading(value_range, bands)
    files = {
        "bits": checked_bits(bits),
        "value_range": reading.span,
        "bands": reading.bands or None,
    }
    told = _spelt(files)
    stops: list[Stop] = []

    def done(stop: Stop) -> None:
        stops.append(stop)
        if on_stop is not None:
            on_stop(stop)

    options = {"count": count, "seed": seed}
    made = generate(
        photos,
        places.dataset,
        preset="auto",
        jobs=jobs,
        on_event=on_generate,
        **options,  # type: ignore[arg-type]  # of four types
        **files,  # type: ignore[arg-type]  # as above
    )
    found_bits = [depth.bits for depth in made.plan.depths.values()]
    files["bits"] = bits if bits is not None else next(iter(found_bits), None)
    done(
        Stop(
            "Defects were made",
            command_line("generate", photos, places.dataset, preset="auto", **options, **told),
            f"{counted(made.written, 'sample')}, {made.failed} failed; "
            + "; ".join(part.line for part in made.parts.values()),
            made.sheet,
        )
    )
    for stop in _judged(places, jobs=jobs):
        done(stop)
    trained = train(
        places.better, places.run, size=size, seed=seed, minutes=minutes, on_event=on_train
    )
    done(
        Stop(
            "A detector was trained",
            command_line(
                "train", places.better, out=places.run, size=size, seed=seed, minutes=minutes
            ),
            f"{counted(trained.epochs, 'epoch')} in {trained.seconds:.0f} s",
            None,
            # Beside what it finds, where it is to find something.
            _doubt(places.run, false_alarm_rate) if unseen is None else "",
        )
    )
    if labelled is not None:
        done(_measured(places, labelled))
    if unseen is not None:
        done(_found(places, unseen, false_alarm_rate, files))
    page = places.out / PAGE
    write_journey(page, str(photos), stops)
    found = None if new is None else places.found
    return AutoResult(places.out, page, places.better, places.run, found, tuple(stops))


def _check(places: _Places, given: Mapping[str, Path | None]) -> None:
    """Refuse what some step would refuse after the others were done."""
    for name, path in given.items():
        if path is not None and not path.exists():
            raise InputError(f"`{name}`: {path}: no such folder", hint="check the path")
    if places.out.exists() and not (places.out.is_dir() and not any(places.out.iterdir())):
        raise OutputError(f"{places.out}: is there already", hint="name a new folder")
    photos = given["photos"]
    categories = {} if photos is None else find_source(photos, [places.out.resolve()]).categories
    if len(categories) > 1:
        names = ", ".join(list(categories)[:3])
        msg = f"{photos}: holds several products ({names}, ...)"
        raise InputError(msg, hint="give the folder of one of them")
    good = sum(map(len, categories.values()))
    if good < FEWEST:
        msg = f"{photos}: {counted(good, 'photo')}, a detector needs {FEWEST} or more"
        raise InputError(msg, hint="add photos of good parts; 30 make a start")
    if given["real"] is not None:
        find_tests(given["real"])
    if given["new"] is not None:
        find_photos([given["new"]])


def _judged(places: _Places, *, jobs: int) -> Iterator[Stop]:
    """Yield what the quality score says, and keeps."""
    page = report(places.dataset, jobs=jobs)
    yield Stop(
        "They were looked at",
        command_line("report", places.dataset),
        f"{counted(page.samples, 'sample')} with scores and the reasons",
        page.page,
    )
    scores = score(places.dataset, keep_top=KEPT, filter_to=places.better, jobs=jobs)
    yield Stop(
        "The better ones were kept",
        command_line("score", places.dataset, keep_top=KEPT, filter_to=places.better),
        f"{len(scores.selection.kept)} of {len(scores.scored)}: {scores.selection.rule}",
        None,
    )


def _measured(places: _Places, real: Path) -> Stop:
    result = evaluate(places.run, real, out=places.measured)
    numbers = {name: value for name, value in result.mean.items() if value is not None}
    told = [f"{name.replace('_', ' ')} {100 * value:.1f}" for name, value in numbers.items()]
    command = command_line("evaluate", places.run, real, out=places.measured)
    page = result.pages[0] if result.pages else None
    return Stop("It was tested on real defects", command, f"percent: {', '.join(told)}", page)


def _found(places: _Places, new: Path, rate: float, files: Mapping[str, object]) -> Stop:
    result = predict(places.run, new, places.found, false_alarm_rate=rate, **files)  # type: ignore[arg-type]  # as above
    bad = sum(decision.defective for decision in result.decisions)
    options = {"out": places.found, "false_alarm_rate": rate}
    command = command_line("predict", places.run, new, **options, **_spelt(files))
    told = f"{bad} of {counted(len(result.decisions), 'photo')} defective"
    doubt = result.threshold.shortfall(rate)
    return Stop("Defects were found in the new photos", command, told, result.page, doubt)


def _doubt(run: Path, rate: float) -> str:
    """Say that a detector has seen too few good photos to promise a rate of false alarms."""
    return choose_threshold(read_calibration(run), rate).shortfall(rate)


def _spelt(files: Mapping[str, object]) -> dict[str, object]:
    """Return how the files are read as the command line spells it."""
    between = {"value_range": ":", "bands": ","}
    return {
        name: between[name].join(map(str, value)) if isinstance(value, tuple) else value
        for name, value in files.items()
    }
