"""Measure a trained detector on real defects with masks, and write what was found."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomsynth._version import __version__
from anomsynth.bisqad.evaluation.category import Evaluation, evaluate_category
from anomsynth.bisqad.evaluation.labelled_set import find_tests, read_groups
from anomsynth.bisqad.evaluation.metrics import ALL, METRICS
from anomsynth.bisqad.evaluation.page import evaluation_page
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction, UnreadablePhoto
from anomsynth.bisqad.model.run_config import check_complete, read_config
from anomsynth.bisqad.options import EvaluatePlan
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.metadata import check_writable

METRICS_FILE, PAGE_FILE = "metrics.json", "index.html"

ProgressListener = Callable[[int, int], object]


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
    """

    evaluations: tuple[Evaluation, ...]
    metrics_file: Path
    pages: tuple[Path, ...]
    unread: tuple[UnreadablePhoto, ...]

    @property
    def mean(self) -> dict[str, float | None]:
        """The mean over categories of each metric of all defects; None where none is defined."""
        return mean_metrics(self.evaluations)


def evaluate(
    plan: EvaluatePlan, on_progress: ProgressListener = lambda _done, _total: None
) -> EvaluateResult:
    """Measure a trained detector and write metrics.json and a page of each category.

    An image that cannot be read costs itself only. If the dataset has a groups.csv (columns file
    and group), physical objects are resampled for the intervals, else images.

    Parameters
    ----------
    plan : EvaluatePlan
    on_progress : callable
        Called after each image with the number of images done, and of all.

    Returns
    -------
    EvaluateResult

    Raises
    ------
    InputError
        If there are no test images of both classes, the run does not load, or no image of one
        class could be read.
    OutputError
        If the results cannot be written.
    UserError
        If the device is not there.
    """
    tests = find_tests(plan.dataset, plan.category, plan.source_layout)
    groups = read_groups(plan.dataset)
    check_writable(plan.folder)
    read_config(plan.run)
    check_complete(plan.run)
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.evaluation.inference import predict_labelled  # noqa: PLC0415 - see above
    from anomsynth.bisqad.model.run import load_run, use_threads  # noqa: PLC0415 - see above

    use_threads(plan.threads)
    run = load_run(plan.run, device=plan.device)
    total, done = sum(map(len, tests.values())), 0
    evaluations: list[Evaluation] = []
    pages: list[Path] = []
    unread: list[UnreadablePhoto] = []
    for name, images in tests.items():
        predictions: list[LabelledPrediction] = []
        for result in predict_labelled(run, images, groups):
            if isinstance(result, UnreadablePhoto):
                unread.append(result)
            else:
                predictions.append(result)
            done += 1
            on_progress(done, total)
        evaluation = evaluate_category(predictions, resamples=plan.bootstrap)
        folder = plan.folder / name if len(tests) > 1 else plan.folder
        page = evaluation_page(evaluation, predictions, f"{plan.run.name} on {name}")
        make_folder(folder)
        write_bytes(folder / PAGE_FILE, page.encode(), folder)
        evaluations.append(evaluation)
        pages.append(folder / PAGE_FILE)
    _write_metrics(plan, evaluations)
    return EvaluateResult(
        tuple(evaluations), plan.folder / METRICS_FILE, tuple(pages), tuple(unread)
    )


def mean_metrics(evaluations: Sequence[Evaluation]) -> dict[str, float | None]:
    """Return the mean over categories of each metric of all defects; None where none is defined."""
    means: dict[str, float | None] = {}
    for name in METRICS:
        values = [evaluation.values[ALL][name] for evaluation in evaluations]
        known = [value for value in values if not math.isnan(value)]
        means[name] = round(sum(known) / len(known), 6) if known else None
    return means


def _write_metrics(plan: EvaluatePlan, evaluations: Sequence[Evaluation]) -> None:
    values = {
        "anomsynth": __version__,
        "run": str(plan.run),
        "dataset": str(plan.dataset),
        "categories": [evaluation.as_json() for evaluation in evaluations],
        "mean": mean_metrics(evaluations),
    }
    content = json.dumps(values, indent=1, allow_nan=False) + "\n"
    make_folder(plan.folder)
    write_bytes(plan.folder / METRICS_FILE, content.encode(), plan.folder)
