"""`anomsynth foreground`: masks of the part, to look at and to correct."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.choices import Bands, Bits, SourceLayout, ValueRange, parse_files
from anomsynth.cli.console import SOME_FAILED, Json, Quiet, example, reporting
from anomsynth.core.counted import counted

EXAMPLE = example("foreground photos --out masks", "generate photos dataset --roi masks")


def foreground(
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="Good photos: folder, folders, or MVTec-style root."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the masks and a sheet.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Threads; -1 is one per core.")] = -1,
    source_layout: SourceLayout = None,
    bits: Bits = None,
    value_range: ValueRange = None,
    bands: Bands = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a mask of the part for each photo, as `generate` would find it.

    Look at OUT/sheet.png, correct the masks that are wrong, and give OUT back by --roi.

    Exit code: 0 all written, 2 cannot begin or go on, 3 some photos cannot be read.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.foreground import foreground as find

        found = find(
            source,
            out,
            overwrite=overwrite,
            source_layout=source_layout,
            bits=bits,
            **parse_files(value_range, bands),
            jobs=jobs,
        )
        for category, part in found.parts.items():
            console.say(f"{category}: {part.line}")
            if part.doubt:
                console.warn(f"{category}: {part.doubt}")
        for photo, message in found.failed.items():
            console.warn(f"{photo}: {message}")
        console.say(f"\n{counted(found.masks, 'mask')} -> {found.out}")
        if found.sheet is not None:
            console.say(f"look at {found.sheet}, correct the masks that are wrong, then:")
            console.say(f"  anomsynth generate {source} DATASET --roi {out}")
        console.result(
            out=str(found.out),
            sheet=None if found.sheet is None else str(found.sheet),
            masks=found.masks,
            parts={category: part.line for category, part in found.parts.items()},
            doubts={category: part.doubt for category, part in found.parts.items() if part.doubt},
            failed=dict(found.failed),
        )
    if found.failed:
        raise typer.Exit(SOME_FAILED)
