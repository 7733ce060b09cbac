"""A photo and a recipe make a surface: scale, encoding, and what counts as the part."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.types import Mask, Surface
from anomsynth.recipe.models import Recipe
from anomsynth.surface.analyze import analyze


def surface_of(
    image: NDArray[np.generic] | Photo,
    recipe: Recipe,
    parts: NDArray[np.uint8] | None = None,
    *,
    roi: Mask | None = None,
    avoid: Mask | None = None,
) -> Surface:
    """Analyse a photo as a recipe wants it.

    Parameters
    ----------
    image : array or Photo, as for `analyze`
    recipe : Recipe
        Its `part` decides what the part is, unless `roi` does.
    parts : (H, W) uint8, optional
        Number of the component each pixel belongs to, 0 for none.
    roi, avoid : (H, W) bool, optional
        Where the part is, and where no defect may go.

    Raises
    ------
    InputError
        As `analyze`.
    """
    photo = image if isinstance(image, Photo) else as_photo(image)
    if roi is None and recipe.part == "picture":
        roi = np.ones(photo.pixels.shape[:2], dtype=np.bool_)
    surface = analyze(photo, scale=recipe.scale, encoding=recipe.encoding, roi=roi, avoid=avoid)
    return surface if parts is None else replace(surface, parts=parts)
