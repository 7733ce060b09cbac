"""Photos of any kind as a screen shows them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Mask

Rgb = NDArray[np.uint8]

LABEL_COLOUR = (255, 210, 0)
STRICT_COLOUR = (0, 220, 255)
LEAST_ZOOM = 2  # relative to the whole picture beside it
MOST_ZOOM = 8  # of a pixel
FULL = (0.0, 65535.0)  # levels of 16 bits


def to_rgb8(
    image: NDArray[np.generic], levels: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Return a photo as 8-bit RGB to be looked at; may share memory.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, uint16, or floats in [0, 1]
        C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is left out.
    levels : (low, high), optional
        Of 16 bits: what becomes 0 and 255; the full range if not given. Without effect on 8 bits.

    Returns
    -------
    (H, W, 3) uint8
    """
    planes = image[..., None] if image.ndim == 2 else image
    if planes.shape[2] in (2, 4):
        planes = planes[..., :-1]
    if planes.dtype.kind == "f":
        planes = np.rint(planes.astype(np.float32) * np.float32(255)).clip(0, 255)
    elif planes.dtype != np.uint8:
        low, high = levels or FULL
        scale = np.float32(255 / max(high - low, 1))
        planes = np.rint((planes.astype(np.float32) - np.float32(low)) * scale).clip(0, 255)
    shown = np.asarray(planes, dtype=np.uint8)
    return np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown


def levels_of(image: NDArray[np.generic]) -> tuple[float, float] | None:
    """Return the levels of 16 bits that become black and white; others are shown as they are."""
    if image.dtype != np.uint16:
        return None
    low, high = np.quantile(image.astype(np.float32), (0.001, 0.999))
    return float(low), float(high)


def zoom_box(marks: Mask, tile_px: int) -> Box:
    """Return the part of a picture around the marked pixels that a zoom of `tile_px` shows."""
    height, width = marks.shape
    seen = np.argwhere(marks)
    if len(seen) == 0:
        seen = np.array([[height // 2, width // 2]])
    low, high = seen.min(axis=0), seen.max(axis=0) + 1
    # Twice the defect, so that it is seen in its surroundings.
    least, most = tile_px // MOST_ZOOM, max(height, width) // LEAST_ZOOM
    side = max(min(max(2 * int((high - low).max()), least), most), 1)
    # The defect's own pixel nearest to its middle: a bent crack may miss the middle of its box.
    middle = seen[np.abs(seen - (low + high) // 2).sum(axis=1).argmin()]
    size = (min(side, height), min(side, width))
    top = min(max(int(middle[0]) - size[0] // 2, 0), height - size[0])
    left = min(max(int(middle[1]) - size[1] // 2, 0), width - size[1])
    return Box(top, left, top + size[0], left + size[1])


def scaled(image: Rgb, box: Box, tile_px: int) -> Rgb:
    """Return a part of an image with `tile_px` as its longer side; enlarged pixels stay square."""
    factor = tile_px / max(box.shape)
    size = (max(round(box.shape[1] * factor), 1), max(round(box.shape[0] * factor), 1))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image[box.slices], size, interpolation=way), dtype=np.uint8)


def outlined(image: Rgb, masks: tuple[Mask | None, Mask], box: Box, tile_px: int) -> Rgb:
    """Return a scaled part of an image with the outlines of its strict and its label mask.

    That of the label mask is yellow, that of the strict mask, if there is one, blue; both run on
    the pixels around the mask, so that they hide none of it.
    """
    picture = scaled(image, box, tile_px)
    for mask, colour in zip(masks, (STRICT_COLOUR, LABEL_COLOUR), strict=True):
        if mask is None:
            continue
        # Area averages above zero count, so that the smallest mask stays visible.
        shares = scaled(mask.view(np.uint8) * np.uint8(255), box, tile_px)
        small = (shares > 0).astype(np.uint8)
        around = cv2.dilate(small, np.ones((3, 3), np.uint8)) > small
        picture[around] = colour
    return picture
