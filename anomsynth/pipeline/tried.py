"""Photos on which a recipe is tried before a run, seen as a run sees them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from anomsynth.core.evenly import evenly
from anomsynth.core.on_demand import OnDemand
from anomsynth.core.types import Surface
from anomsynth.dataset.folders import PhotoSource
from anomsynth.dataset.masks import MaskFinder, Region
from anomsynth.dataset.paths import is_dir, nfc, printable
from anomsynth.dataset.reading import PhotoReader
from anomsynth.dataset.source_image import SourceImage
from anomsynth.dataset.sources import Sources
from anomsynth.dataset.views import group_views
from anomsynth.pipeline.analysis import analyse_photo, load_unit
from anomsynth.pipeline.depths import find_depths
from anomsynth.pipeline.events import Noticed
from anomsynth.pipeline.listing import find_scan, list_source
from anomsynth.pipeline.notices import notices_of
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.parts import find_parts
from anomsynth.pipeline.rigs import find_rigs, unit_lights
from anomsynth.pipeline.units import Unit
from anomsynth.pipeline.views import prepared
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
    everything : dict of category -> Unit
        A unit for each of those photos, made when it is asked for.
    """

    units: tuple[Unit, ...]
    categories: Mapping[str, Sequence[SourceImage]]
    everything: Mapping[str, Sequence[Unit]] = field(default_factory=dict)

    def first(self, most: int) -> "Tried":
        """Return so many of the photos, and the categories that they are of."""
        units = self.units[:most]
        names = {unit.category for unit in units}
        listed, every = self.categories, self.everything
        return Tried(
            units,
            {name: listed[name] for name in listed if name in names},
            {name: every[name] for name in every if name in names},
        )

    def lit(
        self, recipes: Mapping[str, Recipe], options: RunOptions
    ) -> tuple["Tried", tuple[Noticed, ...]]:
        """Return the photos with the lights of their views, and what is not as it may be meant."""
        rigs = find_rigs(self.everything, recipes, options)
        units = tuple(
            replace(unit, lights=unit_lights(rigs.get(unit.category, {}))) for unit in self.units
        )
        root = Path(os.path.commonpath([unit.path.resolve().parent for unit in units] or [Path()]))
        found = PhotoSource(root, self.categories, 0)
        return replace(self, units=units), notices_of(found, recipes, rigs, options)


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
    categories = _listed(given, options)
    paths = {
        category: [one.path for one in listed if one.scan is None]
        for category, listed in categories.items()
    }
    others = [view for listed in categories.values() for one in listed for _, view in one.views]
    depths = find_depths(
        {name: [*paths[name], *(view.path for view in others)] for name in paths},
        options.jobs,
        options.bits,
        options.reading,
    )
    readers = {name: PhotoReader(options.reading, depths.get(name)) for name in paths}
    alone = len(given) == 1 and not is_dir(given[0])
    finders = {} if alone or options.roi is not None else find_parts(paths, options.jobs, readers)

    def units_of(category: str, listed: Sequence[SourceImage]) -> Sequence[Unit]:
        def unit(rank: int) -> Unit:
            photo = listed[rank]
            return Unit(
                category=category,
                image=photo.key,
                path=photo.path,
                rank=rank,
                first=0,
                samples=0,
                split="train",
                finder=finders.get(category),
                depth=depths.get(category),
                scan=photo.scan,
                scan_reading=options.scan_reading,
                views=photo.views,
            )

        return OnDemand(range(len(listed)), unit)

    everything = {category: units_of(category, listed) for category, listed in categories.items()}
    each = max(most // len(categories), 1)
    units = [unit for units in everything.values() for unit in evenly(units, each)]
    return Tried(_with_masks(units, options), categories, everything)


def surface_to_try(unit: Unit, recipe: Recipe, options: RunOptions) -> Surface:
    """Read and analyse a photo as a run does.

    Raises
    ------
    InputError
        If the photo or a mask cannot be read, or a photo has no mask where all need one.
    """
    return analyse_photo(
        prepared(load_unit(unit, options.reading, recipe), unit),
        unit,
        recipe,
        needs_roi=options.roi is not None,
        sources=Sources(options.textures, options.real),
    )


def _listed(given: Sequence[Path], options: RunOptions) -> Mapping[str, Sequence[SourceImage]]:
    """Return the photos of files and folders by category, each once; of views, one for a part."""
    categories: dict[str, dict[str, SourceImage]] = {}
    single: dict[str, dict[str, SourceImage]] = {}
    for place in given:
        if is_dir(place):
            found = list_source(place, options)
            for category, photos in found.categories.items():
                categories.setdefault(category, {}).update({one.key: one for one in photos})
        else:
            name = nfc(printable(place.name))
            photo = SourceImage(name, place, find_scan(place, options))
            single.setdefault(place.resolve().parent.name, {})[name] = photo
    alone = {category: tuple(listed.values()) for category, listed in single.items()}
    if options.views and alone:
        root = given[0].resolve().parent
        joined = group_views(PhotoSource(root, alone, 0), options.views).categories
        alone = {category: tuple(photos) for category, photos in joined.items()}
    for category, photos in alone.items():
        categories.setdefault(category, {}).update({one.key: one for one in photos})
    return {category: tuple(listed.values()) for category, listed in categories.items()}


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
