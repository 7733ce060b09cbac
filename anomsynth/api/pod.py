"""From which size on an inspection finds defects: probability of detection."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from anomsynth.api.options import FilePath, need_train_extra, number
from anomsynth.bisqad.model.run_config import check_complete, read_config
from anomsynth.bisqad.options import check_place, check_rate
from anomsynth.core.counted import counted
from anomsynth.core.types import Float32
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.metadata import check_writable, read_run
from anomsynth.dataset.paths import is_dir, is_file
from anomsynth.detectability.answers import Answers, Looking, Progress, Shape, answers_of_maps
from anomsynth.detectability.given import answers_of_table, maps_in
from anomsynth.detectability.inputs import SweptSet, read_sweep
from anomsynth.detectability.likelihood import Link
from anomsynth.detectability.output import PodResult, check_out, write_results
from anomsynth.detectability.page import pod_page
from anomsynth.detectability.study import Inspection, inspect, study
from anomsynth.errors import InputError, UserError


def pod(
    dataset: FilePath,
    *,
    run: FilePath | None = None,
    scores: FilePath | None = None,
    maps: FilePath | None = None,
    against: FilePath | None = None,
    out: FilePath | None = None,
    false_alarm_rate: float = 0.05,
    threshold: float | None = None,
    tolerance: float | None = None,
    link: Link = "logit",
    a_hat: bool = False,
    device: str = "cpu",
    threads: int | None = None,
    overwrite: bool = False,
    on_progress: Progress | None = None,
) -> PodResult:
    """Draw the probability of detection (POD) of an inspection over size, and say its a90/95.

    What such a curve means: one detector, on these photos, for simulated flaws. It screens and
    compares, and adds to a study on real specimens with known flaws; it never replaces it.

    Give exactly one of `run`, `scores` and `maps`. A flaw is a hit if its answer, the highest in
    its mask and `tolerance` around, is above the threshold; pictures' scores without a place count
    for the whole picture.

    Parameters
    ----------
    dataset : path
        Folder made by `sweep`.
    run : path, optional
        Folder made by `train`.
    scores : path, optional
        CSV of any detector or person: `image` and `score`, and `row` and `column` (pixels) where
        places were marked; a picture may have several lines.
    maps : path, optional
        Folder of maps of any detector, named like the pictures: .npy, TIFF or grey PNG.
    against : path, optional
        What to compare with on the same flaws: a run, a table of scores, a folder of maps, or
        another sweep of the same flaws under other conditions, inspected by the same detector
        (`run`) at the same threshold.
    out : path, optional
        Folder for the page, numbers, tables and the plot; ``DATASET-pod`` if not given.
    false_alarm_rate : float in (0, 1)
        Share of good pictures on which there may be a call; the threshold follows from it.
    threshold : float, optional
        Call answers above this, instead.
    tolerance : float, optional
        Pixels beside a defect in which a call still means it; 2 % of the picture if not given.
    link : {"logit", "probit"}
        Shape of the curve.
    a_hat : bool
        Also fit how strongly the inspection answers (a-hat against a, censored regression).
    device, threads
        Of the network, with `run`.
    overwrite : bool
        Replace the results of an earlier study.
    on_progress : function (done, total), optional
        Called after each picture.

    Returns
    -------
    PodResult
        Its `subsets` by kind, with what may be stated and why not more; its `page`.

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If the sweep, the run, the scores or the maps cannot be used.
    OutputError
        If the folder holds an earlier study, or the results cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "photos" / "0.png")
    >>> _ = asy.sweep(
    ...     folder / "photos", folder / "swept", kinds="pitting", size=(2, 20), levels=4,
    ...     per_level=8, mm_per_px=0.5, jobs=1,
    ... )
    >>> with (folder / "scores.csv").open("w") as table:  # an inspector that tosses coins
    ...     print("image,score", "good/000000,0", sep=chr(10), file=table)
    ...     for number in range(32):
    ...         print(f"pitting/{number:06},{number % 3}", file=table)
    >>> found = asy.pod(folder / "swept", scores=folder / "scores.csv", threshold=0.5)
    >>> found.subsets[0].by_size.a90_95 is None, found.page.name
    (True, 'index.html')
    """
    _check(false_alarm_rate, threshold, tolerance, link)
    given = {"run": run, "scores": scores, "maps": maps}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        what = "nothing" if not named else " and ".join(f"`{name}`" for name in named)
        hint = "give one of `run`, `scores` and `maps`"
        raise UserError(f"one inspection is needed, got {what}", hint=hint)
    swept = read_sweep(Path(dataset))
    folder = Path(out) if out is not None else Path(f"{swept.root}-pod")
    check_writable(folder)
    check_out(folder, overwrite=overwrite)
    ask = _Inspector(tolerance, device, threads, on_progress or _nobody)
    answers = ask.answers(named[0], Path(str(given[named[0]])), swept)
    ours = inspect(swept, answers, false_alarm_rate, threshold)
    other, warnings = None, [*_warnings(swept, ours, false_alarm_rate)]
    if named[0] == "run":
        warnings += _known_from_training(Path(str(run)), swept)
    if against is not None:
        kind = _kind_of(Path(against))
        if kind == "sweep":
            if named[0] != "run":
                raise UserError("`against`: another sweep needs `run`: who else could look at it?")
            others = _same_flaws(swept, read_sweep(Path(against)))
            seen = ask.answers("run", Path(str(run)), others)
            seen = replace(seen, name=f"{seen.name} on {Path(against).name}")
            other = inspect(others, seen, false_alarm_rate, ours.limit.value)
        else:
            seen = ask.answers(kind, Path(against), swept)
            other = inspect(swept, seen, false_alarm_rate, None)
        warnings += _warnings(swept, other, false_alarm_rate)
    subsets = study(swept, ours, other, link=link, regress=a_hat)
    result = PodResult(swept, subsets, ours, other, tuple(dict.fromkeys(warnings)), folder)
    write_results(result, pod_page(result))
    return result


class _Inspector:
    """Gets the answers of runs, tables and maps."""

    def __init__(
        self, tolerance: float | None, device: str, threads: int | None, tell: Progress
    ) -> None:
        self._tolerance, self._device, self._threads = tolerance, device, threads
        self._tell = tell

    def answers(self, kind: str, path: Path, swept: SweptSet) -> Answers:
        """Return what an inspection answers to a sweep."""
        if kind == "scores":
            return answers_of_table(path, swept, self._tolerance, self._tell)
        look = maps_in(path, swept) if kind == "maps" else self._runs(path)
        return answers_of_maps(swept, look, path.resolve().name, self._tolerance, self._tell)

    def _runs(self, path: Path) -> Looking:
        need_train_extra()
        read_config(path)
        check_complete(path)
        check_place(self._device, self._threads)
        from anomsynth.bisqad.evaluation.inference import predict_photos  # noqa: PLC0415 - an extra
        from anomsynth.bisqad.evaluation.predictions import UnreadablePhoto  # noqa: PLC0415
        from anomsynth.bisqad.model.run import load_run, use_threads  # noqa: PLC0415

        use_threads(self._threads)
        loaded = load_run(path, device=self._device)

        def look(pictures: Sequence[Path]) -> Iterator[tuple[Float32, Shape]]:
            for picture, seen in zip(pictures, predict_photos(loaded, pictures), strict=True):
                if isinstance(seen, UnreadablePhoto):
                    raise InputError(f"{picture}: {seen.message}", hint="make the sweep again")
                yield seen.prediction.map, seen.prediction.shape

        return look


def _check(rate: float, threshold: float | None, tolerance: float | None, link: str) -> None:
    check_rate(number("false_alarm_rate", rate))
    if threshold is not None and not math.isfinite(number("threshold", threshold)):
        raise UserError(f"`threshold`: expected a finite number, got {threshold!r}")
    if tolerance is not None and not 0 <= number("tolerance", tolerance) < math.inf:
        raise UserError(f"`tolerance`: expected pixels, 0 or more, got {tolerance!r}")
    if link not in get_args(Link):
        raise UserError(
            f"`link`: no such curve {link!r}", hint=f"known: {', '.join(get_args(Link))}"
        )


def _kind_of(path: Path) -> str:
    """Tell what an inspection to compare with is by what lies there."""
    if is_file(path):
        return "scores"
    if not is_dir(path):
        raise InputError(f"`against`: {path}: no such file or folder", hint="check the path")
    if is_file(Layout(path).run_file):
        return "sweep"
    return "run" if is_file(path / "config.json") else "maps"


def _same_flaws(swept: SweptSet, other: SweptSet) -> SweptSet:
    """Return another sweep, if it shows the same flaws under other conditions."""
    ours, theirs = (
        [(flaw.picture, flaw.kind, flaw.size_mm) for flaw in one.flaws] for one in (swept, other)
    )
    if ours != theirs:
        msg = f"`against`: {other.root}: shows other flaws than {swept.root}"
        hint = "make both with the same photos, grid and seed; only conditions may differ"
        raise InputError(msg, hint=hint)
    return other


def _warnings(swept: SweptSet, one: Inspection, rate: float) -> Iterator[str]:
    limit, name = one.limit, one.answers.name
    if limit.needed:
        yield (
            f"{name}: {counted(one.false_calls.pictures, 'good picture')} cannot promise "
            f"{100 * (limit.wanted or 0):g} % false alarms, {limit.needed} could: the threshold is "
            f"their highest answer, {100 * (limit.false_alarms or 0):.2g} % are to be expected"
        )
    if not one.answers.places:
        yield f"{name}: scores without a place: a hit may be luck elsewhere on the picture"
    wanted = limit.wanted if limit.wanted is not None else rate
    if one.false_calls.rate_least > wanted:
        yield (
            f"{name}: calls on {one.false_calls.rate:.0%} of good pictures, of which "
            f"{100 * wanted:g} % were to be called: hits are partly false calls, and its curve "
            "compares with no other"
        )
    if swept.assumption is not None:
        low, high = swept.span_of_scale
        pixels = f"{low:.3g}" if high < 1.01 * low else f"{low:.3g} to {high:.3g}"
        yield f"{swept.assumption}, {pixels} mm a pixel; sweep with `mm_per_px` to know them"
    if swept.failed:
        yield f"{counted(swept.failed, 'flaw')} of the sweep missing: could not be made"


def _known_from_training(run: Path, swept: SweptSet) -> Iterator[str]:
    """Say that the detector was trained on photos of the sweep, where that can be told."""
    trained = read_config(run).training.get("dataset")
    if not isinstance(trained, str) or not is_file(Layout(Path(trained)).run_file):
        return
    known = _photos_of(Path(trained))
    shared = sum(good.source_sha256 in known for good in swept.good if good.source_sha256)
    if shared:
        yield (
            f"{run.name} was trained on {shared} of the {counted(len(swept.good), 'photo')} of the"
            " sweep: the curve flatters it; take photos that were kept out of the training"
        )


def _photos_of(dataset: Path) -> set[str]:
    from anomsynth.dataset.manifest import read_manifest  # noqa: PLC0415

    found: set[str] = set()
    layout = Layout(dataset.resolve())
    categories = read_run(layout).get("categories")
    for category in categories if isinstance(categories, dict) else ():
        path = layout.manifest(str(category))
        for line in read_manifest(path) if is_file(path) else ():
            source = line.get("source")
            if line.get("what") == "normal" and isinstance(source, dict):
                found.add(str(source.get("sha256", "")))
    return found


def _nobody(_done: int, _total: int) -> None:
    """Listen to nothing."""
