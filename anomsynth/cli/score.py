"""`anomsynth score`: how good the labelled defects of a dataset are, from any tool."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import Preset, SourceLayout, parse_words
from anomsynth.cli.console import (
    SOME_FAILED,
    Console,
    Json,
    Quiet,
    example,
    next_command,
    reporting,
)
from anomsynth.cli.environment import Jobs
from anomsynth.cli.fields import Options, parse_fields
from anomsynth.cli.score_report import report
from anomsynth.core.counted import counted
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from anomsynth.api.score import Scores
    from anomsynth.scoring.scored import Scored

EXAMPLE = example(
    "score dataset",
    "score dataset --keep-top 0.5 --filter-to best",
    "score --images out/images --masks out/masks --out scores",
    "score --calibrate photos --save mine.json",
    "score dataset --calibration mine.json --reference real-defects",
)
SECONDS = 5.0  # between two lines of progress


def score(
    dataset: Annotated[
        Path | None,
        typer.Argument(metavar="DATASET", help="MVTec AD tree, or a folder with images and masks."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="DIR", help="Images, instead of DATASET.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR", help="Masks with the same stems.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="For the tables [DATASET/_anomsynth]."),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", min=0, max=1, help="Lowest score that passes [0.5]."),
    ] = None,
    keep_top: Annotated[
        float | None,
        typer.Option("--keep-top", metavar="SHARE", help="Best share of each kind, in 0..1."),
    ] = None,
    filter_to: Annotated[
        Path | None,
        typer.Option("--filter-to", metavar="DIR", help="Write what passes as a new dataset."),
    ] = None,
    hardlink: Annotated[
        bool, typer.Option("--hardlink/--copy", help="How files come into --filter-to.")
    ] = False,
    require: Annotated[
        float | None,
        typer.Option("--require", metavar="SHARE", help="Exit code 3 if a lower share passes."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="DIR", help="Real defects to compare the set with."),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", metavar="FILE", help="Made with --calibrate."),
    ] = None,
    sqe: Annotated[
        Path | None,
        typer.Option("--sqe", metavar="RUN", help="Score as this training run learned to."),
    ] = None,
    scorer: Annotated[
        str | None,
        typer.Option("--scorer", metavar="KIND", help="Another way to score [sqe]."),
    ] = None,
    options: Options = None,
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate",
            metavar="NORMALS",
            help="Fit to good photos and save; 'embedded' makes the shipped calibration again.",
        ),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Calibration to write.")
    ] = None,
    preset: Preset = "generic",
    jobs: Jobs = -1,
    source_layout: SourceLayout = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score labelled defects by image and mask alone, and say why a score is low.

    The score joins fidelity (does it look photographed?) and utility (can a detector learn from
    it?). The good photo is used where the dataset's own manifest names it. --preset only says which
    defects --calibrate makes.

    Exit code: 0 done, 2 cannot begin or go on, 3 some images are unusable, or fewer pass than
    --require wants.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.score import score as rate

        if require is not None and not 0 < require <= 1:
            raise UserError(f"--require: expected a share above 0 and up to 1, got {require:g}")
        if (calibrate is None) != (save is None):
            hint = "for example: anomsynth score --calibrate photos --save mine.json"
            raise UserError("--calibrate and --save belong together", hint=hint)
        if calibrate is not None and save is not None:
            _calibrate(console, calibrate, save, preset, jobs)
            if dataset is None and images is None:
                return
            calibration = save
        found = rate(
            dataset,
            images=images,
            masks=masks,
            out=out,
            min_score=min_score,
            keep_top=keep_top,
            filter_to=filter_to,
            hardlink=hardlink,
            reference=reference,
            calibration=calibration,
            sqe=sqe,
            scorer=scorer,
            options=_fields(scorer, sqe, options or ()),
            source_layout=source_layout,
            jobs=jobs,
            on_scored=_listener(console),
        )
        if filter_to is not None:
            _print_filter(console, found, filter_to)
        report(console, found)
        console.say(_next(dataset, images, filter_to, found))
        few = require is not None and found.share < require
        if few:
            console.warn(f"{found.share:.1%} of the images pass, --require asks for {require:.1%}")
        if found.unusable or few:
            raise typer.Exit(SOME_FAILED)


def _fields(kind: str | None, run: Path | None, options: "Sequence[str]") -> "Mapping[str, object]":
    """Return the fields of the scorer as they are to be set."""
    from anomsynth.sqe.scorer import scorers

    if kind is None:
        kind = "sqe" if run is None else "learned"
    (kind,) = parse_words("--scorer", kind, scorers.kinds())
    return parse_fields({kind: scorers.load(kind)}, options)[kind] if options else {}


def _calibrate(console: Console, normals: str, save: Path, preset: str, jobs: int) -> None:
    from anomsynth.api.score import calibrate

    console.note(f"calibrating on {normals}")
    found = calibrate(normals, save, preset=preset, jobs=jobs, on_unreadable=console.warn)
    console.say(f"calibration on {save}")
    console.line("calibrated", {"file": str(save), "source": found.source})


def _listener(console: Console) -> "Callable[[Scored], None]":
    from anomsynth.scoring.tables import record

    done, said = 0, time.monotonic()

    def listen(one: "Scored") -> None:
        nonlocal done, said
        done += 1
        if one.quality is None:
            console.warn(one.problem)
        if console.as_json and not console.quiet:
            console.line("broken" if one.quality is None else "scored", record(one, None))
        if time.monotonic() - said >= SECONDS:
            said = time.monotonic()
            console.note(counted(done, "image"))

    return listen


def _next(
    dataset: Path | None, images: Path | None, filter_to: Path | None, found: "Scores"
) -> str:
    if filter_to is not None:
        return next_command("train", filter_to, "--out", "RUN") + "  # a detector"
    if found.unusable == len(found.scored):
        return "Nothing could be scored."
    given = [dataset] if dataset is not None else ["--images", images, "--masks", "MASKS"]
    return next_command("score", *given, "--keep-top", 0.8, "--filter-to", "BETTER")


def _print_filter(console: Console, found: "Scores", out: Path) -> None:
    kept, rejected = len(found.selection.kept), len(found.selection.rejected)
    console.say(
        f"{kept} of {counted(kept + rejected, 'defect image')} kept ({found.selection.rule}),"
        f" with {counted(found.goods, 'good photo')} in {out}"
    )
