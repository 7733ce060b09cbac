"""Photos on which a recipe is tried before a run, seen as a run sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anomsynth.core.types import Surface
from anomsynth.dataset.masks import MaskFinder, Region
from anomsynth.dataset.paths import is_dir
from anomsynth.dataset.reading import PhotoReader, spread
from anomsynth.dataset.source_image import SourceImage
from anomsynth.dataset.sources import Sources
from anomsynth.pipeline.analysis import analyse_photo, load_unit
from anomsynth.pipeline.depths import find_depths
from anomsynth.pipeline.listing import find_scan, list_source
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.parts import find_parts
from anomsynth.pipeline.units import Unit
from anomsynth.recipe.models import Recipe


@dataclass(frozen=True, slots=True)
class Tried:
    """What a recipe is tried on.

    Attributes
    ----------
    units : tuple of Unit
        Photos taken, each with the masks that go with it.
    categories : dict of category -> SourceImage
        All photos they were taken from.
    """

    units: tuple[Unit, ...]
    categories: Mapping[str, Sequence[SourceImage]]


def find_tried(given: Sequence[Path], most: int, options: RunOptions) -> Tried:
    """List photos to try a recipe on, each with the masks that go with it.

    Of folders, photos that are evenly spaced among all are taken; how the part is found is decided
    by all of them, as in a run. A single photo speaks for itself.

    Parameters
    ----------
    given : photos and folders of photos
    most : int
        Photos taken of all folders together, at least one of each category.
    options : RunOptions
        Masks, and how a folder is laid out.

    Raises
    ------
    InputError
        If there is no such photo or folder, or it holds no photos, or no photo has a mask in a
        folder of masks.
    """
    categories: dict[str, dict[str, SourceImage]] = {}
    folders = 0
    for place in given:
        if is_dir(place):
            folders += 1
            found = list_source(place, options)
            for category, photos in found.categories.items():
                categories.setdefault(category, {}).update({one.key: one for one in photos})
        else:
            category = place.resolve().parent.name
            photo = SourceImage(place.name, place, find_scan(place, options))
            categories.setdefault(category, {})[place.name] = photo
    paths = {
        category: [one.path for one in listed.values() if one.scan is None]
        for category, listed in categories.items()
    }
    depths = find_depths(paths, options.jobs, options.bits, options.reading)
    readers = {name: PhotoReader(options.reading, depths.get(name)) for name in paths}
    alone = not folders and len(given) == 1
    finders = {} if alone or options.roi is not None else find_parts(paths, options.jobs, readers)
    units = [
        Unit(
            category=category,
            image=key,
            path=photo.path,
            rank=rank,
            first=0,
            samples=0,
            split="train",
            finder=finders.get(category),
            depth=depths.get(category),
            scan=photo.scan,
            scan_reading=options.scan_reading,
        )
        for category, listed in categories.items()
        for rank, (key, photo) in enumerate(_some(listed, max(most // len(categories), 1)))
    ]
    return Tried(
        _with_masks(units, options),
        {category: tuple(listed.values()) for category, listed in categories.items()},
    )


def surface_to_try(unit: Unit, recipe: Recipe, options: RunOptions) -> Surface:
    """Read and analyse a photo as a run does.

    Raises
    ------
    InputError
        If the photo or a mask cannot be read, or a photo has no mask where all need one.
    """
    loaded = load_unit(unit, options.reading, recipe)
    loaded = replace(loaded, photo=spread(loaded.photo, unit.depth, unit.path))
    return analyse_photo(
        loaded,
        unit,
        recipe,
        needs_roi=options.roi is not None,
        sources=Sources(options.textures, options.real),
    )


def _some(listed: Mapping[str, SourceImage], count: int) -> list[tuple[str, SourceImage]]:
    items = list(listed.items())
    count = min(count, len(items))
    return [items[nth * len(items) // count] for nth in range(count)]


def _with_masks(units: Sequence[Unit], options: RunOptions) -> tuple[Unit, ...]:
    masks = [_regions(root, units) for root in (options.roi, options.avoid, options.components)]
    return tuple(
        replace(unit, roi=roi, avoid=avoid, components=components)
        for unit, roi, avoid, components in zip(units, *masks, strict=True)
    )


def _regions(root: Path | None, units: Sequence[Unit]) -> list[Region | None]:
    finder = MaskFinder(root)
    regions = [finder.find(unit.category, unit.image) for unit in units]
    finder.check_used()
    return regions
