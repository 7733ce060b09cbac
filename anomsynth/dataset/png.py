"""The parts of a PNG file, all of them checked: decoders differ in what damage they live with."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples a pixel, by colour type
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Adam7: first row and column of each pass, and the steps to the next ones.
PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
LAST_FILTER = 4


def check_png(content: bytes) -> None:
    """Raise ValueError unless every chunk, the compressed pixels and their filters are whole.

    A flipped bit makes Pillow return a partly black picture, OpenCV another one, and torchvision
    refuse the file: so nothing that is damaged is read at all. Bytes after the last chunk are
    nobody's and may be anything.

    Parameters
    ----------
    content : bytes
        The whole file.

    Examples
    --------
    >>> check_png(SIGNATURE)
    Traceback (most recent call last):
    ...
    ValueError: cut off after 8 bytes
    """
    header: bytes | None = None
    packed, ended = [], False
    for name, body in _chunks(content):
        if header is None and name != b"IHDR":
            raise ValueError(f"begins with {_shown(name)} instead of a header")
        if name == b"IHDR":
            header = body
        elif name == b"IDAT":
            packed.append(body)
        elif name == b"IEND":
            ended = True
            break
    if header is None or not ended:
        raise ValueError(f"cut off after {len(content)} bytes")
    _check_pixels(_passes(header), b"".join(packed))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each chunk whose checksum is right; stop where the file does."""
    place = len(SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 8 + length
        name, body = content[place + 4 : place + 8], content[place + 8 : end]
        if end + 4 > len(content):
            return
        (wanted,) = struct.unpack_from(">I", content, end)
        if zlib.crc32(body, zlib.crc32(name)) != wanted:
            raise ValueError(f"the checksum of its part {_shown(name)} is wrong")
        yield name, body
        place = end + 4


def _passes(header: bytes) -> list[tuple[int, int]]:
    """Return rows and bytes a row (without the filter) of each pass over the picture."""
    if len(header) != 13:
        raise ValueError("its header has a wrong length")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if depth not in DEPTHS.get(colour, ()) or not width or not height or interlace > 1:
        raise ValueError("its header describes no picture")
    bits = depth * CHANNELS[colour]
    if not interlace:
        return [(height, (width * bits + 7) // 8)]
    sizes = (
        (-(-(height - top) // down), -(-(width - left) // across))
        for top, left, down, across in PASSES
    )
    return [(rows, (cols * bits + 7) // 8) for rows, cols in sizes if rows > 0 and cols > 0]


def _check_pixels(passes: list[tuple[int, int]], packed: bytes) -> None:
    """Unpack the pixels: their length, checksum and filters have to be right."""
    wanted = sum(rows * (stride + 1) for rows, stride in passes)
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, wanted + 1)
    except zlib.error as error:
        raise ValueError(f"its pixels cannot be unpacked: {error}") from error
    if len(raw) != wanted:
        many = "more" if len(raw) > wanted else "fewer"
        raise ValueError(f"holds {many} pixels than its header says")
    # The checksum stands behind the last byte; a reader that has all pixels may not get there.
    if not unpacker.eof and (unpacker.decompress(unpacker.unconsumed_tail, 1) or not unpacker.eof):
        raise ValueError("the checksum of its pixels is missing")
    flat, start = np.frombuffer(raw, np.uint8), 0
    for rows, stride in passes:
        lines = flat[start : start + rows * (stride + 1)].reshape(rows, stride + 1)
        if lines[:, 0].max() > LAST_FILTER:
            raise ValueError("its pixels are filtered in an unknown way")
        start += rows * (stride + 1)


def _shown(name: bytes) -> str:
    return name.decode("ascii", "replace")
