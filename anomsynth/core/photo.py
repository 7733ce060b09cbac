"""A photo as it came from a file or an array: colour planes, alpha, compression."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.depth import Depth
from anomsynth.core.types import FLOAT_LEVELS, Floats, Jpeg, Pixels
from anomsynth.errors import InputError

CHANNELS = (1, 2, 3, 4)
INSTEAD = {
    "b": "a mask? As an image it is image.astype(numpy.uint8) * 255",
    "i": "levels of 0..255 need image.astype(numpy.uint8), of 0..65535 numpy.uint16",
    "u": "levels of 0..255 need image.astype(numpy.uint8), of 0..65535 numpy.uint16",
    "f": "convert it with image.astype(numpy.float32)",
    "c": "give its magnitude, numpy.abs(image), scaled to 0..1",
}


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
    floats : array as it was given, or None
        A float image; its `pixels` and `alpha` hold it in steps of 1/65535.
    depth : Depth or None
        The camera's, where it uses less than 16 bits; `pixels` are spread over all of them.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    flat: bool = False
    jpeg: Jpeg | None = None
    floats: Floats | None = None
    depth: Depth | None = None


def as_photo(array: NDArray[np.generic]) -> Photo:
    """Split an image array into colour and alpha.

    Parameters
    ----------
    array : (H, W) or (H, W, C) uint8, uint16, or float32 or float64 in [0, 1]
        C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.

    Raises
    ------
    InputError
        If dtype or shape is another one, a float outside 0..1 or not a number, or the picture has
        no pixel.
    """
    if not isinstance(array, np.ndarray):
        shown = repr(array) if isinstance(array, str) else f"a {type(array).__name__}"
        msg = f"expected an image array, got {shown}"
        raise InputError(msg, hint="numpy.asarray makes one of most pictures")
    if array.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        msg = f"image of type {array.dtype} is not supported"
        hint = INSTEAD.get(array.dtype.kind, "convert it to 8-bit or 16-bit unsigned integers")
        raise InputError(msg, hint=hint)
    _check_shape(array.shape)
    floats: Floats | None = None
    if array.dtype.kind == "f":
        floats = cast("Floats", np.array(array))
        pixels: Any = _quantised(floats)
    else:
        pixels = np.array(array)  # own copy: the caller's array stays writable and untouched
    if pixels.ndim == 2:
        return Photo(pixels[..., None], flat=True, floats=floats)
    if pixels.shape[2] in (2, 4):
        colour, alpha = (np.ascontiguousarray(part) for part in (pixels[..., :-1], pixels[..., -1]))
        return Photo(colour, alpha, floats=floats)
    return Photo(pixels, floats=floats)


def _check_shape(shape: tuple[int, ...]) -> None:
    """Raise InputError unless an image may have this shape; say what it looks like."""
    if 0 in shape:
        msg = f"image of shape {shape} has no pixels"
        raise InputError(msg, hint="remove it from the input")
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in CHANNELS):
        return
    hint = "expected (H, W) or (H, W, C) with C = 1, 2, 3 or 4"
    if len(shape) == 3 and shape[0] in CHANNELS:
        msg = f"image of shape {shape} looks like channels first: give (H, W, C)"
        raise InputError(msg, hint="image.transpose(1, 2, 0) is")
    if len(shape) == 4:
        msg = f"image of shape {shape} looks like a batch: give one picture, (H, W, C)"
        raise InputError(msg, hint=hint)
    raise InputError(f"image of shape {shape} is not supported", hint=hint)


def _quantised(floats: Floats) -> NDArray[np.uint16]:
    """Return 16-bit levels of floats in [0, 1], or raise InputError."""
    low, high = float(floats.min()), float(floats.max())
    if np.isnan(low):
        msg = "a float image must lie in 0..1, this one holds NaN"
        raise InputError(msg, hint="numpy.nan_to_num replaces it")
    if low < 0 or high > 1:
        hint = "divide levels of 0..255 by 255" if high > 1 else "scale or clip it"
        msg = f"a float image must lie in 0..1, this one goes from {low:g} to {high:g}"
        raise InputError(msg, hint=hint)
    return np.rint(floats * floats.dtype.type(FLOAT_LEVELS)).astype(np.uint16)
