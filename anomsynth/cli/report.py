"""`anomsynth report`: one offline page that shows a dataset, its scores and its rejects."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.choices import SourceLayout
from anomsynth.cli.console import Json, Quiet, example, next_command, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.core.counted import counted

EXAMPLE = example("report my-dataset", "report my-dataset --out report.html --calibration own.json")


def report(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Labelled dataset of any tool.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="The page [DATASET/_anomsynth/report.html].", show_default=False
        ),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option("--calibration", help="Of `anomsynth score --calibrate`.")
    ] = None,
    jobs: Jobs = -1,
    source_layout: SourceLayout = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score a dataset and write one HTML page about it.

    It needs no network, and no file beside it unless that took more than 30 MB. Keys: o
    outlines, m mask, b before, 1 own pixels, t light or dark.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.report import report as write

        done = write(
            dataset, out=out, calibration=calibration, source_layout=source_layout, jobs=jobs
        )
        console.say(
            f"{counted(done.samples, 'sample')}, {done.size_bytes / 1e6:.1f} MB: {done.page}"
        )
        if done.problems:
            console.say(f"{counted(done.problems, 'file')} with problems; the page lists them")
        better = ("--keep-top", 0.8, "--filter-to", "BETTER")
        console.say(next_command("score", dataset, *better) + "  # the better ones")
        console.result(
            page=str(done.page),
            samples=done.samples,
            problems=done.problems,
            size_bytes=done.size_bytes,
        )
