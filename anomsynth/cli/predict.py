"""`anomsynth predict`: anomaly maps, scores and decisions for photos."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from anomsynth.cli.console import SOME_FAILED, Json, Quiet, example, reporting
from anomsynth.cli.train_extra import Counter, Device, Threads, need_train_extra, use_threads
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.predict import Verdict
    from anomsynth.bisqad.evaluation.threshold import Threshold

EXAMPLE = example("predict run new-photos --out results --false-alarm-rate 0.02")


def predict(
    run: Annotated[Path, typer.Argument(help="Folder made by anomsynth train.")],
    images: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for maps and scores.csv.")],
    file_format: Annotated[
        Literal["png16", "tiff"],
        typer.Option(
            "--format", help="Maps: 16-bit PNG (log-odds = value / 65535 * 32 - 16) or float TIFF."
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
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the anomaly map of every photo at its own size, and scores.csv with decisions.

    Scores are log-odds. The threshold comes from good photos that training kept aside.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        need_train_extra()
        from anomsynth.bisqad.evaluation.predict import MAPS, SCORES, check_out, find_photos
        from anomsynth.bisqad.evaluation.predict import predict as look
        from anomsynth.bisqad.evaluation.scoring import Unread
        from anomsynth.bisqad.training.runs import load_run
        from anomsynth.dataset.metadata import check_writable

        use_threads(threads)
        photos = find_photos(images, out)
        check_writable(out)
        check_out(out, overwrite=overwrite)
        limit = _threshold(run, threshold, false_alarm_rate)
        trained = load_run(run, device=device)

        verdicts: list[Verdict] = []
        unread: list[Unread] = []
        with Counter(console, len(photos)) as counter:
            for result in look(trained, photos, out, limit, file_format):
                if isinstance(result, Unread):
                    unread.append(result)
                else:
                    verdicts.append(result)
                counter.step()
        found = sum(verdict.defective for verdict in verdicts)
        origin = (
            f"at most {100 * limit.false_alarms:.2g} % false alarms" if limit.normals else "given"
        )
        console.say(
            f"{found} of {len(verdicts)} photos defective (score above {limit.value:.3f}, {origin})"
        )
        if limit.false_alarms > false_alarm_rate:
            console.warn(
                f"{limit.normals} good photos cannot promise {100 * false_alarm_rate:g} % false "
                f"alarms: the threshold is their highest score, "
                f"{100 * limit.false_alarms:.2g} % are to be expected"
            )
        console.say(f"maps: {out / MAPS}, scores: {out / SCORES}")
        console.result(
            out=str(out),
            photos=len(verdicts),
            defective=found,
            threshold=limit.value,
            false_alarm_rate=limit.false_alarms if limit.normals else None,
            unread=[{"image": str(item.path), "message": item.message} for item in unread],
        )
        if unread:
            for item in unread:
                console.warn(f"left out: {item.message}; {item.hint}".rstrip("; "))
            raise typer.Exit(SOME_FAILED)


def _threshold(run: Path, given: float | None, rate: float) -> "Threshold":
    from anomsynth.bisqad.evaluation.threshold import Threshold, choose_threshold
    from anomsynth.bisqad.training.runs import read_calibration, read_config

    if given is not None:
        if not math.isfinite(given):
            raise UserError(f"--threshold: expected a finite number, got {given:g}")
        return Threshold(given, 0.0, 0)
    read_config(run)  # a folder that is no run at all is told before a missing calibration
    return choose_threshold(read_calibration(run), rate)
