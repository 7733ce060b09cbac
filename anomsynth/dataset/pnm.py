"""PNM, the plain pictures of cameras' kits: PBM, PGM and PPM with 8 or 16 bits.

Pillow spreads levels over the whole range where the file says less than 255 or 65535; a mask or a
camera's 12 bits would not be what they are.
"""

import re

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError

_TOKEN = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([^\s#]+)")
PLANES = {b"P1": 1, b"P2": 1, b"P3": 3, b"P4": 1, b"P5": 1, b"P6": 3}
BITMAPS = {b"P1", b"P4"}  # 1 is black
TEXTS = {b"P1", b"P2", b"P3"}


def read_pnm(content: bytes) -> NDArray[np.generic]:
    """Read the pixels of a PNM file, (H, W) or (H, W, 3) uint8 or uint16, levels as they are.

    Bits become 0 and 255. Reference: the manual pages pbm(5), pgm(5) and ppm(5) of Netpbm.

    Raises
    ------
    InputError
        If it is of another kind, damaged, cut off, or has values above its own highest.
    """
    magic = content[:2]
    if magic not in PLANES:
        raise InputError("PNM of a kind that is not supported", hint="save it as PGM or PPM")
    wanted = 2 if magic in BITMAPS else 3
    numbers, at = _numbers(content, wanted)
    width, height = numbers[:2]
    highest = 1 if magic in BITMAPS else numbers[2]
    if width < 1 or height < 1 or not 1 <= highest <= 65535:
        raise InputError(f"damaged: {width} x {height} pixels of at most {highest}")
    shape = (height, width) if PLANES[magic] == 1 else (height, width, 3)
    pixels = (
        _text(content[at:], shape, magic)
        if magic in TEXTS
        else _binary(content, at, shape, highest)
    )
    if int(pixels.max()) > highest:
        raise InputError(f"damaged: the value {int(pixels.max())} is above {highest}")
    if magic in BITMAPS:
        return np.where(pixels == 0, 255, 0).astype(np.uint8)
    return pixels.astype(np.uint8 if highest < 256 else np.uint16)


def _numbers(content: bytes, count: int) -> tuple[list[int], int]:
    """Return the numbers of the header and where the pixels begin."""
    found, at = [], 2
    for _ in range(count):
        token = _TOKEN.match(content, at)
        if token is None or not token[1].isdigit() or len(token[1]) > 9:
            raise InputError("damaged: its header holds no size")
        found.append(int(token[1]))
        at = token.end()
    return found, at + 1


def _binary(content: bytes, at: int, shape: tuple[int, ...], highest: int) -> NDArray[np.generic]:
    if content[:2] in BITMAPS:
        row = -(-shape[1] // 8)
        packed = _exactly(content, at, row * shape[0]).reshape(shape[0], row)
        return np.unpackbits(packed, axis=1)[:, : shape[1]]
    count = int(np.prod(shape))
    if highest < 256:
        return _exactly(content, at, count).reshape(shape)
    return _exactly(content, at, 2 * count).view(">u2").reshape(shape)


def _exactly(content: bytes, at: int, count: int) -> NDArray[np.uint8]:
    if len(content) - at < count:
        raise InputError(f"cut off: {max(len(content) - at, 0)} of {count} bytes are there")
    return np.frombuffer(content, np.uint8, count, at)


def _text(content: bytes, shape: tuple[int, ...], magic: bytes) -> NDArray[np.generic]:
    plain = re.sub(rb"#[^\n\r]*", b" ", content)
    words = list(plain.translate(None, b" \t\n\r\v\f")) if magic == b"P1" else plain.split()
    count = int(np.prod(shape))
    if len(words) < count:
        raise InputError(f"cut off: {len(words)} of {count} values are there")
    try:
        if magic == b"P1":
            values = [int(chr(word)) for word in words[:count]]  # type: ignore[arg-type]  # bytes
        else:
            values = [int(word) for word in words[:count]]
        return np.array(values, dtype=np.int64).reshape(shape)
    except (ValueError, OverflowError) as error:
        raise InputError(f"damaged: {error}") from error
