"""A unit's photo or scan, read and analysed with all that goes with it."""

from dataclasses import replace
from pathlib import Path

from anomsynth.core.types import Mask, Surface
from anomsynth.dataset.images import LoadedPhoto, load_photo
from anomsynth.dataset.masks import Region, read_numbered, read_region
from anomsynth.dataset.paths import printable
from anomsynth.dataset.scans import load_scanned
from anomsynth.dataset.shrink import fitted, fitted_numbers
from anomsynth.dataset.sources import NO_SOURCES, Sources
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import InputError
from anomsynth.pipeline.units import Unit
from anomsynth.pipeline.views import viewed_surface, with_views
from anomsynth.recipe.models import Recipe
from anomsynth.relief.mapped import MappedScan, ScannedPhoto
from anomsynth.surface.foreground import PartFinder
from anomsynth.synthesis.scanned import part_of_scan, surface_of_scan
from anomsynth.synthesis.surfaces import part_of, surface_of


def load_unit(unit: Unit, reading: Reading | None, recipe: Recipe) -> LoadedPhoto:
    """Read the photo of a unit, its scan if it has one, and the other photos of its part.

    Parameters
    ----------
    unit : Unit
    reading : Reading or None
    recipe : Recipe
        Says how wide a pixel of a depth map is.

    Raises
    ------
    InputError
        If one of them cannot be read, or they differ in size.
    """
    if unit.scan is None:
        return with_views(load_photo(unit.path, reading), unit, reading)

    def pitch(mapped: MappedScan) -> float:
        marked = _mask(unit.roi, mapped.raised.shape)
        return recipe.scale.of(part_of_scan(mapped, recipe, marked))

    return load_scanned(unit.path, unit.scan, unit.scan_reading, reading, pitch)


def scan_facts(loaded: LoadedPhoto, source: Path) -> dict[str, str] | None:
    """Return what a manifest says of the scan that goes with a photo; None if none does."""
    if loaded.scan is None:
        return None
    return {
        "file": printable(loaded.scan.path.relative_to(source).as_posix()),
        "sha256": loaded.scan.sha256,
        "file_sha256": loaded.scan.file_sha256,
    }


def part_of_unit(loaded: LoadedPhoto, unit: Unit, recipe: Recipe, *, needs_roi: bool) -> Mask:
    """Return where the part is on a photo no sample is made of; InputError as `analyse_photo`."""
    where = _where(loaded, unit, needs_roi=needs_roi)
    if loaded.scan is None:
        return part_of(loaded.photo, recipe, where)
    return part_of_scan(loaded.scan.mapped, recipe, _marked(where))


def _marked(where: Mask | PartFinder | None) -> Mask | None:
    """Return the part as it was marked; how photos show it is no matter where depth does."""
    return None if isinstance(where, PartFinder) else where


def analyse_photo(
    loaded: LoadedPhoto,
    unit: Unit,
    recipe: Recipe,
    *,
    needs_roi: bool,
    sources: Sources = NO_SOURCES,
) -> Surface:
    """Analyse a photo with the masks and the folders of pictures that go with it.

    Raises
    ------
    InputError
        If a mask is missing, cannot be read, or has another size than the photo, or a folder
        holds no picture or no marked defect.
    """
    height, width = loaded.photo.pixels.shape[:2]
    whole = loaded.whole or (height, width)
    where = _where(loaded, unit, needs_roi=needs_roi)
    avoid = _mask(unit.avoid, whole)
    captions = None if unit.finder is None else unit.finder.avoided(whole)
    if captions is not None:
        avoid = captions if avoid is None else avoid | captions
    if avoid is not None:
        avoid = fitted(avoid, (height, width))
    marked = unit.components
    components = None if marked is None else read_numbered(marked, whole)
    if components is not None:
        components = fitted_numbers(components, (height, width))
    if recipe.mm_per_px is not None:  # of the file's pixels
        size = recipe.mm_per_px * max(whole) / max(height, width)
        recipe = recipe.model_copy(update={"mm_per_px": size})
    if loaded.scan is None:
        surface = surface_of(loaded.photo, recipe, components, roi=where, avoid=avoid)
        surface = sources.given_to(surface)
        return viewed_surface(surface, loaded, unit, recipe) if loaded.views else surface
    seen = ScannedPhoto(loaded.photo, loaded.scan.mapped, loaded.scan.alone)
    scanned: Surface = surface_of_scan(seen, recipe, roi=_marked(where), avoid=avoid)
    if components is not None:
        scanned = replace(scanned, components=components)
    return sources.given_to(scanned)


def _where(loaded: LoadedPhoto, unit: Unit, *, needs_roi: bool) -> Mask | PartFinder | None:
    """Return the mask of the part of a photo, of its size, or how it is found."""
    if needs_roi and unit.roi is None:
        msg = f"{unit.path}: no mask of this photo in the folder of regions"
        raise InputError(msg, hint="name it like the photo, or NAME_mask.png")
    shape = loaded.photo.pixels.shape[:2]
    marked = _mask(unit.roi, loaded.whole or shape)
    return unit.finder if marked is None else fitted(marked, shape)


def _mask(region: Region | None, shape: tuple[int, int]) -> Mask | None:
    return None if region is None else read_region(region, shape)
