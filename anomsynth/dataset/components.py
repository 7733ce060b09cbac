"""Masks of a part's components: which pixel belongs to which one."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from anomsynth.errors import InputError

MOST_COMPONENTS = 254  # numbers that fit a byte beside "none" and, in binary masks, "any"
BINARY = (0, 255)


def read_components(path: Path, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Read a mask of components, (H, W) uint8 numbers, 0 for none.

    A palette picture counts by its indices, a grey one by its levels. A mask of nothing but 0 and
    255 marks components without naming them: each connected region is one, numbered from the top
    left.

    Raises
    ------
    InputError
        If it cannot be read, is not of `shape`, has colours, or marks nothing.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ("P", "L", "1"):
                msg = f"{path}: {image.mode} picture as a mask of components"
                raise InputError(msg, hint="save it as 8-bit grey or with a palette")
            numbers = np.array(image.convert("L") if image.mode == "1" else image, dtype=np.uint8)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be read as a mask of components: {error}") from error
    if numbers.shape != shape:
        height, width = numbers.shape
        msg = f"{path}: mask of {width} x {height} pixels for a photo of {shape[1]} x {shape[0]}"
        raise InputError(msg, hint="masks need the size of their photo")
    if not numbers.any():
        raise InputError(f"{path}: marks no component", hint="0 is none, 1 and up are components")
    if set(np.unique(numbers).tolist()) <= set(BINARY):
        count, regions = cv2.connectedComponents((numbers > 0).astype(np.uint8), connectivity=8)
        if count - 1 > MOST_COMPONENTS:
            msg = (
                f"{path}: {count - 1} separate regions, at most {MOST_COMPONENTS} can be told apart"
            )
            raise InputError(msg, hint="number the components 1, 2, ... instead of 255")
        return np.asarray(regions, dtype=np.uint8)
    return numbers
