"""Photos made smaller, with the masks that go with them."""

from dataclasses import replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo
from anomsynth.core.types import Mask, Pixels
from anomsynth.dataset.images import LoadedPhoto


def shrunk(loaded: LoadedPhoto, side: int | None) -> LoadedPhoto:
    """Return a photo whose longer side has at most `side` pixels, itself if it has.

    Each pixel is the mean of those it covers. Its file then no longer stands for it, and the
    compression of the file is no longer in its pixels.
    """
    height, width = loaded.photo.pixels.shape[:2]
    if side is None or max(height, width) <= side:
        return loaded
    factor = side / max(height, width)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    photo = loaded.photo
    pixels = _resized(photo.pixels, size)
    if photo.depth is not None:  # to levels that the camera has
        pixels = photo.depth.widen(photo.depth.narrow(pixels))
    alpha = None if photo.alpha is None else _resized(photo.alpha[..., None], size)[..., 0]
    small = Photo(pixels, alpha, photo.flat, None, None, photo.depth)
    return replace(loaded, photo=small, plain=False, plain_jpeg=False, whole=(height, width))


def fitted(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Return a mask of a photo that was made smaller: where it covers half of a pixel or more."""
    if mask.shape == shape:
        return mask
    size = shape[1], shape[0]
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 0.5, dtype=np.bool_)


def fitted_numbers(numbers: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return numbers of components of a photo that was made smaller."""
    if numbers.shape == shape:
        return numbers
    size = shape[1], shape[0]
    return np.asarray(cv2.resize(numbers, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _resized(planes: Pixels, size: tuple[int, int]) -> Pixels:
    small = cv2.resize(planes, size, interpolation=cv2.INTER_AREA)  # keeps the type
    return cast("Pixels", small[..., None] if small.ndim == 2 else small)
