"""A contact sheet of what a preset does to some photos."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.api.options import (
    AUTO,
    FilePath,
    Preset,
    RecipeOptions,
    Strength,
    checked_bits,
    choose_recipe,
    to_path,
    view_options,
    whole,
    words,
)
from anomsynth.core.photo import Photo
from anomsynth.core.registry import generators
from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey, Surface
from anomsynth.dataset.masks import MaskFolder, Region, read_numbered, read_region
from anomsynth.dataset.paths import exists, printable
from anomsynth.dataset.reading import make_reading
from anomsynth.dataset.sources import Sources
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import OutputError, SynthesisError, UserError
from anomsynth.pipeline.auto import FALLBACK, choose_presets, guess_material
from anomsynth.pipeline.events import Listener, PresetChosen
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.tried import Tried, find_tried, surface_to_try
from anomsynth.pipeline.units import Unit
from anomsynth.recipe.models import Recipe
from anomsynth.sheets.gallery import STAND_INS, draw_gallery, make_rows
from anomsynth.sheets.sheet import SheetRow, caption_of, contact_sheet, with_legend, write_sheet
from anomsynth.single import ImageLike, to_photo
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import measure_appearance
from anomsynth.synthesis.scanned import ScannedSurface
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize

MOST_SAMPLES = 64
SHEET = "sheet.png"  # where the sheet goes, or the next free number
PER_PAGE = 8  # mechanisms on one page of a gallery
ALONE = "image"  # name of a photo that is no file


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A contact sheet.

    Attributes
    ----------
    sheets : tuple of (h, w, 3) uint8 RGB
        The pages of a gallery, else one; none if no sample could be made.
    files : tuple of Path
        Where they were written.
    samples : tuple of Sample
        What is on it; empty for a gallery.
    failed : dict of str -> int
        How many samples could not be made: by message, in a gallery by kind.
    seed : int
    """

    sheets: tuple[NDArray[np.uint8], ...] = field(repr=False)
    files: tuple[Path, ...]
    samples: tuple[Sample, ...]
    failed: Mapping[str, int]
    seed: int

    @property
    def sheet(self) -> NDArray[np.uint8] | None:
        """The first page."""
        return self.sheets[0] if self.sheets else None

    @property
    def out(self) -> Path | None:
        """Where the first page was written."""
        return self.files[0] if self.files else None


def preview(
    image: ImageLike | Sequence[FilePath] | None = None,
    *,
    show_all: bool = False,
    preset: Preset = "generic",
    out: FilePath | None = SHEET,
    count: int = 6,
    kinds: Sequence[str] | str | None = None,
    defects_per_image: int | tuple[int, int] | None = None,
    severity: Strength | None = None,
    seed: int | None = None,
    refiners: Sequence[str] | str | None = None,
    mm_per_px: float | None = None,
    roi: FilePath | None = None,
    avoid: FilePath | None = None,
    components: FilePath | None = None,
    textures: FilePath | None = None,
    real: FilePath | None = None,
    bits: int | None = None,
    value_range: tuple[float, float] | None = None,
    bands: Sequence[str | int] | str | int | None = None,
    depth_unit: float | None = None,
    depth_sense: Literal["depth", "height"] | None = None,
    views: Sequence[str] | str | None = None,
    lights: FilePath | Mapping[str, Mapping[str, float]] | None = None,
    overwrite: bool = False,
    on_event: Listener | None = None,
) -> Preview:
    """Draw input, result, outlined masks and a zoom at the defect for several samples.

    With `show_all`, draw a gallery instead: every mechanism, or those of `kinds`, at d' 2, 4 and 7,
    on pages.

    Parameters
    ----------
    image : path, array or PIL image, as for `synthesize`, or a folder, or several of both
        Photos of a good part; of folders as many are taken as there are samples. A gallery is drawn
        on the first photo, on rendered surfaces without one.
    show_all : bool
    out : path that ends in ``.png``, or None
        Where to write the sheet; None only returns it. ``sheet.png`` gets the next free number.
    count : int in [1, 64]
        Samples on the sheet.
    preset, kinds, defects_per_image, severity, seed, refiners, mm_per_px
        As for `generate`; for "auto" all photos of a folder count, as there, and a single photo
        speaks for itself.
    roi, avoid, components : path, optional
        Masks as for `generate`: where defects may go, where they must not, the part's components.
    textures : path, optional
        Folder of pictures to take foreign textures from.
    real : path, optional
        Marked, real defects for mechanisms that set them into the photo.
    bits, value_range, bands, depth_unit, depth_sense
        How the numbers of the file or the array are meant, as for `generate`; bands of an array
        are numbers from 1. Of scans the sheet also shows the relief in light from the upper left,
        and at the defect its height as colour.
    views, lights
        Of parts that were photographed in several lights, as for `generate`; up to three views
        are drawn.
    overwrite : bool
        Replace a sheet that is there.
    on_event : callable, optional
        Is told which preset ``"auto"`` chose, and why, and what may not be as it is meant.

    Returns
    -------
    Preview

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If a picture or a mask cannot be read.
    OutputError
        If the sheet cannot be written, or is there already.

    Examples
    --------
    >>> import anomsynth as asy
    >>> photo = asy.demo_photos()["metal"][0]
    >>> found = asy.preview(photo, preset="metal", kinds="scratch", count=1, out=None)
    >>> found.samples[0].kinds, found.sheet.shape[2]
    (('scratch',), 3)
    """
    given = _paths(image)
    reading = make_reading(value_range, bands)
    target = _check(image, given, to_path(out), count, show_all=show_all, overwrite=overwrite)
    options = RunOptions(
        roi=to_path(roi),
        avoid=to_path(avoid),
        components=to_path(components),
        textures=to_path(textures),
        real=to_path(real),
        bits=checked_bits(bits),
        value_range=reading.span,
        bands=reading.bands,
        depth_unit=depth_unit,
        depth_sense=depth_sense,
        **view_options(views, lights),
    )
    _check_views(options, given, show_all=show_all)
    wanted = RecipeOptions(
        kinds=kinds,
        refiners=refiners,
        severity=severity,
        defects_per_image=defects_per_image,
        seed=seed,
        mm_per_px=mm_per_px,
    )
    most = 1 if show_all else count
    tried = find_tried(given, most, options) if given else Tried((), {})
    tried = tried.first(most)
    recipes = _recipes(image, tried, preset, wanted, (options, on_event))
    recipe = next(iter(recipes.values()))
    tried, notices = tried.lit(recipes, options)
    units = tried.units
    if on_event is not None:
        for notice in notices:
            on_event(notice)
    if show_all:
        surface = next(_surfaces(image, units[:1], recipes, options), None)
        chosen = generators.kinds() if kinds is None else words(kinds)
        pages, missing = _gallery(recipe, chosen, None if surface is None else surface[1])
        return Preview(pages, _written(pages, target), (), missing, recipe.seed)
    made, failed = _samples(_surfaces(image, units, recipes, options), count, max(len(units), 1))
    causes = dict(failed.most_common())
    if not made:
        return Preview((), (), (), causes, recipe.seed)
    sheet = contact_sheet([row for row, _ in made])
    sheets = (with_legend(sheet, allowed=True),)
    samples = tuple(sample for _, sample in made)
    return Preview(sheets, _written(sheets, target), samples, causes, recipe.seed)


def _paths(image: ImageLike | Sequence[FilePath] | None) -> tuple[Path, ...]:
    if isinstance(image, str | os.PathLike):
        return (Path(image),)
    if isinstance(image, list | tuple):
        return tuple(Path(one) for one in image)
    return ()


def _check(
    image: object,
    given: Sequence[Path],
    out: Path | None,
    count: int,
    *,
    show_all: bool,
    overwrite: bool,
) -> Path | None:
    """Check what was asked for, and return where the sheet goes."""
    if out is not None and out.suffix.lower() != ".png":
        raise OutputError(f"`out`: expected a name that ends in .png, got {str(out)!r}")
    if not 1 <= whole("count", count) <= MOST_SAMPLES:
        raise UserError(f"`count`: must lie in 1:{MOST_SAMPLES}, got {count}")
    if (image is None or (isinstance(image, list | tuple) and not image)) and not show_all:
        raise UserError("no photo given", hint="give one, or `show_all=True`")
    if out is None:
        return None
    for photo in given:
        if out.resolve() == photo.resolve():
            raise OutputError(f"`out`: {out} is the photo itself", hint="choose another name")
    if overwrite or not (exists(out) or exists(_page(out, 1))):
        return out
    if out != Path(SHEET):
        raise OutputError(
            f"{out}: is there already", hint="choose another name, or `overwrite=True`"
        )
    return next(path for path in _numbered(out) if not (exists(path) or exists(_page(path, 1))))


def _check_views(options: RunOptions, given: Sequence[Path], *, show_all: bool) -> None:
    """Raise UserError if views are asked for where there are none."""
    if options.views and (show_all or not given):
        what = "a gallery shows one photo" if show_all else "an array is one photo"
        raise UserError(f"`views`: {what}", hint="give the photos of a part as files")


def _numbered(out: Path) -> Iterator[Path]:
    number = 2
    while True:
        yield out.with_name(f"{out.stem}-{number}{out.suffix}")
        number += 1


def _page(out: Path, number: int) -> Path:
    return out.with_name(f"{out.stem}-page{number}{out.suffix}")


def _recipes(
    image: object,
    tried: Tried,
    preset: Preset,
    wanted: RecipeOptions,
    run: tuple[RunOptions, Listener | None],
) -> dict[str, Recipe]:
    """Return the recipe of each category; of a photo that is no file, by the name ""."""
    options, tell = run
    if preset != AUTO:
        recipe = choose_recipe(preset, wanted)
        return dict.fromkeys(tried.categories or [""], recipe)
    if not tried.units:
        looks = FALLBACK
        if image is not None:
            looks = guess_material(measure_appearance(analyze(_photo_of(image, options))))[0]
        return {"": choose_recipe(looks, wanted)}
    found = {}
    choices = choose_presets(tried.categories, options.bits, options.reading)
    for category, choice in choices.items():
        if tell is not None:
            tell(PresetChosen("" if len(choices) == 1 else category, choice.preset, choice.why))
        found[category] = choose_recipe(choice.preset, wanted)
    return found


def _surfaces(
    image: object, units: Sequence[Unit], recipes: Mapping[str, Recipe], options: RunOptions
) -> Iterator[tuple[str, Surface, Recipe]]:
    """Yield name, surface and recipe of each photo."""
    for unit in units:
        recipe = recipes[unit.category]
        yield printable(unit.path.name), surface_to_try(unit, recipe, options), recipe
    if not units and image is not None:
        recipe = recipes[""]
        yield ALONE, _surface_of_array(image, recipe, options), recipe


def _photo_of(image: object, options: RunOptions) -> Photo:
    return to_photo(image, options.bits, options.reading)  # type: ignore[arg-type]  # no path


def _surface_of_array(image: object, recipe: Recipe, options: RunOptions) -> Surface:
    photo = _photo_of(image, options)
    height, width = photo.pixels.shape[:2]

    def marked(root: Path | None) -> Region | None:
        return None if root is None else MaskFolder(root).find("", ALONE)

    roi, avoid, components = map(marked, (options.roi, options.avoid, options.components))
    surface = surface_of(
        photo,
        recipe,
        None if components is None else read_numbered(components, (height, width)),
        roi=None if roi is None else read_region(roi, (height, width)),
        avoid=None if avoid is None else read_region(avoid, (height, width)),
    )
    return Sources(options.textures, options.real).given_to(surface)


def _gallery(
    recipe: Recipe, kinds: Sequence[str], surface: Surface | None
) -> tuple[tuple[NDArray[np.uint8], ...], dict[str, int]]:
    """Return the pages, and for how many tiles of each kind there was no place."""
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
    pages = tuple(
        draw_gallery(rows[start : start + PER_PAGE], list(surfaces))
        for start in range(0, len(rows), PER_PAGE)
    )
    return pages, missing


def _samples(
    surfaces: Iterator[tuple[str, Surface, Recipe]], count: int, photos: int
) -> tuple[list[tuple[SheetRow, Sample]], Counter[str]]:
    """Make samples, in turn one of each photo but sorted by photo, and their rows."""
    made: list[tuple[SheetRow, Sample]] = []
    failed: Counter[str] = Counter()
    for nth, (name, surface, recipe) in enumerate(surfaces):
        before = surface.assemble(surface.pixels)
        for index in range(len(range(nth, count, photos))):
            try:
                sample = synthesize(surface, recipe, key=SampleKey("preview", name, index))
            except SynthesisError as error:
                failed[str(error)] += 1
                continue
            caption = caption_of(sample) if photos == 1 else f"{name}: {caption_of(sample)}"
            row = SheetRow.of(before, sample, caption, surface.allowed)
            if isinstance(surface, ScannedSurface):
                row = replace(row, raised=surface.raised_with(sample), mm_per_px=sample.mm_per_px)
            made.append((row, sample))
    return made, failed


def _written(pages: Sequence[NDArray[np.uint8]], out: Path | None) -> tuple[Path, ...]:
    if out is None:
        return ()
    if len(pages) == 1:
        places = [out]
    else:
        places = [_page(out, number) for number in range(1, len(pages) + 1)]
    for place, page in zip(places, pages, strict=True):
        write_sheet(place, page)
    return tuple(places)
