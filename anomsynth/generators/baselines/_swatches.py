"""Pieces of pictures to paste: from the user's textures, else from the photo itself."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode, quantise, to_levels
from anomsynth.core.component import Bounds
from anomsynth.core.types import Box, Float32, Pixels, Surface

Levels8 = NDArray[np.uint8]

WHOLE = Bounds(low=1, high=1)
WEIGHTS = np.array([0.299, 0.587, 0.114])  # grey of encoded colours, BT.601


def texture_swatch(surface: Surface, box: Box, crop: Bounds, rng: np.random.Generator) -> Levels8:
    """Return what a foreign texture, spread over the whole photo, shows in a box.

    Parameters
    ----------
    surface : Surface
    box : Box
        At least one pixel, inside the photo.
    crop : Bounds
        Sides of a piece of the photo, over the photo's, that stands for a foreign texture.
    rng : Generator

    Returns
    -------
    (h, w, C) uint8, C as the photo's

    Notes
    -----
    One of `Surface.textures`, or else a crop of the photo, is stretched over the photo and
    mirrored or not in either direction.
    """
    picture = _picture(surface, rng)
    used = WHOLE if surface.textures is not None else crop
    across, down = used.draw(rng), used.draw(rng)
    height, width = picture.shape[:2]
    rows, cols = max(int(height * down), 1), max(int(width * across), 1)
    top = int(rng.random() * (height - rows + 1))
    left = int(rng.random() * (width - cols + 1))
    flips = rng.random(2) < 0.5
    start_row, end_row = _span((box.top, box.bottom), surface.shape[0], rows, flip=bool(flips[0]))
    start_col, end_col = _span((box.left, box.right), surface.shape[1], cols, flip=bool(flips[1]))
    piece = picture[top + start_row : top + end_row, left + start_col : left + end_col]
    eight = piece if piece.dtype == np.uint8 else (piece >> 8).astype(np.uint8)
    if flips.any():  # OpenCV's takes a twentieth of NumPy's time
        mirrored = cv2.flip(eight, -1 if flips.all() else int(flips[1]))
        eight = np.asarray(mirrored, dtype=np.uint8).reshape(eight.shape)
    swatch = as_channels(_resized(np.ascontiguousarray(eight), box.shape), surface.channels)
    return np.asarray(swatch, dtype=np.uint8)


def patch_levels(
    surface: Surface, shape: tuple[int, int], rng: np.random.Generator, *, foreign: bool
) -> Float32:
    """Return a rectangle from a random place of the photo, (h, w, C) float32 levels 0..255.

    Parameters
    ----------
    surface : Surface
    shape : (int, int)
        Rows and columns, cut to those of the picture.
    rng : Generator
    foreign : bool
        True: from one of `Surface.textures` if there are any, resized if it is too small.
    """
    picture: NDArray[np.generic] = surface.pixels
    if foreign:
        picture = _picture(surface, rng)
        scale = max(shape[0] / picture.shape[0], shape[1] / picture.shape[1], 1.0)
        if scale > 1 and surface.textures is not None:
            size = tuple(int(np.ceil(side * scale)) for side in picture.shape[:2])
            picture = _resized(np.ascontiguousarray(picture), (size[0], size[1]))
    rows, cols = (min(side, full) for side, full in zip(shape, picture.shape[:2], strict=True))
    top = int(rng.random() * (picture.shape[0] - rows + 1))
    left = int(rng.random() * (picture.shape[1] - cols + 1))
    piece = picture[top : top + rows, left : left + cols]
    return to_levels(as_channels(piece, surface.channels))


def as_channels(picture: NDArray[np.generic], channels: int) -> NDArray[np.generic]:
    """Return a picture with so many channels: grey of colour, or the grey three times."""
    if picture.shape[2] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=2)
    return np.rint(picture @ WEIGHTS)[..., None].astype(picture.dtype)


def as_light(levels: Float32, encoding: str) -> Float32:
    """Return the linear light of encoded levels 0..255, same shape, to 16 bits."""
    return decode(quantise(levels, np.dtype(np.uint16)), encoding)


def _picture(surface: Surface, rng: np.random.Generator) -> Pixels:
    """Return the picture a texture is from; one number is drawn if there is one only."""
    if surface.textures is not None:
        return surface.textures.pick(rng)
    rng.random()
    return surface.pixels


def _span(part: tuple[int, int], whole: int, length: int, *, flip: bool) -> tuple[int, int]:
    """Return which rows (or columns) of `length` stand for a part of `whole`, at least one."""
    first, last = part[0] / whole, part[1] / whole
    if flip:
        first, last = 1 - last, 1 - first
    start = min(int(first * length), length - 1)
    return start, max(min(round(last * length), length), start + 1)


def _resized(picture: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.generic]:
    if picture.shape[:2] == shape:
        return picture
    shrinks = shape[0] * shape[1] < picture.shape[0] * picture.shape[1]
    out = cv2.resize(
        picture,  # type: ignore[arg-type]  # 8 or 16 bits
        shape[::-1],
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    return np.asarray(out).reshape(*shape, -1)
