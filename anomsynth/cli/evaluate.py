"""`anomsynth evaluate`: measure a trained detector on real defects."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import SourceLayout, parse_words
from anomsynth.cli.console import (
    SOME_FAILED,
    Console,
    Json,
    Quiet,
    example,
    next_command,
    reporting,
)
from anomsynth.cli.train_extra import (
    Counter,
    Device,
    Threads,
    warn_unread,
)
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from anomsynth.bisqad.evaluation.category import Evaluation

EXAMPLE = example(
    "evaluate run real-dataset --out evaluation",
    "evaluate run real-dataset --reference gaussian,nearest",
)


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder made by anomsynth train.")],
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", help="Real test images with masks: test/good, test/KIND."
        ),
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
    source_layout: SourceLayout = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier evaluation.")
    ] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="KIND,...",
            help="Fit these models of the normal to the run's photos and measure them beside.",
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure AUROC, AP, F1 and AUPRO with 95 % intervals, and draw heat maps beside images.

    Numbers are for all defects and for each kind. A groups.csv in the dataset (columns file and
    group) names the images of one physical object; objects are resampled then.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.evaluate import evaluate as run_evaluation

        kinds = None if reference is None else parse_words("--reference", reference)
        if kinds:
            console.note(f"first the good photos of the run are learned by {', '.join(kinds)}")
        with Counter(console) as counter:
            result = run_evaluation(
                run,
                dataset,
                out=out,
                category=category,
                bootstrap=bootstrap,
                device=device,
                threads=threads,
                source_layout=source_layout,
                overwrite=overwrite,
                reference=kinds,
                on_progress=counter,
            )
        files = [str(path) for path in (result.metrics_file, *result.pages)]
        for nth, evaluation in enumerate(result.evaluations):
            beside = {kind: found[nth] for kind, found in result.references.items()}
            _print(console, evaluation, beside, several=len(result.evaluations) > 1)
        console.say(f"metrics and heat maps: {', '.join(files)}")
        for line in _advice(run, result.evaluations):
            console.say(line)
        if result.seen:
            console.warn(result.seen)
        console.result(
            out=str(result.metrics_file.parent),
            files=files,
            categories=[evaluation.as_json() for evaluation in result.evaluations],
            mean=result.mean,
            seen=result.seen,
            references={
                kind: [evaluation.as_json() for evaluation in found]
                for kind, found in result.references.items()
            },
            unread=[{"image": str(item.path), "message": item.message} for item in result.unread],
        )
        warn_unread(console, result.unread)
    if result.unread:
        raise typer.Exit(SOME_FAILED)


def _print(
    console: Console,
    evaluation: "Evaluation",
    beside: "Mapping[str, Evaluation]",
    *,
    several: bool,
) -> None:
    from anomsynth.bisqad.evaluation.metrics import ALL, MACRO, METRICS
    from anomsynth.bisqad.evaluation.page import TITLES

    labels = {ALL: "all defects", MACRO: "mean of kinds"}
    if several:
        console.say(evaluation.category)
    rows = []
    for subset in evaluation.values:
        values = evaluation.values[subset]
        count = sum(
            number
            for kind, number in evaluation.images.items()
            if kind == subset or (subset not in evaluation.images and kind != "good")
        )
        rows.append([labels.get(subset, subset), str(count), *map(_percent, values.values())])
    for kind, other in beside.items():
        theirs = [_percent(other.values[ALL][name]) for name in METRICS]
        rows.append([f"all, by {kind}", rows[0][1], *theirs])
    console.table(["percent", "defects", *(TITLES[name] for name in METRICS)], rows)
    if evaluation.intervals:
        what = "objects" if evaluation.grouped else "images"
        values, limits = evaluation.values[ALL], evaluation.intervals[ALL]
        ranges = [[TITLES[name], _percent(values[name]), _range(*limits[name])] for name in METRICS]
        console.say()
        console.table(
            ["all defects", "", f"95 % interval, {evaluation.resamples} resamples of {what}"],
            ranges,
        )
    if evaluation.unlocated:
        console.note(
            f"{counted(evaluation.unlocated, 'defect')} without a marked pixel in a mask: "
            "they count for images only"
        )
    console.say()


def _advice(run: Path, evaluations: "Sequence[Evaluation]") -> "Iterator[str]":
    """Yield what to do about what the detector does worst, and how to use it."""
    from anomsynth.bisqad.evaluation.metrics import ALL, MACRO

    kinds = {
        kind: values["pixel_ap"]
        for evaluation in evaluations
        for kind, values in evaluation.values.items()
        if kind not in {ALL, MACRO} and not math.isnan(values["pixel_ap"])
    }
    yield "The page shows missed defects and false alarms first."
    if len(kinds) > 1:
        worst = min(kinds, key=lambda kind: kinds[kind])
        yield (
            f"Found worst: {worst} (pixel AP {100 * kinds[worst]:.1f}). Defects like it, larger or"
            " more often: anomsynth tune PHOTOS, then generate and train again"
        )
    yield next_command("predict", run, "NEW_PHOTOS", "--out", "FOUND")


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f}"


def _range(low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f}"
