"""Depth maps as PNG: grey levels of 8 or 16 bits."""

from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.png import unpacked_png
from anomsynth.errors import InputError

GREY = 0  # colour type


def read_levels(content: bytes, path: Path) -> NDArray[np.integer]:
    """Return the levels of a grey PNG file, (H, W) uint8 or uint16.

    Raises
    ------
    InputError
        If it is damaged, or a picture of colours.
    """
    if len(content) > 25 and content[25] != GREY:
        msg = f"{path}: a picture of colours, where a depth map was looked for"
        raise InputError(msg, hint="a depth map has one grey level a pixel")
    try:  # OpenCV does not notice a file that is cut off, and prints what else is wrong
        whole = np.frombuffer(unpacked_png(content), np.uint8)
        levels = cv2.imdecode(whole, cv2.IMREAD_UNCHANGED)
    except ValueError as error:
        msg = f"{path}: damaged PNG: {error}"
        raise InputError(msg, hint="replace the file or remove it") from error
    if levels is None or levels.ndim != 2:
        raise InputError(f"{path}: damaged PNG", hint="replace the file or remove it")
    return cast("NDArray[np.integer]", levels)


def encode_levels(levels: NDArray[np.integer]) -> bytes:
    """Return a PNG file of (H, W) uint8 or uint16 grey levels."""
    done, content = cv2.imencode(".png", levels)
    if not done:
        msg = f"a depth map of {levels.dtype} {levels.shape} is not possible in PNG"
        raise ValueError(msg)
    return bytes(content)
