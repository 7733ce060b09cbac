"""A photo as it came from a file or an array: colour planes, alpha, compression."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Jpeg, Pixels
from anomsynth.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One photo, colour and alpha apart.

    Attributes
    ----------
    pixels : (H, W, C) uint8 or uint16, C in {1, 3}
    alpha : (H, W) of the same dtype, or None
    flat : bool
        True if the array had no channel axis, so that results have none either.
    jpeg : Jpeg or None
        Compression tables, where the file names them.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    flat: bool = False
    jpeg: Jpeg | None = None


def as_photo(array: NDArray[np.generic]) -> Photo:
    """Split an image array into colour and alpha.

    Parameters
    ----------
    array : (H, W) or (H, W, C) uint8 or uint16
        C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.

    Raises
    ------
    InputError
        If dtype or shape is another one, or the picture has no pixel.
    """
    if not isinstance(array, np.ndarray):
        msg = f"expected an image array, got {array!r}"
        raise InputError(msg, hint="read files with PIL.Image.open and numpy.asarray")
    if array.dtype not in (np.uint8, np.uint16):
        msg = f"image of type {array.dtype} is not supported"
        raise InputError(msg, hint="convert it to 8-bit or 16-bit unsigned integers")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        msg = f"image of shape {array.shape} is not supported"
        raise InputError(msg, hint="expected (H, W) or (H, W, C) with C = 1, 2, 3 or 4")
    if array.size == 0:
        msg = f"image of shape {array.shape} has no pixels"
        raise InputError(msg, hint="remove it from the input")
    pixels: Any = np.array(array)  # own copy: the caller's array stays writable and untouched
    if pixels.ndim == 2:
        return Photo(pixels[..., None], flat=True)
    if pixels.shape[2] in (2, 4):
        return Photo(np.ascontiguousarray(pixels[..., :-1]), np.ascontiguousarray(pixels[..., -1]))
    return Photo(pixels)
