"""The photos of a part in several lights, read and analysed."""

from dataclasses import replace
from pathlib import Path

from anomsynth.core.photo import Photo
from anomsynth.core.types import Surface
from anomsynth.dataset.images import LoadedPhoto, load_photo
from anomsynth.dataset.paths import check_name, printable
from anomsynth.dataset.reading import spread
from anomsynth.dataset.shrink import shrunk
from anomsynth.dataset.tiff import Reading
from anomsynth.dataset.writer import photo_hash
from anomsynth.errors import InputError
from anomsynth.pipeline.units import Unit
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.views import ViewedSurface, join_views


def with_views(first: LoadedPhoto, unit: Unit, reading: Reading | None) -> LoadedPhoto:
    """Return a photo with the other ones of its part.

    Raises
    ------
    InputError
        If one cannot be read, or is of another size or type than the first.
    """
    views: dict[str, LoadedPhoto] = {}
    for name, photo in unit.views:
        loaded = load_photo(photo.path, reading)
        own, wanted = loaded.photo, first.photo
        if own.pixels.shape[:2] != wanted.pixels.shape[:2]:
            sizes = [f"{width} x {height}" for height, width in (_size(own), _size(wanted))]
            msg = f"{photo.path}: {sizes[0]} pixels, and {unit.path.name} has {sizes[1]}"
            hint = "the photos of a part are taken by one camera in one place"
            raise InputError(msg, hint=hint)
        if _type(own) != _type(wanted):
            msg = f"{photo.path}: not of the type that {unit.path.name} has"
            hint = "the photos of a part need the same bits, and the same channels"
            raise InputError(msg, hint=hint)
        views[name] = loaded
    return replace(first, views=views) if views else first


def _size(photo: Photo) -> tuple[int, int]:
    return photo.pixels.shape[0], photo.pixels.shape[1]


def _type(photo: Photo) -> tuple[object, ...]:
    floats = None if photo.floats is None else photo.floats.dtype
    return photo.pixels.dtype, photo.pixels.shape[2], photo.alpha is None, photo.flat, floats


def views_facts(loaded: LoadedPhoto, unit: Unit, source: Path) -> dict[str, dict[str, str]] | None:
    """Return what a manifest says of the other photos of a part; None if there are none."""
    facts = {}
    for name, photo in unit.views:
        inside = photo.path.relative_to(source)
        check_name(inside)
        facts[name] = {
            "image": photo.key,
            "file": printable(inside.as_posix()),
            "sha256": photo_hash(loaded.views[name].photo),
            "file_sha256": loaded.views[name].file_sha256,
        }
    return facts or None


def prepared(loaded: LoadedPhoto, unit: Unit) -> LoadedPhoto:
    """Return a unit's photos in the levels and the size that they are worked on in.

    Raises
    ------
    InputError
        If one is brighter than its camera can tell.
    """
    paths = {name: photo.path for name, photo in unit.views}
    views = {
        name: shrunk(replace(one, photo=spread(one.photo, unit.depth, paths[name])), unit.max_side)
        for name, one in loaded.views.items()
    }
    deep = replace(loaded, photo=spread(loaded.photo, unit.depth, unit.path), views=views)
    return shrunk(deep, unit.max_side)


def viewed_surface(
    first: Surface, loaded: LoadedPhoto, unit: Unit, recipe: Recipe
) -> ViewedSurface:
    """Analyse the other photos of a part: camera and light; all else is the first photo's.

    Raises
    ------
    InputError
        If one is grey and another in colour.
    """
    others: dict[str, tuple[str, Surface]] = {}
    for name, photo in unit.views:
        surface = surface_of(loaded.views[name].photo, recipe, roi=first.foreground)
        if surface.channels != first.channels:
            msg = f"{photo.path}: grey or in colour, other than {unit.path.name}"
            raise InputError(msg, hint="the photos of a part need the same colour channels")
        others[name] = photo.key, surface
    return join_views(first, others, dict(unit.lights))
