"""`anomsynth preview`: a contact sheet of what a preset does to some photos."""

import shlex
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.choices import (
    Bands,
    Bits,
    DefectsPerImage,
    DepthSense,
    DepthUnit,
    Kinds,
    Lights,
    MmPerPx,
    Preset,
    Refiners,
    Seed,
    Severity,
    ValueRange,
    Views,
    parse_counts,
    parse_files,
    parse_refiners,
    parse_severity,
    parse_words,
)
from anomsynth.cli.console import SOME_FAILED, USER_ERROR, Json, Quiet, example, reporting
from anomsynth.core.counted import counted

EXAMPLE = example(
    "preview photo.png --preset metal --kinds scratch",
    "preview photos --preset auto --roi part --count 12 --out sheet.png",
    "preview --all --out gallery.png",
)
GROUPS = {
    "What to make": (
        *("show_all", "preset", "count", "kinds", "defects_per_image", "severity", "seed"),
        *("refiners", "mm_per_px"),
    ),
    "The photos, and where on them": (
        *("roi", "avoid", "components", "textures", "real", "bits", "value_range", "bands"),
        *("depth_unit", "depth_sense", "views", "lights"),
    ),
    "The sheet": ("out", "overwrite"),
}


def preview(
    image: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTOS...", help="Photos of a good part, or folders.", show_default=False
        ),
    ] = None,
    show_all: Annotated[
        bool,
        typer.Option(
            "--all", help="Every mechanism at three strengths, on the first photo or on stand-ins."
        ),
    ] = False,
    preset: Preset = "generic",
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="The sheet, a PNG; sheet.png gets the next free number."),
    ] = Path("sheet.png"),
    count: Annotated[int, typer.Option("--count", min=1, max=64, help="Samples on the sheet.")] = 6,
    kinds: Kinds = None,
    defects_per_image: DefectsPerImage = None,
    severity: Severity = None,
    seed: Seed = None,
    refiners: Refiners = None,
    mm_per_px: MmPerPx = None,
    roi: Annotated[
        Path | None,
        typer.Option("--roi", metavar="DIR|FILE", help="Masks: where defects may go."),
    ] = None,
    avoid: Annotated[
        Path | None,
        typer.Option("--avoid", metavar="DIR|FILE", help="Masks: where they must not."),
    ] = None,
    components: Annotated[
        Path | None,
        typer.Option("--components", metavar="DIR|FILE", help="Masks of the components."),
    ] = None,
    textures: Annotated[
        Path | None,
        typer.Option("--textures", metavar="DIR", help="Pictures to take foreign textures from."),
    ] = None,
    real: Annotated[
        Path | None,
        typer.Option("--real", metavar="DIR", help="Marked, real defects, for paste_real."),
    ] = None,
    bits: Bits = None,
    value_range: ValueRange = None,
    bands: Bands = None,
    depth_unit: DepthUnit = None,
    depth_sense: DepthSense = None,
    views: Views = None,
    lights: Lights = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a sheet that is there.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw input, result, outlined masks and a zoom at the defect for several samples.

    Of a folder, as many photos are taken as there are samples. With --all, draw a gallery
    instead: every mechanism (or those of --kinds) at d' 2, 4 and 7, on pages.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.preview import preview as draw
        from anomsynth.cli.progress import note_event

        found = draw(
            image,
            show_all=show_all,
            preset=preset,
            out=out,
            count=count,
            kinds=None if kinds is None else parse_words("--kinds", kinds),
            defects_per_image=None
            if defects_per_image is None
            else parse_counts("--defects-per-image", defects_per_image),
            severity=None if severity is None else parse_severity(severity),
            seed=seed,
            refiners=None if refiners is None else parse_refiners(refiners),
            mm_per_px=mm_per_px,
            roi=roi,
            avoid=avoid,
            components=components,
            textures=textures,
            real=real,
            bits=bits,
            **parse_files(value_range, bands),
            depth_unit=depth_unit,
            depth_sense=depth_sense,
            views=None if views is None else parse_words("--views", views),
            lights=lights,
            overwrite=overwrite,
            on_event=partial(note_event, console),
        )
        files = [str(file) for file in found.files]
        if show_all:
            shown = files[0] if len(files) == 1 else f"{files[0]} to {files[-1]}"
            console.say(f"gallery in {shown}")
            console.result(sheet=files[0], pages=files, failed=found.failed)
            return
        if found.samples:
            console.say(f"{counted(len(found.samples), 'sample')} on {files[0]}")
            photos = shlex.join(str(path) for path in image or ())
            console.say(f"other kinds, sizes and strengths by sliders: anomsynth tune {photos}")
        console.result(
            sheet=files[0] if files else None,
            samples=[{"kinds": sample.kinds, "seed": found.seed} for sample in found.samples],
            failed=found.failed,
        )
        if found.failed:
            causes = "; ".join(f"{number} x {cause}" for cause, number in found.failed.items())
            console.error(
                f"{sum(found.failed.values())} of {counted(count, 'sample')} failed: {causes}"
            )
            raise typer.Exit(SOME_FAILED if found.samples else USER_ERROR)
