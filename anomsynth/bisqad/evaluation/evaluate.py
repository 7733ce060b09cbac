"""Measure a trained detector on real defects with masks, and write what was found."""

import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anomsynth._version import __version__
from anomsynth.bisqad.evaluation.category import Evaluation, evaluate_category
from anomsynth.bisqad.evaluation.labelled_set import find_tests, read_groups
from anomsynth.bisqad.evaluation.metrics import ALL, METRICS
from anomsynth.bisqad.evaluation.page import evaluation_page
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction, UnreadablePhoto
from anomsynth.bisqad.model.run_config import check_complete, read_config
from anomsynth.bisqad.plans import EvaluatePlan
from anomsynth.core.plain_file import read_text
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.metadata import check_writable
from anomsynth.errors import OutputError

METRICS_FILE, PAGE_FILE = "metrics.json", "index.html"

ProgressListener = Callable[[int, int], object]
Fits = Callable[[Path], Mapping[str, Path]]  # fits references into a folder; runs by kind


@dataclass(frozen=True, slots=True, eq=False)
class EvaluateResult:
    """What an evaluation found.

    Attributes
    ----------
    evaluations : tuple of Evaluation
        One for each category.
    metrics_file : Path
        JSON with every number.
    pages : tuple of Path
        HTML with heat maps, one for each category.
    unread : tuple of UnreadablePhoto
        Images that were left out.
    seen : str or None
        What the detector knows of the dataset from its training, in words.
    references : mapping
        Evaluations, one for each category, of each reference by kind.
    """

    evaluations: tuple[Evaluation, ...]
    metrics_file: Path
    pages: tuple[Path, ...]
    unread: tuple[UnreadablePhoto, ...]
    seen: str | None = None
    references: Mapping[str, tuple[Evaluation, ...]] = field(default_factory=dict)

    @property
    def mean(self) -> dict[str, float | None]:
        """The mean over categories of each metric of all defects; None where none is defined."""
        return mean_metrics(self.evaluations)


def evaluate(
    plan: EvaluatePlan,
    on_progress: ProgressListener = lambda _done, _total: None,
    fits: Fits | None = None,
) -> EvaluateResult:
    """Measure a trained detector and write metrics.json and a page of each category.

    An image that cannot be read costs itself only. If the dataset has a groups.csv (columns file
    and group), physical objects are resampled for the intervals, else images.

    Parameters
    ----------
    plan : EvaluatePlan
    on_progress : callable
        Called after each image with the number of images done, and of all.
    fits : callable, optional
        Fits the references that are measured beside the detector.

    Returns
    -------
    EvaluateResult

    Raises
    ------
    InputError
        If there are no test images of both classes, the run does not load, or no image of one
        class could be read.
    OutputError
        If the folder holds an earlier evaluation, or the results cannot be written.
    UserError
        If the device is not there.
    """
    tests = find_tests(plan.dataset, plan.category, plan.source_layout)
    groups = read_groups(plan.dataset)
    check_writable(plan.folder)
    check_folder(plan.folder, overwrite=plan.overwrite)
    seen = known_from_training(read_config(plan.run).training, plan.dataset)
    check_complete(plan.run)
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.evaluation.inference import predict_labelled  # noqa: PLC0415 - see above
    from anomsynth.bisqad.model.run import load_run, use_threads  # noqa: PLC0415 - see above

    use_threads(plan.threads)
    runs = {"": load_run(plan.run, device=plan.device)}
    if fits is not None:
        with tempfile.TemporaryDirectory() as folder:
            fitted = fits(Path(folder))
            runs |= {kind: load_run(path, device=plan.device) for kind, path in fitted.items()}
    total, done = sum(map(len, tests.values())) * len(runs), 0
    found: dict[str, list[Evaluation]] = {kind: [] for kind in runs}
    pages: list[Path] = []
    unread: list[UnreadablePhoto] = []
    for name, images in tests.items():
        shown: list[LabelledPrediction] = []
        for kind, run in runs.items():
            predictions: list[LabelledPrediction] = []
            for result in predict_labelled(run, images, groups):
                if not isinstance(result, UnreadablePhoto):
                    predictions.append(result)
                elif not kind:
                    unread.append(result)
                done += 1
                on_progress(done, total)
            found[kind].append(evaluate_category(predictions, resamples=plan.bootstrap))
            shown = shown or predictions
        beside = {kind: evaluations[-1] for kind, evaluations in found.items() if kind}
        folder_of_page = plan.folder / name if len(tests) > 1 else plan.folder
        title = f"{plan.run.name} on {name}"
        page = evaluation_page(found[""][-1], shown, title, seen=seen, references=beside)
        make_folder(folder_of_page)
        write_bytes(folder_of_page / PAGE_FILE, page.encode(), folder_of_page)
        pages.append(folder_of_page / PAGE_FILE)
    result_of = EvaluateResult(
        tuple(found.pop("")),
        plan.folder / METRICS_FILE,
        tuple(pages),
        tuple(unread),
        seen,
        {kind: tuple(evaluations) for kind, evaluations in found.items()},
    )
    _write_metrics(plan, result_of)
    return result_of


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise OutputError if the folder holds an earlier evaluation that is to be kept."""
    file = folder / METRICS_FILE
    if overwrite or not file.exists():
        return
    try:
        dataset = json.loads(read_text(file))["dataset"]
    except (OSError, ValueError, KeyError, TypeError):
        dataset = "another dataset"
    msg = f"{folder}: holds an earlier evaluation on {dataset}"
    raise OutputError(msg, hint="choose another folder by `out`, or give `overwrite=True`")


def known_from_training(training: Mapping[str, object], dataset: Path) -> str | None:
    """Return in words what the detector knows of a dataset from its training; None for nothing.

    Parameters
    ----------
    training : mapping
        What a run says of its training.
    dataset : Path
    """
    for name, what in (("dataset", "trained on"), ("learn", "trained on"), ("val", "weighted by")):
        known = training.get(name)
        if isinstance(known, str) and Path(known).resolve() == dataset.resolve():
            return f"the detector was {what} this dataset: its numbers say little of other photos"
    return None


def mean_metrics(evaluations: Sequence[Evaluation]) -> dict[str, float | None]:
    """Return the mean over categories of each metric of all defects; None where none is defined."""
    means: dict[str, float | None] = {}
    for name in METRICS:
        values = [evaluation.values[ALL][name] for evaluation in evaluations]
        known = [value for value in values if not math.isnan(value)]
        means[name] = round(sum(known) / len(known), 6) if known else None
    return means


def _write_metrics(plan: EvaluatePlan, result: EvaluateResult) -> None:
    values: dict[str, object] = {
        "anomsynth": __version__,
        "run": str(plan.run),
        "dataset": str(plan.dataset),
        "seen": result.seen,
        "categories": [evaluation.as_json() for evaluation in result.evaluations],
        "mean": result.mean,
    }
    if result.references:
        values["references"] = {
            kind: {
                "categories": [evaluation.as_json() for evaluation in evaluations],
                "mean": mean_metrics(evaluations),
            }
            for kind, evaluations in result.references.items()
        }
    content = json.dumps(values, indent=1, allow_nan=False) + "\n"
    make_folder(plan.folder)
    write_bytes(plan.folder / METRICS_FILE, content.encode(), plan.folder)
