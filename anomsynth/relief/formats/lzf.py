"""LZF, the compression of PCD files: unpacked, and written as literals.

M. Lehmann, LibLZF, 2000-2010: a control byte below 32 stands before so many literals and one; any
other before a reference of at least three bytes to what was unpacked before.
"""

LITERALS = 32
LONG = 7  # a length whose rest follows in another byte


def unpacked(packed: bytes, size: int) -> bytes:
    """Return what was compressed.

    Parameters
    ----------
    packed : bytes
    size : int
        Bytes that must come out.

    Raises
    ------
    ValueError
        If it is damaged.

    Examples
    --------
    >>> unpacked(bytes([0, 65, 224, 2, 0]), 12)
    b'AAAAAAAAAAAA'
    """
    out = bytearray()
    place, end = 0, len(packed)
    try:
        while place < end:
            control = packed[place]
            place += 1
            if control < LITERALS:
                out += packed[place : place + control + 1]
                place += control + 1
                continue
            length, high = control >> 5, (control & 31) << 8
            if length == LONG:
                length += packed[place]
                place += 1
            start = len(out) - (high | packed[place]) - 1
            place += 1
            if start < 0:
                raise ValueError("its compressed points refer to what is not there")
            _repeat(out, start, length + 2)
    except IndexError as error:
        raise ValueError("its compressed points are cut off") from error
    if len(out) != size or place != end:
        raise ValueError(f"{len(out)} bytes of points unpacked instead of {size}")
    return bytes(out)


def stored(raw: bytes) -> bytes:
    """Return bytes as LZF without compressing them, a 32nd longer.

    Examples
    --------
    >>> unpacked(stored(b"points" * 20), 120) == b"points" * 20
    True
    """
    pieces = []
    for start in range(0, len(raw), LITERALS):
        piece = raw[start : start + LITERALS]
        pieces += [bytes([len(piece) - 1]), piece]
    return b"".join(pieces)


def _repeat(out: bytearray, start: int, length: int) -> None:
    """Append bytes from `start` on, some of which may be those that are appended."""
    known = len(out) - start
    if known >= length:
        out += out[start : start + length]
        return
    pattern = bytes(out[start:])
    out += (pattern * (length // known + 1))[:length]
