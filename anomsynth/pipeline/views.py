"""The views of a part in a run: their lights as they are given, their photos read and analysed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from anomsynth.core.types import Light, Surface
from anomsynth.dataset.images import LoadedPhoto, load_photo
from anomsynth.dataset.paths import printable
from anomsynth.dataset.reading import spread
from anomsynth.dataset.shrink import shrunk
from anomsynth.dataset.tiff import Reading
from anomsynth.dataset.writer import photo_hash
from anomsynth.errors import InputError, UserError
from anomsynth.pipeline.plan import Unit
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.views import ViewedSurface, join_views

ANGLES = ("azimuth_deg", "elevation_deg")
LIGHTS_HINT = 'such as {"L0": {"azimuth_deg": 0, "elevation_deg": 45}, "L1": ...}'


class GivenLight(NamedTuple):
    """The light of a view as the user gives it.

    Attributes
    ----------
    view : str
    azimuth_deg : float
        Direction from which it comes, 0 from the right, 90 from the top of the picture.
    elevation_deg : float in (0, 90]
        Height above the surface.
    """

    view: str
    azimuth_deg: float
    elevation_deg: float


def read_lights(path: Path, views: Sequence[str]) -> tuple[GivenLight, ...]:
    """Read a file of lights; InputError if it is none, or knows other views."""
    try:
        written = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", hint=LIGHTS_HINT) from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}", hint=LIGHTS_HINT) from error
    try:
        return given_lights(written, views)
    except UserError as error:
        reason = str(error).removeprefix("`lights`: ")
        raise InputError(f"{path}: {reason}", hint=error.hint) from error


def given_lights(written: object, views: Sequence[str]) -> tuple[GivenLight, ...]:
    """Return lights by view, in the order of the views.

    Parameters
    ----------
    written : mapping of view name -> azimuth_deg and elevation_deg
    views : names

    Raises
    ------
    UserError
        If it is something else, names a view that is none, or an angle is missing or impossible.
    """
    if not isinstance(written, Mapping):
        raise UserError(f"`lights`: expected a table of views, got {written!r}", hint=LIGHTS_HINT)
    unknown = [str(name) for name in written if name not in views]
    if unknown:
        msg = f"`lights`: no view {unknown[0]!r}"
        raise UserError(msg, hint=f"views: {', '.join(views)}")
    return tuple(_light(view, written[view]) for view in views if view in written)


def _light(view: str, written: object) -> GivenLight:
    if not isinstance(written, Mapping) or set(written) != set(ANGLES):
        msg = f"`lights`: {view}: expected {' and '.join(ANGLES)}, got {written!r}"
        raise UserError(msg, hint=LIGHTS_HINT)
    azimuth, elevation = (written[name] for name in ANGLES)
    for name, value in zip(ANGLES, (azimuth, elevation), strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise UserError(f"`lights`: {view}: {name}: expected a number, got {value!r}")
    if not 0 < elevation <= 90:
        msg = f"`lights`: {view}: elevation_deg: must lie above 0 and up to 90, got {elevation:g}"
        raise UserError(msg)
    return GivenLight(view, float(azimuth) % 360, float(elevation))


def load_views(unit: Unit, first: LoadedPhoto, reading: Reading | None) -> dict[str, LoadedPhoto]:
    """Read the other photos of a unit's part, by view.

    Raises
    ------
    InputError
        If one cannot be read, or is of another size or type than the first.
    """
    views: dict[str, LoadedPhoto] = {}
    for name, photo in unit.views:
        loaded = load_photo(photo.path, reading)
        own, wanted = loaded.photo.pixels, first.photo.pixels
        if own.shape[:2] != wanted.shape[:2]:
            height, width = own.shape[:2]
            msg = f"{photo.path}: {width} x {height} pixels"
            hint = "all views of a part are taken by one camera in one place"
            whole = f"{wanted.shape[1]} x {wanted.shape[0]}"
            raise InputError(f"{msg}, and {unit.path.name} has {whole}", hint=hint)
        if own.dtype != wanted.dtype or own.shape != wanted.shape:
            msg = f"{photo.path}: of another type than {unit.path.name}"
            hint = "all views of a part need the same bits and colour channels"
            raise InputError(msg, hint=hint)
        views[name] = loaded
    return views


def views_facts(unit: Unit, views: Mapping[str, LoadedPhoto], source: Path) -> dict[str, object]:
    """Return what a manifest says of the other photos of a part."""
    return {
        name: {
            "file": printable(photo.path.relative_to(source).as_posix()),
            "sha256": photo_hash(views[name].photo),
            "file_sha256": views[name].file_sha256,
        }
        for name, photo in unit.views
    }


def fitted_views(unit: Unit, views: Mapping[str, LoadedPhoto]) -> dict[str, LoadedPhoto]:
    """Return the other photos in the levels and the size that the first is worked on in."""
    fitted = {}
    for name, photo in unit.views:
        deep = spread(views[name].photo, unit.depth, photo.path)
        fitted[name] = shrunk(replace(views[name], photo=deep), unit.max_side)
    return fitted


def viewed_surface(
    first: Surface, unit: Unit, views: Mapping[str, LoadedPhoto], recipe: Recipe
) -> ViewedSurface:
    """Analyse the other photos of a part: camera and light; all else is the first photo's.

    Raises
    ------
    InputError
        If one is grey and another in colour.
    """
    others: dict[str, tuple[str, Surface]] = {}
    for name, photo in unit.views:
        surface = surface_of(views[name].photo, recipe, roi=first.foreground)
        if surface.channels != first.channels:
            msg = f"{photo.path}: grey or in colour, other than {unit.path.name}"
            raise InputError(msg, hint="all views of a part need the same colour channels")
        others[name] = photo.key, surface
    lights = {
        "" if one.view == unit.first_view else one.view: Light(
            one.azimuth_deg, one.elevation_deg, 1.0
        )
        for one in unit.lights
    }
    return join_views(first, others, lights)
