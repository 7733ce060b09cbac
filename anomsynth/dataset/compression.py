"""How hard PNG files are squeezed: a choice of bytes and seconds, never of pixels."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import cv2

PngEffort = Literal["fast", "small"]

# Photos have noise, in which zlib finds no repetitions: it spends its time in vain. Run-length
# coding of well-filtered rows takes less of it and ends in smaller files. Measured on textured
# photos and rendered stand-ins of 256 x 256 RGB, and on real grey tiles, nanoseconds and bytes a
# value:
#   run lengths, one filter for all (average)           17 ns  0.35-0.42, tiles 0.54  "fast"
#   run lengths, filter by row of none, left, above     20 ns  0.37-0.40, tiles 0.51
#   run lengths, filter by row of all five              29 ns  0.37-0.39, tiles 0.50  "small"
#   run lengths, one filter for all (left)              16 ns  0.38-0.43, tiles 0.62
#   zlib level 1 / 6 / 9, filter by row of all five     31 / 180 / 340 ns  0.48 / 0.44 / 0.41
#   uncompressed                                        14 ns  1.00
# Masks take 3 to 12 ns and 0.01 bytes with any of them.
_RUN_LENGTHS = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
_OPTIONS: dict[PngEffort, Sequence[int]] = {
    # OpenCV 4.10 cannot choose filters one by one and takes the left neighbour.
    "fast": (*_RUN_LENGTHS, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG)
    if hasattr(cv2, "IMWRITE_PNG_FILTER")
    else _RUN_LENGTHS,
    # A level, whichever, makes OpenCV try all filters; zlib's levels do not differ in run lengths.
    "small": (cv2.IMWRITE_PNG_COMPRESSION, 1, *_RUN_LENGTHS),
}

_effort: ContextVar[PngEffort] = ContextVar("_effort", default="fast")


@contextmanager
def png_effort(effort: PngEffort) -> Iterator[None]:
    """Write every PNG with this effort, in this thread, until the block ends."""
    token = _effort.set(effort)
    try:
        yield
    finally:
        _effort.reset(token)


def png_options() -> Sequence[int]:
    """Return OpenCV's parameters of the effort that holds here."""
    return _OPTIONS[_effort.get()]
