"""A small version of a photo for everything that needs no single pixels."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.pixels import averaged
from anomsynth.core.types import Float32, Mask, Pixels

LONGEST = 256  # pixels of the longer side
DENSE = 1024  # longer side up to which every pixel is averaged; above, an even subset


def thumbnail_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the thumbnail of a picture of `shape`; never enlarges."""
    longest = max(shape)
    if longest <= LONGEST:
        return shape
    return max(round(shape[0] * LONGEST / longest), 1), max(round(shape[1] * LONGEST / longest), 1)


def make_thumbnail(pixels: Pixels) -> Pixels:
    """Return (H, W, C) pixels averaged down to at most 256 on the longer side, same dtype.

    Works on encoded values: averaging in linear light would differ by less than the texture does.
    """
    shape = thumbnail_shape((pixels.shape[0], pixels.shape[1]))
    if shape == pixels.shape[:2]:
        return pixels
    return averaged(cast("Pixels", _subset(pixels)), shape)


def shrink_mask(mask: Mask) -> Mask:
    """Return the thumbnail of a (H, W) mask, True where most of the area is."""
    shape = thumbnail_shape((mask.shape[0], mask.shape[1]))
    if shape == mask.shape:
        return mask
    return averaged(_subset(mask).view(np.uint8) * np.uint8(255), shape) > 127


def _subset(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return every so many rows and columns of a large array, from the middle of each stretch."""
    step = max(max(array.shape[:2]) // DENSE, 1)
    row, col = (min(step // 2, length - 1) for length in array.shape[:2])
    return np.ascontiguousarray(array[row::step, col::step])


def enlarge(soft: Float32, shape: tuple[int, int]) -> Mask:
    """Return the (H, W) mask where a small field in [0, 1], smoothly enlarged, exceeds a half."""
    coded = np.clip(np.rint(soft * np.float32(255)), 0, 255).astype(np.uint8)
    if coded.shape != shape:
        coded = cv2.resize(coded, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return coded > 127
