"""`anomsynth predict`: anomaly maps, scores and decisions for photos."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from anomsynth.cli.choices import Bands, Bits, ValueRange, parse_files
from anomsynth.cli.console import (
    SOME_FAILED,
    Console,
    Json,
    Quiet,
    example,
    next_command,
    reporting,
)
from anomsynth.cli.summary import used_bits
from anomsynth.cli.train_extra import (
    Counter,
    Device,
    Threads,
    warn_unread,
)
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.predict import PredictResult
    from anomsynth.bisqad.evaluation.threshold import Threshold

EXAMPLE = example("predict run new-photos --out results --false-alarm-rate 0.02")


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder made by anomsynth train.")],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGES", help="Photos, or folders of photos.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for pictures, maps, tables.")],
    pictures: Annotated[
        Literal["none", "flagged", "all"],
        typer.Option(
            "--pictures", help="Which photos get an overlay, a mask and a place on the page."
        ),
    ] = "all",
    file_format: Annotated[
        Literal["png16", "tiff"],
        typer.Option(
            "--format", help="Maps: 16-bit PNG (score = value / 65535 * 32 - 16) or float TIFF."
        ),
    ] = "png16",
    false_alarm_rate: Annotated[
        float, typer.Option(help="Share of good photos that may be called defective.")
    ] = 0.01,
    threshold: Annotated[
        float | None, typer.Option(help="Call scores above this defective, whatever the rate.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier prediction.")
    ] = False,
    device: Device = "cpu",
    threads: Threads = None,
    bits: Bits = None,
    value_range: ValueRange = None,
    bands: Bands = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say which photos are defective, and where.

    For people: overlays (heat map, contours), masks, and index.html, worst first. For programs:
    maps at the photo's size, scores.csv with decisions, regions.json with boxes in pixels.

    Scores count spreads above the median good photo. The threshold comes from good photos that
    training kept aside.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.predict import predict as run_prediction

        with Counter(console) as counter:
            result = run_prediction(
                run,
                images,
                out,
                pictures=pictures,
                file_format=file_format,
                false_alarm_rate=false_alarm_rate,
                threshold=threshold,
                overwrite=overwrite,
                bits=bits,
                **parse_files(value_range, bands),
                device=device,
                threads=threads,
                on_progress=counter,
                on_threshold=lambda limit: _warn_of_few(console, limit, false_alarm_rate),
            )
        _print(console, result, run, out)
    if result.unread:
        raise typer.Exit(SOME_FAILED)


def _warn_of_few(console: Console, limit: "Threshold", rate: float) -> None:
    said = limit.shortfall(rate)
    if said:
        console.warn(said)


def _advice(limit: "Threshold") -> str:
    """Return what makes fewer good photos defective."""
    add = "add them, and more, to the good photos and train again"
    if not limit.normals:
        return f"Fewer by a higher --threshold, or {add}."
    if limit.is_highest:
        return (
            "A lower --false-alarm-rate changes nothing, for the threshold is the highest score of"
            f" {counted(limit.normals, 'good photo')} of the training: {add}."
        )
    lower = max(limit.false_alarms / 2, limit.lowest_rate)
    return f"Fewer by --false-alarm-rate {lower:.2g}, or {add}."


def _print(console: Console, result: "PredictResult", run: Path, out: Path) -> None:
    found = sum(decision.defective for decision in result.decisions)
    limit = result.threshold
    origin = f"at most {100 * limit.false_alarms:.2g} % false alarms" if limit.normals else "given"
    console.say(
        f"{found} of {counted(len(result.decisions), 'photo')} defective "
        f"(score above {limit.value:.3f}, {origin})"
    )
    if result.depth is not None:
        console.say(used_bits(result.depth))
    if result.page is not None:
        console.say(f"look at them: {result.page}")
    console.say(f"maps: {result.maps}, scores: {result.scores}, boxes: {result.regions}")
    console.say(f"Good ones among them? {_advice(limit)}")
    console.say(next_command("evaluate", run, "REAL_DEFECTS") + "  # how well it does, with masks")
    console.result(
        out=str(out),
        page=None if result.page is None else str(result.page),
        bits=None if result.depth is None else result.depth.bits,
        photos=len(result.decisions),
        defective=found,
        regions=sum(len(decision.regions) for decision in result.decisions),
        threshold=limit.value,
        false_alarm_rate=limit.false_alarms if limit.normals else None,
        unread=[{"image": str(item.path), "message": item.message} for item in result.unread],
    )
    warn_unread(console, result.unread)
