"""`anomsynth preview`: a contact sheet of what a preset does to one photo."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import (
    DefectsPerImage,
    Kinds,
    MmPerPx,
    Preset,
    Refiners,
    Seed,
    Severity,
    choose_recipe,
)
from anomsynth.cli.console import SOME_FAILED, Json, Quiet, example, reporting
from anomsynth.errors import OutputError, SynthesisError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from anomsynth.core.photo import Photo
    from anomsynth.pipeline.sheet import SheetRow
    from anomsynth.recipe.models import Recipe

EXAMPLE = example("preview photo.png --preset metal --kinds scratch --out sheet.png")


def preview(
    image: Annotated[Path, typer.Argument(help="Photo of a good part.")],
    preset: Preset = "generic",
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet, a PNG.")] = Path("sheet.png"),
    count: Annotated[int, typer.Option("--count", min=1, max=64, help="Samples on the sheet.")] = 6,
    kinds: Kinds = None,
    defects_per_image: DefectsPerImage = None,
    severity: Severity = None,
    seed: Seed = None,
    refiners: Refiners = None,
    mm_per_px: MmPerPx = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw input, result, outlined masks and a zoom at the defect for several samples."""
    with reporting(quiet=quiet, as_json=as_json) as console:
        if out.suffix.lower() != ".png":
            raise OutputError(f"--out: expected a name that ends in .png, got {str(out)!r}")
        if out.resolve() == image.resolve():
            raise OutputError(f"--out: {out} is the photo itself", hint="choose another name")
        recipe = choose_recipe(
            preset,
            kinds=kinds,
            refiners=refiners,
            severity=severity,
            defects_per_image=defects_per_image,
            seed=seed,
            mm_per_px=mm_per_px,
        )
        from anomsynth.dataset.images import read_photo
        from anomsynth.pipeline.sheet import contact_sheet

        rows, failed = _make_rows(read_photo(image), recipe, image.name, count)
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


def _make_rows(
    photo: "Photo", recipe: "Recipe", name: str, count: int
) -> "tuple[list[SheetRow], Counter[str]]":
    from anomsynth.core.types import SampleKey
    from anomsynth.pipeline.sheet import SheetRow
    from anomsynth.pipeline.synthesize import synthesize
    from anomsynth.surface.analyze import analyze

    surface = analyze(photo, scale=recipe.scale, encoding=recipe.encoding)
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
    from anomsynth.dataset.files import output_error
    from anomsynth.dataset.images import write_png

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path.parent, error) from error
    write_png(path, sheet, path.parent)
