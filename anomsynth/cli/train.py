"""`anomsynth train`: a detector learns from labelled defects, the good ones more than the bad."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from anomsynth.cli.choices import SourceLayout, parse_words
from anomsynth.cli.console import (
    SOME_FAILED,
    Console,
    Json,
    Quiet,
    example,
    reporting,
    resume_command,
)
from anomsynth.cli.environment import SEED, note
from anomsynth.cli.fields import Options, parse_fields
from anomsynth.cli.train_extra import Device, Threads
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anomsynth.bisqad.detector import Detector
    from anomsynth.bisqad.feature_noise import FeatureNoise
    from anomsynth.bisqad.training.events import TrainFinished
    from anomsynth.core.component import Component

EXAMPLE = example(
    "train dataset --out run",
    "train dataset --out run --learn real-defects --minutes 10",
)


def train(
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", help="Made by generate, or any MVTec-style set with masked defects."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help="Folder for the run.")],
    category: Annotated[
        str | None, typer.Option("--category", metavar="NAME", help="Train on this category.")
    ] = None,
    unified: Annotated[
        bool,
        typer.Option(
            "--unified",
            help="One model for all categories of the dataset; it knows which one a photo shows.",
        ),
    ] = False,
    val: Annotated[
        Path | None,
        typer.Option("--val", metavar="REAL_DIR", help="Few real defects that weights answer to."),
    ] = None,
    learn: Annotated[
        Path | None,
        typer.Option(
            "--learn",
            metavar="REAL_DIR",
            help="Few real defects to learn from, too, not --val's.",
        ),
    ] = None,
    weights: Annotated[
        Literal["bilevel", "sqe", "uniform"] | None,
        typer.Option(
            "--weights", help="How much each defect counts: learned, by score, equally [bilevel]."
        ),
    ] = None,
    hypergrad: Annotated[
        Literal["implicit", "unrolled"] | None,
        typer.Option("--hypergrad", help="How bilevel weights learn; unrolled is cheaper."),
    ] = None,
    backbone: Annotated[
        str, typer.Option("--backbone", metavar="NAME", help="Any timm model; default needs no net")
    ] = "tf_efficientnet_lite0",
    detector: Annotated[
        str, typer.Option("--detector", metavar="KIND", help="What is trained, see list detectors.")
    ] = "bisqad",
    fields: Options = None,
    noise: Annotated[
        str | None,
        typer.Option(
            "--noise", metavar="KIND", help="Disturb features of good photos, see list noises."
        ),
    ] = None,
    size: Annotated[
        int, typer.Option("--size", help="Photos are resized to this; a multiple of 32.")
    ] = 256,
    tile: Annotated[
        str,
        typer.Option(
            "--tile", metavar="PIXELS|auto|none", help="Side of the tiles that photos are cut into."
        ),
    ] = "auto",
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="How often it sees each sample [10].")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Time for the learning, instead of epochs.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, envvar=SEED, callback=note, help="Of weights and batches."),
    ] = 0,
    online: Annotated[
        bool, typer.Option("--online", help="Make a quarter of the defects anew each epoch.")
    ] = False,
    spoil: Annotated[
        float,
        typer.Option(
            "--spoil",
            metavar="SHARE",
            help="Experiment: shift masks or fill defects flat, of this share of the samples.",
        ),
    ] = 0.0,
    cache: Annotated[
        Path | None, typer.Option("--cache", metavar="DIR", help="Keep features for other runs.")
    ] = None,
    device: Device = "cpu",
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish an interrupted run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what RUN holds.")] = False,
    source_layout: SourceLayout = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a detector on synthetic defects, weighting each by what it teaches.

    Bilevel weights follow the loss on trusted data that is never learned from: test/good photos
    and, unless --val has real defects, fresh ones of the dataset's recipe or a held-out sixth.
    The last epoch counts; none is chosen by test images, as several published methods do.
    With --learn a few real defects are at least a quarter of those that are learned from.

    Exit code: 0 trained, 2 cannot begin or go on (one line says why), 3 trained, but some images
    could not be used, 130 interrupted (a checkpoint is kept).
    """
    again = resume_command(sys.argv[1:])
    with reporting(quiet=quiet, as_json=as_json, again=again) as console:
        from anomsynth.api.train import train as run_training
        from anomsynth.cli.train_progress import TrainProgress

        chosen_detector, chosen_noise = _components(detector, noise, fields or ())
        with TrainProgress(console) as progress:
            finished = run_training(
                dataset,
                out,
                category=category,
                unified=unified,
                val=val,
                learn=learn,
                weights=weights,
                hypergrad=hypergrad,
                backbone=backbone,
                detector=chosen_detector,
                noise=chosen_noise,
                size=size,
                tile=tile,
                epochs=epochs,
                minutes=minutes,
                seed=seed,
                online=online,
                spoil=spoil,
                source_layout=source_layout,
                cache=cache,
                device=device,
                threads=threads,
                resume=resume,
                overwrite=overwrite,
                on_event=progress,
            )
        _print(console, finished, out)
    if finished.skipped:
        raise typer.Exit(SOME_FAILED)


def _components(
    kind: str, noise: str | None, fields: "Sequence[str]"
) -> "tuple[Detector, FeatureNoise | None]":
    """Return the detector and the noise, each with the options that it has."""
    from anomsynth.api.options import need_train_extra

    need_train_extra()
    from anomsynth.bisqad.detector import detectors
    from anomsynth.bisqad.feature_noise import noises

    parse_words("--detector", kind, detectors.kinds())
    asked: dict[str, type[Component]] = {kind: detectors.load(kind)}
    if noise is not None:
        parse_words("--noise", noise, noises.kinds())
        asked[noise] = noises.load(noise)
    own = parse_fields(asked, fields)
    detector = detectors.build({"kind": kind, **own[kind]})
    return detector, None if noise is None else noises.build({"kind": noise, **own[noise]})


def _print(console: Console, finished: "TrainFinished", out: Path) -> None:
    if finished.loss is None:
        console.say(f"learned what is normal in {finished.seconds:.0f} s -> {out}")
    else:
        console.say(
            f"{counted(finished.steps, 'step')} ({counted(finished.epochs, 'epoch')})"
            f" in {finished.seconds:.0f} s, loss {finished.loss:.3f},"
            f" effective samples {finished.effective_share:.0%} -> {out}"
        )
    if finished.spoiled_weight is not None and finished.sound_weight is not None:
        console.say(
            f"mean weight of spoiled samples {finished.spoiled_weight:.2f}, "
            f"of the others {finished.sound_weight:.2f}"
        )
    run = shlex.quote(str(out))
    console.say(f"Look at photos with it: anomsynth predict {run} PHOTOS --out RESULTS")
    console.say(f"Test it on real defects: anomsynth evaluate {run} REAL_DATASET")
    if finished.skipped:
        console.warn(f"{counted(finished.skipped, 'image')} could not be used")
    console.result(
        out=str(out),
        steps=finished.steps,
        epochs=finished.epochs,
        seconds=finished.seconds,
        loss=finished.loss,
        effective_share=finished.effective_share,
        spoiled_weight=finished.spoiled_weight,
        sound_weight=finished.sound_weight,
        skipped=finished.skipped,
    )
