"""PNG files: all parts of one checked, as decoders differ in the damage they bear; and written.

Deflate with Huffman's code alone, or with run lengths, leaves a compressor no choice: zlib and
zlib-ng, on any processor, write the same bytes, zlib-ng in about half of the time.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

try:
    from zlib_ng import zlib_ng as deflate
except ImportError:  # slower, and nothing else
    deflate = zlib  # type: ignore[misc]  # the same interface

UNPACKING = zlib.error, cast("type[Exception]", deflate.error)  # what either raises

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
COLOURS = {1: 0, 3: 2, 4: 6}  # colour type, by channels
FILTERS = {"none": 0, "average": 3}
STRATEGIES = {"huffman": zlib.Z_HUFFMAN_ONLY, "runs": zlib.Z_RLE}
LEVEL = 1  # without effect on what these strategies write but for a bit of the header
MEMORY = 8  # as much as decides where a block of codes ends: part of the format, so to speak
MOST_UNPACKED = 1 << 26  # bytes of pixels; of more, another copy would take too much memory
BAND = 1 << 18  # bytes that are filtered at a time: what a processor has at hand

Filter = Literal["none", "average"]
Strategy = Literal["huffman", "runs"]
Bytes = NDArray[np.uint8]


def unpacked_png(content: bytes) -> bytes:
    """Return a PNG file with its pixels unpacked, if every chunk of it is whole.

    A flipped bit makes Pillow return a partly black picture, OpenCV another one, and torchvision
    refuse the file: so nothing that is damaged is read at all. As the pixels are unpacked for that,
    decoders need not do it again, which takes most of their time. Bytes after the last chunk are
    nobody's and may be anything: they are left out.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    bytes
        The same picture, with all that is said of it; the file itself if it is a very large one.

    Raises
    ------
    ValueError
        If a chunk, the compressed pixels or their filters are damaged.

    Examples
    --------
    >>> unpacked_png(SIGNATURE)
    Traceback (most recent call last):
    ...
    ValueError: cut off after 8 bytes
    """
    header: bytes | None = None
    before: list[tuple[bytes, bytes]] = []
    packed: list[bytes] = []
    after: list[tuple[bytes, bytes]] = []
    ended = False
    for name, body in _chunks(content):
        if header is None and name != b"IHDR":
            raise ValueError(f"begins with {_shown(name)} instead of a header")
        if name == b"IHDR":
            header = body
        if name == b"IDAT":
            packed.append(body)
            continue
        (after if packed else before).append((name, body))
        ended = name == b"IEND"
        if ended:
            break
    if header is None or not ended:
        raise ValueError(f"cut off after {len(content)} bytes")
    raw = _unpacked(_passes(header), b"".join(packed))
    if len(raw) > MOST_UNPACKED:
        return content
    pixels = (b"IDAT", zlib.compress(raw, zlib.Z_NO_COMPRESSION))
    return SIGNATURE + b"".join(_chunk(*part) for part in (*before, pixels, *after))


def encode_png(picture: NDArray[np.generic], row_filter: Filter, strategy: Strategy) -> bytes:
    """Return a PNG file.

    Parameters
    ----------
    picture : (H, W) or (H, W, C) uint8 or uint16
        C = 1 grey, 3 RGB, 4 RGBA.
    row_filter : {"none", "average"}
        What is taken from each byte: nothing, or the mean of those to the left and above.
    strategy : {"huffman", "runs"}
        Huffman's code of the bytes, or of runs of equal bytes.

    Raises
    ------
    ValueError
        If the picture is of another kind, or has no pixels.

    References
    ----------
    T. Boutell et al., "PNG (Portable Network Graphics) Specification", W3C, 2003, chapters 9, 10.

    Examples
    --------
    >>> encode_png(np.eye(4, dtype=np.uint8), "average", "runs").startswith(SIGNATURE)
    True
    """
    channels = picture.shape[2] if picture.ndim == 3 else 1
    known = picture.dtype in (np.uint8, np.uint16) and picture.ndim in {2, 3}
    if not known or channels not in COLOURS or not picture.size:
        msg = f"a picture of {picture.dtype} {picture.shape} is not possible in PNG"
        raise ValueError(msg)
    height, width = picture.shape[:2]
    whole = np.ascontiguousarray(picture, dtype=picture.dtype.newbyteorder(">"))
    rows: Bytes = whole.reshape(height, -1).view(np.uint8)
    packer = deflate.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, MEMORY, STRATEGIES[strategy])
    step = channels * picture.dtype.itemsize
    packed = [packer.compress(band) for band in _filtered(rows, row_filter, step)]
    packed.append(packer.flush())
    depth = 8 * picture.dtype.itemsize
    header = struct.pack(">IIBBBBB", width, height, depth, COLOURS[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", b"".join(packed)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, body) for name, body in parts)


def packs_fast() -> bool:
    """Tell whether zlib-ng is installed, which writes the same bytes in half of the time."""
    return deflate is not zlib


def packer_name() -> str:
    """Return what packs PNG files here, with its version."""
    if not packs_fast():
        return f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
    return f"zlib-ng {deflate.ZLIBNG_VERSION}"


def _filtered(rows: Bytes, row_filter: Filter, step: int) -> Iterator[Bytes]:
    """Yield bands of filtered rows, each row behind the number of its filter."""
    height, wide = rows.shape
    count = max(BAND // wide, 1)
    above = np.zeros((1, wide), np.uint8)
    for start in range(0, height, count):
        band = rows[start : start + count]
        out = np.empty((band.shape[0], wide + 1), np.uint8)
        out[:, 0] = FILTERS[row_filter]
        if row_filter == "none":
            out[:, 1:] = band
        else:
            before = rows[start - 1 : start + count - 1] if start else np.vstack([above, band[:-1]])
            _less_average(band, before[: band.shape[0]], step, out[:, 1:])
        yield out


def _less_average(rows: Bytes, above: Bytes, step: int, out: Bytes) -> None:
    """Write to `out` what rows have beyond the mean, rounded down, of left and upper neighbour."""
    np.subtract(rows[:, :step], above[:, :step] >> 1, out=out[:, :step])
    left, upper = rows[:, :-step], above[:, step:]
    mean = left ^ upper
    mean >>= 1
    mean += left & upper
    np.subtract(rows[:, step:], mean, out=out[:, step:])


def _chunk(name: bytes, body: bytes) -> bytes:
    """Return a part of a file with its length and checksum."""
    checksum = deflate.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


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


def _unpacked(passes: list[tuple[int, int]], packed: bytes) -> bytes:
    """Unpack the filtered pixels: their length, checksum and filters have to be right."""
    wanted = sum(rows * (stride + 1) for rows, stride in passes)
    unpacker = deflate.decompressobj()
    try:
        raw = unpacker.decompress(packed, wanted + 1)
    except UNPACKING as error:
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
    return raw


def _shown(name: bytes) -> str:
    return name.decode("ascii", "replace")
