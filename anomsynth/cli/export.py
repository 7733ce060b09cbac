"""`anomsynth export`: a dataset in the formats of other tools."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import SourceLayout, parse_words
from anomsynth.cli.console import SOME_FAILED, Console, Json, Quiet, example, reporting
from anomsynth.cli.fields import FLAG, Options, parse_fields
from anomsynth.core.counted import counted
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.dataset.exports import Exported

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
    single_class: Annotated[
        bool | None, typer.Option("--single-class", help="coco, yolo: all defects are one class.")
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option("--classes", metavar="KIND=NAME,...", help="coco, yolo: names of classes."),
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
    source_layout: SourceLayout = None,
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
        from anomsynth.api.export import export as write
        from anomsynth.dataset.exports import exporters

        known = [kind.replace("_", "-") for kind in exporters.kinds()]
        formats = parse_words("--to", to.replace("_", "-"), known)
        fields = _fields(formats, options or ())
        flags = {
            "val_share": val_share,
            "seed": seed,
            "shard_size": shard_size,
            "absolute": absolute,
            "single_class": single_class,
            "classes": classes,
            "license": licence,
        }
        twice = next((name for name in fields if flags.get(name) is not None), None)
        if twice is not None:
            raise UserError(f"{twice} is given twice, once by {FLAG}", hint="give it once")
        done = write(
            dataset,
            out,
            to=formats,
            val_share=val_share,
            seed=seed,
            shard_size=shard_size,
            absolute=absolute,
            single_class=single_class,
            classes=classes,
            license=licence,
            hardlink=hardlink,
            overwrite=overwrite,
            options=fields,
            source_layout=source_layout,
            on_picture=_progress(console),
        )
        results = [_report(console, name, exported) for name, exported in done.items()]
        console.say(
            "Of each photo all samples are on one side of the split. Judge what is trained on it by"
            " real photos, not by its own validation part."
        )
        left_out = {file: why for item in done.values() for file, why in item.left_out.items()}
        for file, why in left_out.items():
            console.warn(f"left out: {file}: {why}")
        console.result(dataset=str(dataset), exports=results, left_out=left_out)
    if left_out:
        raise typer.Exit(SOME_FAILED)


def _fields(formats: "Sequence[str]", options: "Sequence[str]") -> dict[str, object]:
    """Return the fields that formats are to have, by name."""
    from anomsynth.dataset.exports import exporters

    classes = {name: exporters.load(name.replace("-", "_")) for name in formats}
    found = parse_fields(classes, options)
    return {name: value for fields in found.values() for name, value in fields.items()}


def _progress(console: Console) -> Callable[[str, int, int], None]:
    last = time.monotonic()

    def show(name: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_S:
            last = time.monotonic()
            console.note(f"{name}: {done} of {counted(total, 'image')}")

    return show


def _report(console: Console, name: str, exported: "Exported") -> dict[str, object]:
    console.say(f"{name}: {counted(exported.images, 'image')} -> {exported.out}")
    if exported.not_carried:
        missing = " and ".join(f"{number} {what}" for what, number in exported.not_carried.items())
        console.note(f"{name}: {missing} are not in it, it holds pictures; webdataset has them")
    for line in exported.loading:
        console.say(f"  {line}")
    return {
        "format": name,
        "out": str(exported.out),
        "images": exported.images,
        "left_out": len(exported.left_out),
        "not_carried": dict(exported.not_carried),
    }
