"""A contact sheet of what a preset does to one photo."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.api.options import (
    AUTO,
    FilePath,
    Preset,
    RecipeOptions,
    choose_recipe,
    to_path,
    whole,
    words,
)
from anomsynth.core.registry import generators
from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey, Surface
from anomsynth.dataset.components import read_components
from anomsynth.dataset.sources import Sources
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import OutputError, SynthesisError, UserError
from anomsynth.pipeline.auto import FALLBACK, choose_preset, guess_material
from anomsynth.pipeline.depths import find_depths, spread
from anomsynth.pipeline.events import Listener, PresetChosen
from anomsynth.recipe.models import Recipe
from anomsynth.sheets.gallery import STAND_INS, draw_gallery, make_rows
from anomsynth.sheets.sheet import SheetRow, contact_sheet, write_sheet
from anomsynth.single import ImageLike, to_photo
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import measure_appearance
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize

MOST_SAMPLES = 64


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A contact sheet.

    Attributes
    ----------
    sheet : (h, w, 3) uint8 RGB, or None
        None if no sample could be made.
    out : Path or None
        Where it was written.
    samples : tuple of Sample
        What is on it; empty for a gallery.
    failed : dict of str -> int
        How many samples could not be made: by message, in a gallery by kind.
    seed : int
    """

    sheet: NDArray[np.uint8] | None = field(repr=False)
    out: Path | None
    samples: tuple[Sample, ...]
    failed: Mapping[str, int]
    seed: int


def preview(
    image: ImageLike | None = None,
    *,
    show_all: bool = False,
    preset: Preset = "generic",
    out: FilePath | None = "sheet.png",
    count: int = 6,
    kinds: Sequence[str] | str | None = None,
    defects_per_image: int | tuple[int, int] | None = None,
    severity: float | tuple[float, float] | None = None,
    seed: int | None = None,
    refiners: Sequence[str] | str | None = None,
    mm_per_px: float | None = None,
    components: FilePath | None = None,
    textures: FilePath | None = None,
    real: FilePath | None = None,
    on_event: Listener | None = None,
) -> Preview:
    """Draw input, result, outlined masks and a zoom at the defect for several samples.

    With `show_all`, draw a gallery instead: every mechanism, or those of `kinds`, at d' 2, 4 and 7.

    Parameters
    ----------
    image : path, array or PIL image, as for `synthesize`
        Photo of a good part; a gallery is drawn on rendered surfaces without one.
    show_all : bool
    out : path that ends in ``.png``, or None
        Where to write the sheet; None only returns it.
    count : int in [1, 64]
        Samples on the sheet.
    preset, kinds, defects_per_image, severity, seed, refiners, mm_per_px
        As for `generate`.
    components : path, optional
        Mask of the part's components.
    textures : path, optional
        Folder of pictures to take foreign textures from.
    real : path, optional
        Marked, real defects for mechanisms that set them into the photo.
    on_event : callable, optional
        Is told which preset ``"auto"`` chose, and why.

    Returns
    -------
    Preview

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If a picture cannot be read.
    OutputError
        If the sheet cannot be written.

    Examples
    --------
    >>> import anomsynth as asy
    >>> photo = asy.demo_photos()["metal"][0]
    >>> found = asy.preview(photo, preset="metal", kinds="scratch", count=1, out=None)
    >>> found.samples[0].kinds, found.sheet.shape[2]
    (('scratch',), 3)
    """
    target = to_path(out)
    _check(image, target, count, show_all=show_all)
    if preset == AUTO:
        preset = _choose(image, on_event)
    recipe = choose_recipe(
        preset,
        RecipeOptions(
            kinds=kinds,
            refiners=refiners,
            severity=severity,
            defects_per_image=defects_per_image,
            seed=seed,
            mm_per_px=mm_per_px,
        ),
    )
    surface = None
    if image is not None:
        surface = _surface(
            image, recipe, to_path(components), Sources(to_path(textures), to_path(real))
        )
    if surface is None or show_all:
        chosen = generators.kinds() if kinds is None else words(kinds)
        sheet, missing = _gallery(recipe, chosen, surface)
        return Preview(_written(sheet, target), target, (), missing, recipe.seed)
    file = _file(image)
    samples, failed = _samples(surface, recipe, "image" if file is None else file.name, count)
    causes = dict(failed.most_common())
    if not samples:
        return Preview(None, None, (), causes, recipe.seed)
    before = surface.assemble(surface.pixels)
    sheet = contact_sheet([SheetRow.of(before, sample) for sample in samples])
    return Preview(_written(sheet, target), target, tuple(samples), causes, recipe.seed)


def _check(
    image: ImageLike | None,
    out: Path | None,
    count: int,
    *,
    show_all: bool,
) -> None:
    if out is not None and out.suffix.lower() != ".png":
        raise OutputError(f"`out`: expected a name that ends in .png, got {str(out)!r}")
    if not 1 <= whole("count", count) <= MOST_SAMPLES:
        raise UserError(f"`count`: must lie in 1:{MOST_SAMPLES}, got {count}")
    if image is None and not show_all:
        raise UserError("no photo given", hint="give one, or `show_all=True`")
    photo = _file(image)
    if photo is not None and out is not None and out.resolve() == photo.resolve():
        raise OutputError(f"`out`: {out} is the photo itself", hint="choose another name")


def _file(image: ImageLike | None) -> Path | None:
    return Path(image) if isinstance(image, str | os.PathLike) else None


def _choose(image: ImageLike | None, tell: Listener | None) -> str:
    if image is None:
        return FALLBACK
    path = _file(image)
    if path is None:
        return guess_material(measure_appearance(analyze(to_photo(image))))[0]
    choice = choose_preset(path.resolve().parent.name, [path])
    if tell is not None:
        tell(PresetChosen("", choice.preset, choice.why))
    return choice.preset


def _surface(
    image: ImageLike,
    recipe: Recipe,
    components: Path | None,
    sources: Sources,
) -> Surface:
    photo = to_photo(image)
    path = _file(image)
    if path is not None:
        photo = spread(photo, find_depths({"": [path]}, 1).get(""), path)
    height, width = photo.pixels.shape[:2]
    numbers = None if components is None else read_components(components, (height, width))
    surface = surface_of(photo, recipe, numbers)
    return sources.given_to(surface)


def _gallery(
    recipe: Recipe, kinds: Sequence[str], surface: Surface | None
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """Return the gallery, and for how many tiles of each kind there was no place."""
    if surface is None:
        pictures = {name: make_stand_in(name) for name in STAND_INS}
        surfaces = {
            name: replace(
                surface_of(item.pixels, recipe, item.components), defects=StandInDefects()
            )
            for name, item in pictures.items()
        }
    else:
        surfaces = {"photo": surface}
    rows = make_rows(kinds, list(surfaces.values()), recipe, recipe.seed)
    failed = {row.kind: sum(isinstance(tile, str) for tile in row.tiles) for row in rows}
    missing = {kind: number for kind, number in failed.items() if number}
    return draw_gallery(rows, list(surfaces)), missing


def _samples(
    surface: Surface, recipe: Recipe, name: str, count: int
) -> tuple[list[Sample], Counter[str]]:
    samples: list[Sample] = []
    failed: Counter[str] = Counter()
    for index in range(count):
        try:
            samples.append(synthesize(surface, recipe, key=SampleKey("preview", name, index)))
        except SynthesisError as error:
            failed[str(error)] += 1
    return samples, failed


def _written(sheet: NDArray[np.uint8], out: Path | None) -> NDArray[np.uint8]:
    if out is not None:
        write_sheet(out, sheet)
    return sheet
