"""Depth maps as PNG: grey levels of 8 or 16 bits."""

import struct
import zlib
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError

SIGN = b"\x89PNG\r\n\x1a\n"
GREY = 0  # colour type
DEEP = 16  # bits


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
    # OpenCV does not notice a file that is cut off, and prints what else is wrong.
    whole = _is_whole(content)
    levels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if whole else None
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


def _is_whole(content: bytes) -> bool:
    """Tell whether every part of a file is there, up to the last, and has the right checksum."""
    place = len(SIGN)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            return False
        (wanted,) = struct.unpack_from(">I", content, end)
        if zlib.crc32(content[place + 4 : end]) != wanted:
            return False
        if content[place + 4 : place + 8] == b"IEND":
            return True
        place = end + 4
    return False
