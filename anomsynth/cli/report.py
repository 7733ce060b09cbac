"""`anomsynth report`: one offline page that shows a dataset, its scores and its rejects."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.console import Json, Quiet, example, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.cli.scorers import load_scorer
from anomsynth.errors import OutputError

EXAMPLE = example("report my-dataset", "report my-dataset --out report.html --calibration own.json")


def report(
    dataset: Annotated[Path, typer.Argument(help="Labelled dataset of any tool.")],
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
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score a dataset and write one self-contained HTML page about it.

    It needs no network and no file beside it. Keys: o outlines, t light or dark.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        page = out or dataset / "_anomsynth" / "report.html"
        if page.suffix.lower() not in {".html", ".htm"}:
            raise OutputError(f"--out: expected a name that ends in .html, got {str(page)!r}")
        from anomsynth.dataset.files import make_folder, write_bytes
        from anomsynth.reports.collect import collect
        from anomsynth.reports.page import build_page

        found = collect(dataset, load_scorer(calibration), jobs=jobs)
        text = build_page(found).encode()
        make_folder(page.parent)
        write_bytes(page, text, page.parent)
        console.say(f"{len(found.entries)} samples, {len(text) / 1e6:.1f} MB: {page}")
        if found.problems:
            console.say(f"{len(found.problems)} files have problems; the page lists them")
        console.result(
            page=str(page),
            samples=len(found.entries),
            problems=len(found.problems),
            size_bytes=len(text),
        )
