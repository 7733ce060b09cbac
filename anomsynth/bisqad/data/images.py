"""From photos and masks on disk to tensors of one size."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anomsynth.core.photo import Photo
from anomsynth.core.types import Mask, Pixels

# A resized mask is on where it covers at least this share of a pixel: hairlines must not vanish.
MASK_SHARE = 0.25


def photo_tensor(photo: Photo, size: int, *, grey: bool = False) -> Tensor:
    """Return a photo, stretched to a square, as (3, size, size) float32, sRGB in [0, 1].

    8 and 16 bits; alpha is passed over; grey photos have three equal channels, and so have
    colour photos if `grey` asks for it (luma of ITU-R BT.601).
    """
    pixels = photo.pixels
    if grey and pixels.shape[2] == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]  # type: ignore[assignment]  # dtype stays
    full = float(np.iinfo(pixels.dtype).max)
    values = resized(pixels, size).astype(np.float32) / np.float32(full)
    planes = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))
    return planes.expand(3, -1, -1).contiguous()


def mask_tensor(mask: Mask, size: int | tuple[int, int]) -> Tensor:
    """Return a mask, stretched to a square or to a size, as bool; a marked one stays marked."""
    share = resized(mask[..., None].astype(np.float32), size)[..., 0].astype(np.float32)
    least = min(MASK_SHARE, float(share.max())) if mask.any() else MASK_SHARE
    return torch.from_numpy(np.greater_equal(share, least))


def resized(planes: NDArray[np.generic], size: int | tuple[int, int]) -> NDArray[np.generic]:
    """Return (h, w, C) of (H, W, C): averaged where it shrinks, linear where it grows.

    `size` is one number for a square, or height and width.
    """
    height, width = planes.shape[:2]
    rows, cols = (size, size) if isinstance(size, int) else size
    if (height, width) == (rows, cols):
        return planes
    # Side by side, because OpenCV's averaging does not average once either side grows.
    steps = [(width, min(height, rows)), (min(width, cols), min(height, rows)), (cols, rows)]
    result = np.ascontiguousarray(planes)
    for step, shrinks in zip(steps, (True, True, False), strict=True):
        if step != (result.shape[1], result.shape[0]):
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            result = cv2.resize(result, step, interpolation=how).reshape(step[1], step[0], -1)
    return result


def is_grey(pixels: Pixels) -> bool:
    """Whether a photo has one channel or three equal ones."""
    return bool((pixels == pixels[..., :1]).all())
