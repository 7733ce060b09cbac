"""The user's real defects and good photos, brought to one working size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from anomsynth.core.depth import Depth
from anomsynth.core.photo import Photo
from anomsynth.core.types import Mask, Pixels, Surface
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import read_labelled
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.reading import spread
from anomsynth.errors import InputError
from anomsynth.fitting.defect import Defect, find_defects
from anomsynth.recipe.models import Recipe
from anomsynth.sqe.surroundings import without_defect
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.foreground import PartFinder, find_foreground
from anomsynth.synthesis.surfaces import surface_of

WORKING_PX = 512  # longer side of pictures as they are compared
MOST_PX = 2048  # for defects that would be too small to measure
MEASURABLE_PX = 30  # pixels of a defect that should be left
TOO_LARGE = 0.6  # share of the part, from which a mask marks the part rather than a defect
LARGE = 0.15  # share of the picture, from which filling a defect may hide the part
TOO_MUCH = "too much for a defect"
WHOLE = 0.98  # share of the picture
MOST_PHOTOS = 12  # that layers are made on
RIM = 4  # pixels around a mask that may belong to the defect


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """One real picture, and its defects as they are measured.

    Attributes
    ----------
    item : Labelled
    pixels : (H, W, C) uint8 or uint16
        At working size.
    mask : (H, W) bool
    surface : Surface
        Of the picture with its defects filled.
    defects : tuple of Defect
    """

    item: Labelled
    pixels: Pixels
    mask: Mask
    surface: Surface
    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True)
class View:
    """How all pictures of the product are looked at.

    Attributes
    ----------
    base : Recipe
        Gives scale and encoding.
    finder : PartFinder
    depth : Depth or None
        The camera's, where it uses less than 16 bits.
    size : int
        Longer side of the pictures as they are compared, pixels.
    """

    base: Recipe
    finder: PartFinder
    depth: Depth | None
    size: int = WORKING_PX


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A real picture and its mask, as they were read."""

    item: Labelled
    photo: Photo
    mask: Mask


def read_pairs(
    items: Sequence[Labelled], depth: Depth | None, warn: Callable[[str], object]
) -> list[Pair]:
    """Read real defects; `warn` is called with a line for each one that cannot be used."""
    pairs = []
    for item in items:
        try:
            photo, mask = read_labelled(item)
            photo = spread(photo, depth, item.image)
        except InputError as error:
            warn(f"{error}; {error.hint}".rstrip("; "))
            continue
        share = np.count_nonzero(mask) / mask.size
        if share == 0:
            warn(f"{item.image}: its mask marks nothing; mark the defect, or leave it out")
        elif share >= WHOLE:
            warn(f"{item.image}: its mask marks the whole picture; outline the defect")
        else:
            pairs.append(Pair(item, photo, mask))
    return pairs


def working_size(pairs: Sequence[Pair]) -> int:
    """Return how long the longer side of pictures may be: small defects must stay measurable."""
    size = WORKING_PX
    while size < MOST_PX:
        areas = [
            np.count_nonzero(pair.mask) * min(size / max(pair.mask.shape), 1) ** 2 for pair in pairs
        ]
        if float(np.quantile(areas, 0.25)) >= MEASURABLE_PX:
            break
        if all(max(pair.mask.shape) <= size for pair in pairs):
            break
        size *= 2
    return size


def measure_pair(pair: Pair, view: View) -> Marked:
    """Measure the defects of one real picture.

    Raises
    ------
    InputError
        If the mask marks most of the part.
    """
    photo, mask = shrink(pair.photo, view.size), shrink_mask(pair.mask, view.size)
    filled = without_defect(photo.pixels, mask)
    # A small defect may look like a part by itself; a large one hides its part once it is filled.
    large = np.count_nonzero(mask) >= LARGE * mask.size
    looked_at = one_channel(photo.pixels if large else filled)
    part = find_foreground(looked_at, photo.alpha, finder=view.finder)
    share = int(np.count_nonzero(mask & part)) / max(int(np.count_nonzero(part)), 1)
    if share >= TOO_LARGE:
        msg = f"{pair.item.image}: its mask marks {share:.0%} of the part, {TOO_MUCH}"
        raise InputError(msg, hint="such defects are left to the base recipe")
    where = part if large else view.finder
    surface = surface_of(replace(photo, pixels=filled), view.base, roi=where)
    pixels = one_channel(photo.pixels)
    if pixels.shape[2] != surface.channels:
        pixels = photo.pixels
    return Marked(pair.item, pixels, mask, surface, find_defects(surface, pixels, mask))


def read_good(paths: Sequence[Path], view: View, warn: Callable[[str], object]) -> list[Surface]:
    """Analyse some of the good photos, at most `MOST_PHOTOS`, evenly chosen."""
    count = min(len(paths), MOST_PHOTOS)
    surfaces = []
    for index in range(count):
        path = paths[index * len(paths) // count]
        try:
            photo = shrink(spread(read_photo(path), view.depth, path), view.size)
            surfaces.append(surface_of(photo, view.base, roi=view.finder))
        except InputError as error:
            warn(str(error))
    return surfaces


def spare_surfaces(pairs: Sequence[Pair], view: View) -> list[Surface]:
    """Return what the real pictures tell of good parts: all of them but for the marked defects."""
    side = 2 * RIM + 1
    surfaces = []
    for pair in pairs[:MOST_PHOTOS]:
        photo, mask = shrink(pair.photo, view.size), shrink_mask(pair.mask, view.size)
        near = cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8)) > 0
        avoid = np.asarray(near, dtype=np.bool_)
        surface = surface_of(photo, view.base, roi=view.finder, avoid=avoid)
        if len(surface.sites):
            surfaces.append(surface)
    return surfaces


def shrink(photo: Photo, size: int) -> Photo:
    """Return a photo whose longer side is at most `size`; its alpha goes along, floats do not."""
    pixels = photo.pixels
    shape = _shape(pixels.shape[:2], size)
    if shape == pixels.shape[:2]:
        return photo
    small = cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_AREA).reshape(*shape, -1)
    alpha = photo.alpha
    if alpha is not None:
        alpha = cast("Pixels", cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_AREA))
    # Compression does not survive the averaging, and levels between those of the camera arise.
    return Photo(cast("Pixels", small), alpha, photo.flat)


def shrink_mask(mask: Mask, size: int) -> Mask:
    """Return a mask in the size of its photo; what covers some of a pixel marks it."""
    shape = _shape(mask.shape, size)
    if shape == mask.shape:
        return mask
    share = cv2.resize(
        mask.view(np.uint8) * np.uint8(255), shape[::-1], interpolation=cv2.INTER_AREA
    )
    half = np.asarray(share > 127)
    return half if half.any() else np.asarray(share > 0)


def _shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    factor = min(size / max(shape), 1)
    return max(round(shape[0] * factor), 1), max(round(shape[1] * factor), 1)
