"""`anomsynth pod`: from which size on an inspection finds defects."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from anomsynth.cli.console import Console, Json, Quiet, example, reporting
from anomsynth.cli.train_extra import Counter, Device, Threads
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.detectability.output import PodResult
    from anomsynth.detectability.statement import Statement
    from anomsynth.detectability.study import Subset

EXAMPLE = example(
    "pod sweep --run run",
    "pod sweep --scores scores.csv --false-alarm-rate 0.02",
    "pod sweep --maps maps --against run --a-hat",
    "pod sweep --run run --against dirty-sweep",
)


def pod(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder made by anomsynth sweep.")
    ],
    run: Annotated[
        Path | None, typer.Option("--run", metavar="RUN", help="Detector: folder made by train.")
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            "--scores", metavar="CSV", help="Any detector or person: image,score[,row,column]."
        ),
    ] = None,
    maps: Annotated[
        Path | None,
        typer.Option("--maps", metavar="DIR", help="Any detector: maps named like the pictures."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="RUN|CSV|DIR|SWEEP",
            help="Compare on the same flaws: another inspection, or a sweep in other conditions.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="For page, numbers and plot [default: DATASET-pod]."),
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option(help="Share of good pictures on which there may be a call.")
    ] = 0.05,
    threshold: Annotated[
        float | None, typer.Option(help="Call answers above this, whatever the rate.")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="PX", help="A call so near means the defect [2 % of the picture]."),
    ] = None,
    link: Annotated[
        Literal["logit", "probit"], typer.Option("--link", help="Shape of the curve.")
    ] = "logit",
    a_hat: Annotated[
        bool, typer.Option("--a-hat", help="Also fit how strongly it answers (a-hat against a).")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier study.")
    ] = False,
    device: Device = "cpu",
    threads: Threads = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw the probability of detection (POD) over size, and say the smallest size to rely on.

    A flaw is a hit if the detector's answer in its mask (or the tolerance around) is above a
    threshold that good pictures of the sweep choose. a90 is the size found in 90 of 100 cases,
    a90/95 its upper 95 % bound. What the data cannot bear is not stated: the line says what to
    add.

    Such a curve speaks of one detector, on these photos, for simulated flaws. It screens and
    compares; it adds to a study on real specimens with known flaws (MIL-HDBK-1823A, ENIQ,
    VDI/VDE/VDMA 2632-3) and never replaces it.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.pod import pod as run_study

        with Counter(console) as counter:
            result = run_study(
                dataset,
                run=run,
                scores=scores,
                maps=maps,
                against=against,
                out=out,
                false_alarm_rate=false_alarm_rate,
                threshold=threshold,
                tolerance=tolerance,
                link=link,
                a_hat=a_hat,
                device=device,
                threads=threads,
                overwrite=overwrite,
                on_progress=counter,
            )
        _print(console, result)


def _print(console: Console, result: "PodResult") -> None:
    from anomsynth.detectability.page import false_call_line, threshold_line

    rows = [cells for subset in result.subsets for cells in _rows(subset)]
    console.table(["flaws", "by", "found", "a50", "a90", "a90/95"], rows)
    for subset in result.subsets:
        for name, statement in _statements(subset):
            for reason in (*statement.reasons, *statement.notes):
                console.say(f"  {subset.name}, by {name}: {reason}")
        for reason in () if subset.both is None else subset.both.reasons:
            console.say(f"  {subset.name}, by size and d': {reason}")
        if subset.difference is not None:
            console.say(f"  {subset.name}: {_difference(subset)}")
    for one in (result.ours, result.other):
        if one is not None:
            console.say(f"{one.answers.name}: {threshold_line(one)}")
            console.say(f"  {false_call_line(one)}")
    console.say("One detector, these photos, simulated flaws: it screens and compares, and never")
    console.say("replaces a study on real specimens.")
    console.say(f"look at it: {result.page}")
    for warning in result.warnings:
        console.warn(warning)
    console.result(out=str(result.out), page=str(result.page), **result.as_json())


def _rows(subset: "Subset") -> list[list[str]]:
    rows = []
    for name, one in _statements(subset):
        sizes = [_size(value) for value in (one.a50, one.a90, one.a90_95)]
        rows.append([subset.name, name, f"{one.hits} of {one.flaws}", *sizes])
    for d_prime, a90, bound in () if subset.both is None else subset.both.levels:
        rows.append([subset.name, f"mm at d' {d_prime:.2g}", "", "", _size(a90), _size(bound)])
    return rows


def _statements(subset: "Subset") -> list[tuple[str, "Statement"]]:
    named = [
        ("mm", subset.by_size),
        ("d'", subset.by_d_prime),
        ("mm, answers", subset.by_answer),
        ("mm, the other", subset.against),
    ]
    return [(name, one) for name, one in named if one is not None]


def _difference(subset: "Subset") -> str:
    import math

    one = subset.difference
    if one is None:
        return ""
    interval = (
        f"95 % interval {one.low:+.3g} to {one.high:+.3g} mm, resampled by {one.resampled}"
        if math.isfinite(one.low)
        else "no interval, curves do not rise in too many resamples"
    )
    return (
        f"a90 of the other is {one.value:+.3g} mm from this ({interval}); "
        f"{counted(one.only_first, 'flaw')} only this found, {one.only_second} only the other "
        f"(chance {one.chance:.2g})"
    )


def _size(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
