"""`anomsynth evaluate`: measure a trained detector on real defects."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.console import SOME_FAILED, Console, Json, Quiet, example, reporting
from anomsynth.cli.train_extra import Counter, Device, Threads, need_train_extra, use_threads

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.evaluate import Evaluation, Judged
    from anomsynth.bisqad.evaluation.scoring import Unread
    from anomsynth.bisqad.training.runs import Run
    from anomsynth.dataset.labelled import Labelled

EXAMPLE = example("evaluate run real-dataset --out evaluation")
METRICS_FILE, PAGE_FILE = "metrics.json", "index.html"


def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder made by anomsynth train.")],
    dataset: Annotated[
        Path, typer.Argument(help="Real test images with masks: test/good, test/KIND.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="For metrics.json and the page [default: RUN/evaluation]."
        ),
    ] = None,
    category: Annotated[
        str | None, typer.Option("--category", metavar="NAME", help="Only this category.")
    ] = None,
    bootstrap: Annotated[
        int, typer.Option("--bootstrap", min=0, max=100_000, help="Resamples for the intervals.")
    ] = 200,
    device: Device = "cpu",
    threads: Threads = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure AUROC, AP, F1 and AUPRO with 95 % intervals, and draw heat maps beside images.

    Numbers are for all defects and for each kind. A groups.csv in the dataset (columns file and
    group) names the images of one physical object; objects are resampled then.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        need_train_extra()
        from anomsynth.bisqad.evaluation.evaluate import find_tests, read_groups
        from anomsynth.bisqad.training.runs import load_run
        from anomsynth.dataset.metadata import check_writable

        use_threads(threads)
        tests = find_tests(dataset, category)
        groups = read_groups(dataset)
        folder = run / "evaluation" if out is None else out
        check_writable(folder)
        trained = load_run(run, device=device)

        evaluations: list[Evaluation] = []
        unread: list[Unread] = []
        with Counter(console, sum(map(len, tests.values()))) as counter:
            for name, images in tests.items():
                judged = _judge(trained, images, groups, unread, counter)
                place = folder / name if len(tests) > 1 else folder
                evaluations.append(_evaluate(judged, bootstrap, place, f"{run.name} on {name}"))
        files = _write(evaluations, folder, run, dataset)
        for result in evaluations:
            _print(console, result, several=len(tests) > 1)
        console.say(f"metrics and heat maps: {', '.join(files)}")
        console.result(
            out=str(folder),
            files=files,
            categories=[result.as_json() for result in evaluations],
            mean=_mean(evaluations),
            unread=[{"image": str(item.path), "message": item.message} for item in unread],
        )
        if unread:
            for item in unread:
                console.warn(f"left out: {item.message}; {item.hint}".rstrip("; "))
            raise typer.Exit(SOME_FAILED)


def _judge(
    trained: "Run",
    images: "tuple[Labelled, ...]",
    groups: dict[Path, str],
    unread: "list[Unread]",
    counter: Counter,
) -> "list[Judged]":
    from anomsynth.bisqad.evaluation.evaluate import judge
    from anomsynth.bisqad.evaluation.scoring import Unread

    judged: list[Judged] = []
    for item in judge(trained, images, groups):
        if isinstance(item, Unread):
            unread.append(item)
        else:
            judged.append(item)
        counter.step()
    return judged


def _evaluate(judged: "list[Judged]", bootstrap: int, folder: Path, title: str) -> "Evaluation":
    from anomsynth.bisqad.evaluation.evaluate import evaluate as measure
    from anomsynth.bisqad.evaluation.page import evaluation_page
    from anomsynth.dataset.files import make_folder, write_bytes

    result = measure(judged, resamples=bootstrap)
    make_folder(folder)
    write_bytes(folder / PAGE_FILE, evaluation_page(result, judged, title).encode(), folder)
    return result


def _write(evaluations: "list[Evaluation]", folder: Path, run: Path, dataset: Path) -> list[str]:
    import json

    from anomsynth._version import __version__
    from anomsynth.dataset.files import make_folder, write_bytes

    values = {
        "anomsynth": __version__,
        "run": str(run),
        "dataset": str(dataset),
        "categories": [result.as_json() for result in evaluations],
        "mean": _mean(evaluations),
    }
    make_folder(folder)
    content = json.dumps(values, indent=1, allow_nan=False) + "\n"
    write_bytes(folder / METRICS_FILE, content.encode(), folder)
    pages = [folder / result.category / PAGE_FILE for result in evaluations]
    if len(evaluations) == 1:
        pages = [folder / PAGE_FILE]
    return [str(folder / METRICS_FILE), *map(str, pages)]


def _print(console: Console, result: "Evaluation", *, several: bool) -> None:
    from anomsynth.bisqad.evaluation.metrics import ALL, MACRO, METRICS
    from anomsynth.bisqad.evaluation.page import TITLES

    subsets = [*result.values]
    labels = {ALL: "all defects", MACRO: "mean of kinds"}
    if several:
        console.say(result.category)
    rows = []
    for subset in subsets:
        values = result.values[subset]
        count = sum(
            number
            for kind, number in result.images.items()
            if kind == subset or (subset not in result.images and kind != "good")
        )
        rows.append([labels.get(subset, subset), str(count), *map(_percent, values.values())])
    console.table(["percent", "defects", *(TITLES[name] for name in METRICS)], rows)
    if result.intervals:
        what = "objects" if result.grouped else "images"
        ranges = []
        for name in METRICS:
            low, high = result.intervals[ALL][name]
            ranges.append([TITLES[name], _percent(result.values[ALL][name]), _range(low, high)])
        console.say()
        console.table(
            ["all defects", "", f"95 % interval, {result.resamples} resamples of {what}"], ranges
        )
    if result.unlocated:
        console.note(
            f"{result.unlocated} defects have no marked pixel in a mask: they count for images only"
        )
    console.say()


def _mean(evaluations: "list[Evaluation]") -> dict[str, float | None]:
    """Return the mean over categories of the metrics of all defects."""
    from anomsynth.bisqad.evaluation.metrics import ALL, METRICS

    means: dict[str, float | None] = {}
    for name in METRICS:
        values = [result.values[ALL][name] for result in evaluations]
        known = [value for value in values if not math.isnan(value)]
        means[name] = round(sum(known) / len(known), 6) if known else None
    return means


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f}"


def _range(low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f}"
