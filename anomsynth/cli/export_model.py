"""`anomsynth export-model`: a trained detector as a network file for other programs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from anomsynth.cli.console import Console, Json, Quiet, example, next_command, reporting

EXAMPLE = example("export-model run --to onnx", "export-model run --out line/detector.onnx")


def export_model(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder made by anomsynth train.")],
    to: Annotated[Literal["onnx"], typer.Option("--to", help="Format of the network.")] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file [RUN/model.onnx].", show_default=False),
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option(help="Share of good photos that may be called defective.")
    ] = 0.01,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a detector with its backbone as one network file, which needs no anomsynth to run.

    Normalisation is inside; a JSON file beside it says how a photo becomes the input, what the
    outputs mean, and above which score a photo is defective.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.export_model import export_model as write

        done = write(run, to=to, out=out, false_alarm_rate=false_alarm_rate, overwrite=overwrite)
        console.say(f"{done.size_bytes / 1e6:.1f} MB: {done.network}")
        console.say(f"what it is fed with and what it answers: {done.description}")
        _warn(console, done.threshold is None)
        console.say(next_command("predict", run, "PHOTOS", "--out", "RESULTS"))
        console.result(
            network=str(done.network),
            description=str(done.description),
            size_bytes=done.size_bytes,
            threshold=None if done.threshold is None else done.threshold.value,
        )


def _warn(console: Console, unknown: bool) -> None:
    if unknown:
        console.warn("the run has no scores of good photos: the description names no threshold")
