"""The program `anomsynth`."""

import io
import os
import sys
from contextlib import suppress
from typing import Annotated

import typer

from anomsynth._version import __version__
from anomsynth.cli import (
    auto,
    demo,
    evaluate,
    export,
    export_model,
    fit,
    foreground,
    generate,
    init,
    list_,
    merge,
    pod,
    predict,
    presets,
    preview,
    replay,
    report,
    score,
    show,
    sweep,
    train,
    tune,
    validate,
)
from anomsynth.cli.console import example
from anomsynth.cli.grouped import grouped
from anomsynth.cli.usage import Program
from anomsynth.core.heap import keep_freed_memory

app = typer.Typer(
    name="anomsynth",
    cls=Program,
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich alone takes longer to import than the whole help may take
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=example("demo", "generate photos dataset --preset metal"),
)
app.command("auto", short_help="From good photos to found defects.", epilog=auto.EXAMPLE)(auto.auto)
app.command(
    "generate",
    cls=grouped(generate.GROUPS),
    short_help="Make a dataset from good photos.",
    epilog=generate.EXAMPLE,
)(generate.generate)
app.command("fit", short_help="Make a recipe from a few real defects.", epilog=fit.EXAMPLE)(fit.fit)
app.command("merge", short_help="Join the shards of a run.", epilog=merge.EXAMPLE)(merge.merge)
app.command("foreground", short_help="Write masks of the part.", epilog=foreground.EXAMPLE)(
    foreground.foreground
)
app.command(
    "preview",
    cls=grouped(preview.GROUPS),
    short_help="Draw a sheet of samples of some photos.",
    epilog=preview.EXAMPLE,
)(preview.preview)
app.command(
    "tune",
    cls=grouped(tune.GROUPS),
    short_help="Tune a recipe with sliders on your photos.",
    epilog=tune.EXAMPLE,
)(tune.tune)
app.command("score", short_help="Score labelled defects and say why.", epilog=score.EXAMPLE)(
    score.score
)
app.command(
    "validate", short_help="Check a dataset for what loaders trip over.", epilog=validate.EXAMPLE
)(validate.validate)
app.command("export", short_help="Write a dataset in other formats.", epilog=export.EXAMPLE)(
    export.export
)
app.command("report", short_help="Show a dataset on one HTML page.", epilog=report.EXAMPLE)(
    report.report
)
app.command("train", short_help="Train a detector on a dataset.", epilog=train.EXAMPLE)(train.train)
app.command("evaluate", short_help="Test a detector on real defects.", epilog=evaluate.EXAMPLE)(
    evaluate.evaluate
)
app.command(
    "sweep",
    cls=grouped(sweep.GROUPS),
    short_help="Make defects of stated sizes to test with.",
    epilog=sweep.EXAMPLE,
)(sweep.sweep)
app.command("pod", short_help="Say which sizes an inspection finds.", epilog=pod.EXAMPLE)(pod.pod)
app.command(
    "export-model", short_help="Write a detector for other programs.", epilog=export_model.EXAMPLE
)(export_model.export_model)
app.command("predict", short_help="Find anomalies in photos.", epilog=predict.EXAMPLE)(
    predict.predict
)
app.command("list", short_help="List components and presets.", epilog=list_.EXAMPLE)(
    list_.list_components
)
app.command("init", short_help="Print a short recipe to change.", epilog=init.EXAMPLE)(init.init)
app.command("show", short_help="Explain a kind or a preset.", epilog=show.EXAMPLE)(show.show)
app.command("replay", short_help="Rebuild and verify a sample.", epilog=replay.EXAMPLE)(
    replay.replay
)
app.add_typer(presets.app, name="presets", short_help="Check presets.")
app.command("demo", short_help="Make a small dataset to look at.", epilog=demo.EXAMPLE)(demo.demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"anomsynth {__version__}")
        raise typer.Exit


@app.callback()
def anomsynth_program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Turn folders of good photos into labelled defect datasets."""


def main() -> None:
    """Run the program; the exit code is 0, 1 (bug), 2 (user error), 3 (some failed) or 130."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of another encoding must not end a run
    keep_freed_memory()
    try:
        app(prog_name="anomsynth")
    finally:
        _drop_what_is_left()


def _open_streams() -> None:
    """Open streams that the caller closed: the first file to be opened would take their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
            os.set_inheritable(number, True)  # worker processes need it, too
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def _drop_what_is_left() -> None:
    """Let nothing be written when Python ends that could not be written before."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # full, or nobody reads it any more: that was said or is of no use
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
