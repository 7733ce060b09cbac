"""The surface around a defect: where the part is, and what the camera does."""

import hashlib
from functools import lru_cache

import cv2
import numpy as np

from anomsynth.core.pixels import averaged
from anomsynth.core.types import Box, Camera, Float32, Mask, Pixels
from anomsynth.surface.camera import measure_optics
from anomsynth.surface.foreground import PartFinder, find_foreground
from anomsynth.surface.thumbnail import make_thumbnail

# What is left of a filled defect must not be taken for the part: only a calm background shows it.
CALM_GROUND = PartFinder("backdrop")
FINEST = 128  # cells of the longer side on which a hole is filled
STEP = 4  # how much coarser each level is from which holes are filled
LEAST_ROOM = 8  # pixels to each side that are looked at
RIM = 3  # pixels around the mask that its blur may have changed


class PixelsKey:
    """Cache key of pixels by their content: a photo is measured once for all its samples."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        content = hashlib.blake2b(np.ascontiguousarray(pixels).view(np.uint8).data)
        self._key = (pixels.shape, pixels.dtype.name, content.digest())

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PixelsKey) and self._key == other._key


@lru_cache(maxsize=1)
def look_again(surface: PixelsKey, alpha: PixelsKey | None) -> tuple[Mask, Camera]:
    """Return what `look_around` does; remembered, since samples of one photo come in a row."""
    return look_around(surface.pixels, None if alpha is None else alpha.pixels)


def look_around(surface: Pixels, alpha: Pixels | None) -> tuple[Mask, Camera]:
    """Return the (H, W) mask of the part, and noise and blur of the camera.

    Parameters
    ----------
    surface : (H, W, C) uint8 or uint16
        Without a defect.
    alpha : (H, W) of the same type, or None
    """
    thumbnail = make_thumbnail(surface)
    part = find_foreground(surface, alpha, coarse_thumbnail(thumbnail), CALM_GROUND)
    return part, measure_optics(surface, part, thumbnail)


def without_defect(pixels: Pixels, mask: Mask) -> Pixels:
    """Return the pixels with the masked ones filled from around them, smoothly.

    A dark spot on a plain surface would otherwise look like a part on a plain background, and its
    outline like the camera's sharpest edges. The filling has no noise; `measure_camera` passes
    over such painted blocks.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16
    mask : (H, W) bool

    Returns
    -------
    (H, W, C) of the same type; the very pixels where there is nothing to fill, or nothing else
    """
    side = 2 * RIM + 1
    place = Box.around(mask)
    if place is None:
        return pixels
    shape = mask.shape[0], mask.shape[1]
    here = place.grown(max(*place.shape, LEAST_ROOM) + RIM, shape).slices
    holes = cv2.dilate(mask[here].view(np.uint8), np.ones((side, side), np.uint8)) > 0
    if holes.all():
        return pixels
    patch = pixels[here].astype(np.float32)
    scale = min(FINEST / max(holes.shape), 1.0)
    size = max(round(holes.shape[0] * scale), 1), max(round(holes.shape[1] * scale), 1)
    weight = shrink_field((~holes).astype(np.float32), size)
    filled = _fill(shrink_field(patch * ~holes[..., None], size), weight)
    large = cv2.resize(filled, holes.shape[::-1], interpolation=cv2.INTER_LINEAR)
    whole = pixels.copy()
    whole[here][holes] = np.rint(large.reshape(patch.shape)[holes]).astype(pixels.dtype)
    return whole


def shrink_field(field: Float32, size: tuple[int, int]) -> Float32:
    """Average a (h, w) or (h, w, C) field down to (height, width)."""
    if field.shape[:2] == size:
        return field
    small = cv2.resize(field, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32).reshape(*size, *field.shape[2:])


def _fill(colours: Float32, weight: Float32) -> Float32:
    """Return colours over weights, and where there are none those of a coarser level."""
    height, width = weight.shape
    known = colours / np.maximum(weight, 1e-6)[..., None]
    there = (weight > 0)[..., None]
    if there.all() or min(height, width) < 2 * STEP:
        rest = colours.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(there, known, rest).astype(np.float32)
    size = -(-height // STEP), -(-width // STEP)
    coarse = _fill(shrink_field(colours, size), shrink_field(weight, size))
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(there, known, smooth.reshape(colours.shape)).astype(np.float32)


def coarse_thumbnail(thumbnail: Pixels) -> Pixels:
    """Return a thumbnail that is fine enough to say where the surface to compare with is."""
    longest = max(thumbnail.shape[:2])
    if longest <= FINEST:
        return thumbnail
    height, width = (max(round(side * FINEST / longest), 1) for side in thumbnail.shape[:2])
    return averaged(thumbnail, (height, width))
