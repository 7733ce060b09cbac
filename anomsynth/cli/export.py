"""`anomsynth export`: a dataset in the formats of other tools."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import parse_words
from anomsynth.cli.console import SOME_FAILED, Console, Json, Quiet, example, reporting
from anomsynth.cli.fields import FLAG, Options, parse_fields
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.dataset.exports import Exported, Exporter

EXAMPLE = example(
    "export dataset coco-dataset --to coco --val-share 0.1",
    "export dataset exports --to yolo,hf,webdataset --hardlink",
    "export dataset shards --to webdataset --option shard_size=500MB",
)
FORMATS = "coco|yolo|hf|webdataset|anomalib-tabular|uniad-json|croissant"
EVERY_S = 5.0  # a line of progress


def export(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="MVTec AD tree, or images and masks.")
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder to make; one per format if several.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT,..", help=FORMATS)],
    val_share: Annotated[
        float | None,
        typer.Option("--val-share", min=0, max=1, help="Share of the photos for validation [0.2]."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Another number divides otherwise.")
    ] = None,
    shard_size: Annotated[
        str | None,
        typer.Option("--shard-size", metavar="N|SIZE", help="webdataset: 1000 samples, or 500MB."),
    ] = None,
    absolute: Annotated[
        bool | None,
        typer.Option(
            "--absolute/--relative", help="anomalib-tabular: paths; relative needs pandas < 3."
        ),
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--license", metavar="URL|NAME", help="croissant: of the dataset.")
    ] = None,
    options: Options = None,
    hardlink: Annotated[
        bool, typer.Option("--hardlink/--copy", help="How images come into OUT.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export in OUT.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a dataset of any tool in other formats; DATASET is never written to.

    Instances come from our manifest where there is one, else from parts of the mask that do not
    touch. All images of one photo are either for training or for validation.

    Exit code: 0 all written, 2 cannot begin or go on (one line says why), 3 some images could not
    be used and were left out.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        flags = {
            "val_share": val_share,
            "seed": seed,
            "shard_size": shard_size,
            "absolute": absolute,
            "license": licence,
        }
        given = {name: value for name, value in flags.items() if value is not None}
        chosen = _exporters(to, given, options or ())
        done = _write(console, dataset, out, chosen, hardlink=hardlink, overwrite=overwrite)
        results = [_report(console, name, exported) for name, exported in done.items()]
        left_out = {file: why for item in done.values() for file, why in item.left_out.items()}
        for file, why in left_out.items():
            console.warn(f"left out: {file}: {why}")
        console.result(dataset=str(dataset), exports=results, left_out=left_out)
    if left_out:
        raise typer.Exit(SOME_FAILED)


def _exporters(
    to: str, flags: Mapping[str, object], options: Sequence[str]
) -> "dict[str, Exporter]":
    """Build the exporters by the names the user gave; each takes the options it has."""
    from anomsynth.dataset.exports import exporters

    known = [kind.replace("_", "-") for kind in exporters.kinds()]
    names = parse_words("--to", to.replace("_", "-"), known)
    classes = {name: exporters.load(name.replace("-", "_")) for name in names}
    for option, value in flags.items():
        if not any(option in loaded.model_fields for loaded in classes.values()):
            flag = "--relative" if value is False else f"--{option.replace('_', '-')}"
            msg = f"{flag}: {' and '.join(names)} has no such option"
            raise UserError(msg, hint="leave it out")
    fields = parse_fields(classes, options)
    built = {}
    for name, loaded in classes.items():
        own = {key: value for key, value in flags.items() if key in loaded.model_fields}
        twice = next((key for key in own if key in fields[name]), None)
        if twice is not None:
            raise UserError(f"{twice} is given twice, once by {FLAG}", hint="give it once")
        built[name] = exporters.build({"kind": name.replace("-", "_"), **own, **fields[name]})
    return built


def _write(
    console: Console,
    dataset: Path,
    out: Path,
    chosen: "dict[str, Exporter]",
    *,
    hardlink: bool,
    overwrite: bool,
) -> "dict[str, Exported]":
    from anomsynth.dataset.exports import Target, check_export
    from anomsynth.dataset.exports import export as write

    targets = {
        name: Target(out if len(chosen) == 1 else out / name, overwrite, hardlink)
        for name in chosen
    }
    for target in targets.values():  # before the first is written
        check_export(dataset, target)
    return {
        name: write(dataset, targets[name], exporter, _progress(console, name))
        for name, exporter in chosen.items()
    }


def _progress(console: Console, name: str) -> Callable[[int, int], None]:
    last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_S:
            last = time.monotonic()
            console.note(f"{name}: {done} of {total} images")

    return show


def _report(console: Console, name: str, exported: "Exported") -> dict[str, object]:
    console.say(f"{name}: {exported.images} images -> {exported.out}")
    for line in exported.loading:
        console.say(f"  {line}")
    return {
        "format": name,
        "out": str(exported.out),
        "images": exported.images,
        "left_out": len(exported.left_out),
    }
