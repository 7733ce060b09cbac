"""`anomsynth auto`: from good photos to found defects in one line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import Bands, Bits, ValueRange, parse_files
from anomsynth.cli.console import Json, Quiet, example, reporting
from anomsynth.cli.environment import Jobs

if TYPE_CHECKING:
    from anomsynth.reports.journey import Stop

EXAMPLE = example("auto photos --out result --predict new-photos --real real-defects")


def auto(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="Good photos of one product.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="New folder for all.")],
    real: Annotated[
        Path | None, typer.Option("--real", metavar="DIR", help="Labelled defects to test it with.")
    ] = None,
    new: Annotated[
        Path | None, typer.Option("--predict", metavar="DIR", help="Photos to find defects in.")
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="Samples to make.")] = 300,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    size: Annotated[int, typer.Option("--size", help="Pixels a side the detector sees.")] = 256,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0, help="That the training may take.")
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option("--false-alarm-rate", help="Share of good photos, in 0..1.")
    ] = 0.01,
    jobs: Jobs = -1,
    bits: Bits = None,
    value_range: ValueRange = None,
    bands: Bands = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make defects, keep the better ones, train a detector, use it; one page about it all.

    Each step is said with the command that does it alone. Takes some minutes on 2 cores.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.auto import auto as run_all
        from anomsynth.cli.progress import RunProgress
        from anomsynth.cli.train_progress import TrainProgress

        def tell(stop: "Stop") -> None:
            look = "" if stop.look is None else f"\n  look at {stop.look}"
            console.say(f"{stop.heading}: {stop.told}\n  {stop.command}{look}")
            if stop.warning:
                console.warn(stop.warning)
            said = {"command": stop.command, "told": stop.told, "warning": stop.warning}
            console.line("step", said)

        with RunProgress(console) as making, TrainProgress(console) as training:
            result = run_all(
                photos,
                out,
                real=real,
                new=new,
                count=count,
                seed=seed,
                size=size,
                minutes=minutes,
                false_alarm_rate=false_alarm_rate,
                bits=bits,
                **parse_files(value_range, bands),
                jobs=jobs,
                on_generate=making,
                on_train=training,
                on_stop=tell,
            )
        console.say(f"\nAll of it on one page: {result.page}")
        if result.found is None:
            run = f"anomsynth predict {result.run} NEW_PHOTOS --out FOUND"
            console.say(f"Find defects in new photos: {run}")
        console.result(
            page=str(result.page),
            dataset=str(result.dataset),
            run=str(result.run),
            found=None if result.found is None else str(result.found),
        )
