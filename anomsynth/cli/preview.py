"""`anomsynth preview`: a contact sheet of what a preset does to one photo."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import (
    AUTO,
    DefectsPerImage,
    Kinds,
    MmPerPx,
    Preset,
    Refiners,
    Seed,
    Severity,
    choose_recipe,
    parse_words,
)
from anomsynth.cli.console import SOME_FAILED, Console, Json, Quiet, example, reporting
from anomsynth.errors import OutputError, SynthesisError, UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from anomsynth.core.types import Surface
    from anomsynth.recipe.models import Recipe
    from anomsynth.sheets.sheet import SheetRow

EXAMPLE = example(
    "preview photo.png --preset metal --kinds scratch --out sheet.png",
    "preview --all --out gallery.png",
)


def preview(
    image: Annotated[
        Path | None, typer.Argument(help="Photo of a good part.", show_default=False)
    ] = None,
    show_all: Annotated[
        bool,
        typer.Option("--all", help="Every mechanism at three strengths, on IMAGE or stand-ins."),
    ] = False,
    preset: Preset = "generic",
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet, a PNG.")] = Path("sheet.png"),
    count: Annotated[int, typer.Option("--count", min=1, max=64, help="Samples on the sheet.")] = 6,
    kinds: Kinds = None,
    defects_per_image: DefectsPerImage = None,
    severity: Severity = None,
    seed: Seed = None,
    refiners: Refiners = None,
    mm_per_px: MmPerPx = None,
    components: Annotated[
        Path | None,
        typer.Option("--components", metavar="MASK", help="Mask of the components."),
    ] = None,
    textures: Annotated[
        Path | None,
        typer.Option("--textures", metavar="DIR", help="Pictures to take foreign textures from."),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw input, result, outlined masks and a zoom at the defect for several samples.

    With --all, draw a gallery instead: every mechanism (or those of --kinds) at d' 2, 4 and 7.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        if out.suffix.lower() != ".png":
            raise OutputError(f"--out: expected a name that ends in .png, got {str(out)!r}")
        if image is None and not show_all:
            raise UserError("no photo given", hint="anomsynth preview PHOTO, or --all")
        if image is not None and out.resolve() == image.resolve():
            raise OutputError(f"--out: {out} is the photo itself", hint="choose another name")
        if preset == AUTO:
            preset = _choose(console, image)
        recipe = choose_recipe(
            preset,
            kinds=kinds,
            refiners=refiners,
            severity=severity,
            defects_per_image=defects_per_image,
            seed=seed,
            mm_per_px=mm_per_px,
        )
        if image is None or show_all:
            surface = None if image is None else _read(image, recipe, components, textures)
            failures = _draw_all(recipe, kinds, surface, out)
            console.say(f"gallery in {out}")
            console.result(sheet=str(out), failed=failures)
            return
        from anomsynth.sheets.sheet import contact_sheet

        surface = _read(image, recipe, components, textures)
        rows, failed = _make_rows(surface, recipe, image.name, count)
        if rows:
            write_sheet(out, contact_sheet(rows))
            console.say(f"{len(rows)} samples on {out}")
        console.result(
            sheet=str(out) if rows else None,
            samples=[{"kinds": row.sample.kinds, "seed": recipe.seed} for row in rows],
            failed=dict(failed),
        )
        if failed:
            causes = "; ".join(f"{number} x {cause}" for cause, number in failed.most_common())
            console.error(f"{failed.total()} of {count} samples failed: {causes}")
            raise typer.Exit(SOME_FAILED)


def _choose(console: Console, image: Path | None) -> str:
    from anomsynth.pipeline.auto import FALLBACK, choose_preset

    if image is None:
        return FALLBACK
    choice = choose_preset(image.resolve().parent.name, [image])
    console.note(f"preset {choice.preset}, because {choice.why}")
    return choice.preset


def _read(
    image: Path, recipe: "Recipe", components: Path | None, textures: Path | None
) -> "Surface":
    from dataclasses import replace

    from anomsynth.dataset.components import read_components
    from anomsynth.dataset.images import read_photo
    from anomsynth.dataset.textures import TextureFolder
    from anomsynth.synthesis.surfaces import surface_of

    photo = read_photo(image)
    height, width = photo.pixels.shape[:2]
    numbers = None if components is None else read_components(components, (height, width))
    surface = surface_of(photo, recipe, numbers)
    return surface if textures is None else replace(surface, textures=TextureFolder(textures))


def _draw_all(
    recipe: "Recipe", kinds: str | None, surface: "Surface | None", out: Path
) -> dict[str, int]:
    """Write the gallery; return for how many tiles of each kind there was no place."""
    from anomsynth.core.registry import generators
    from anomsynth.demo.standins import make_stand_in
    from anomsynth.sheets.gallery import STAND_INS, draw_gallery, make_rows
    from anomsynth.synthesis.surfaces import surface_of

    if surface is None:
        pictures = {name: make_stand_in(name) for name in STAND_INS}
        surfaces = {
            name: surface_of(item.pixels, recipe, item.components)
            for name, item in pictures.items()
        }
    else:
        surfaces = {"photo": surface}
    chosen = generators.kinds() if kinds is None else parse_words("--kinds", kinds)
    rows = make_rows(chosen, list(surfaces.values()), recipe, recipe.seed)
    write_sheet(out, draw_gallery(rows, list(surfaces)))
    failed = {row.kind: sum(isinstance(tile, str) for tile in row.tiles) for row in rows}
    return {kind: number for kind, number in failed.items() if number}


def _make_rows(
    surface: "Surface", recipe: "Recipe", name: str, count: int
) -> "tuple[list[SheetRow], Counter[str]]":
    from anomsynth.core.types import SampleKey
    from anomsynth.sheets.sheet import SheetRow
    from anomsynth.synthesis.synthesize import synthesize

    before = surface.assemble(surface.pixels)
    rows: list[SheetRow] = []
    failed: Counter[str] = Counter()
    for index in range(count):
        try:
            sample = synthesize(surface, recipe, key=SampleKey("preview", name, index))
        except SynthesisError as error:
            failed[str(error)] += 1
        else:
            rows.append(SheetRow(before, sample))
    return rows, failed


def write_sheet(path: Path, sheet: "NDArray[np.uint8]") -> None:
    """Write a contact sheet.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    from anomsynth.dataset.files import make_folder
    from anomsynth.dataset.images import write_png

    make_folder(path.parent)
    write_png(path, sheet, path.parent)
