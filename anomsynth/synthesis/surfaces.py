"""A photo and a recipe make a surface: scale, encoding, and what counts as the part."""

from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.types import Mask, Pixels, Surface
from anomsynth.recipe.models import Recipe
from anomsynth.surface.absorbing import absorbing_part
from anomsynth.surface.analyze import analyze, find_part, one_channel, with_part
from anomsynth.surface.foreground import PartFinder

# Analysed a second time once, not for every sample; gone with the surface it belongs to.
_again: WeakKeyDictionary[Surface, dict[tuple[object, ...], Surface]] = WeakKeyDictionary()


def surface_of(
    image: NDArray[np.generic] | Photo,
    recipe: Recipe,
    components: NDArray[np.uint8] | None = None,
    *,
    roi: Mask | PartFinder | None = None,
    avoid: Mask | None = None,
) -> Surface:
    """Analyse a photo as a recipe wants it.

    Parameters
    ----------
    image : array or Photo, as for `analyze`
    recipe : Recipe
        Its `part` decides what the part is, unless `roi` does.
    components : (H, W) uint8, optional
        Number of the component each pixel belongs to, 0 for none.
    roi : (H, W) bool or PartFinder, optional
    avoid : (H, W) bool, optional
        Where the part is, and where no defect may go.

    Raises
    ------
    InputError
        As `analyze`.
    """
    photo = image if isinstance(image, Photo) else as_photo(image)
    where = _where(photo, recipe, roi)
    surface = analyze(photo, scale=recipe.scale, encoding=recipe.encoding, roi=where, avoid=avoid)
    return surface if components is None else replace(surface, components=components)


def part_of(photo: Photo, recipe: Recipe, roi: Mask | PartFinder | None = None) -> Mask:
    """Return the part, (H, W) bool, that `surface_of` finds; InputError as it.

    All that is asked of a photo no sample is made of: the rest of the analysis costs more.
    """
    return find_part(photo, _where(photo, recipe, roi))


def _where(photo: Photo, recipe: Recipe, roi: Mask | PartFinder | None) -> Mask | PartFinder | None:
    """Return what decides about the part: what the user marked, else the recipe."""
    if roi is None or isinstance(roi, PartFinder):
        part = _part_by(recipe, one_channel(photo.pixels), recipe.encoding)
        return roi if part is None else part
    return roi


def _part_by(recipe: Recipe, pixels: Pixels, encoding: str) -> Mask | None:
    """Return the part, (H, W) bool, where a recipe says how it is known; None to find it."""
    if not recipe.tells_part:
        return None
    if recipe.part == "picture":
        return np.ones(pixels.shape[:2], dtype=np.bool_)
    return absorbing_part(pixels, encoding, film=recipe.radiation.response < 0)


def as_recipe_wants(surface: Surface, recipe: Recipe) -> Surface:
    """Let the recipe decide what the analysis left open: scale, encoding, what the part is.

    ``synthesize(analyze(photo), recipe)`` is ``synthesize(photo, recipe)`` by this. What was given
    to `analyze` stays, and so does a surface that was made by hand or changed by `replace`.
    """
    given = surface.analysis
    if given is None:
        return surface
    if not given.part:
        surface = _with_part_by(recipe, surface, given.encoding or recipe.encoding)
    mm_per_px = (given.scale or recipe.scale).of(surface.foreground)
    encoding = given.encoding or recipe.encoding
    if (mm_per_px, encoding) == (surface.mm_per_px, surface.encoding):
        return surface
    return replace(surface, mm_per_px=mm_per_px, encoding=encoding)


def _with_part_by(recipe: Recipe, surface: Surface, encoding: str) -> Surface:
    """Return a surface with the part where the recipe says it is; itself if it says nothing."""
    decisive = (recipe.part, recipe.transmission, recipe.radiation, encoding)
    known = _again.get(surface, {})
    if decisive not in known:
        part = _part_by(recipe, surface.pixels, encoding)
        if part is None:
            return surface
        known = _again.setdefault(surface, {})
        known[decisive] = with_part(surface, part)
    return known[decisive]
