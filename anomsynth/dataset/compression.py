"""How hard PNG files are squeezed: a choice of bytes and seconds, never of pixels."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

PngEffort = Literal["fast", "small"]

# Photos have noise, in which zlib finds no repetitions: it spends its time in vain. Huffman's code
# alone, or with run lengths, of well-filtered rows takes less of it and ends in smaller files.
# Measured on textured photos and rendered stand-ins of 256 x 256 RGB, and on real grey tiles,
# nanoseconds and bytes a value:
#   Huffman's code, one filter for all (average)        13 ns  0.35-0.42, tiles 0.54  "fast"
#   run lengths, one filter for all (average)           17 ns  0.35-0.42, tiles 0.54
#   run lengths, filter by row of none, left, above     20 ns  0.37-0.40, tiles 0.51
#   run lengths, filter by row of all five              29 ns  0.37-0.39, tiles 0.50  "small"
#   run lengths, one filter for all (left)              16 ns  0.38-0.43, tiles 0.62
#   zlib level 1 / 6 / 9, filter by row of all five     31 / 180 / 340 ns  0.48 / 0.44 / 0.41
#   uncompressed                                        14 ns  1.00
# Masks take 3 to 12 ns and 0.01 bytes with run lengths, and 0.13 bytes without.
_HUFFMAN = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY)
_RUN_LENGTHS = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
# OpenCV 4.10 cannot choose filters one by one and takes the left neighbour.
_ONE_FILTER = (
    (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG)
    if hasattr(cv2, "IMWRITE_PNG_FILTER")
    else ()
)
# A level, whichever, makes OpenCV try all filters; zlib's levels do not differ in run lengths.
_SMALL = (cv2.IMWRITE_PNG_COMPRESSION, 1, *_RUN_LENGTHS)
FLAT = 0.7  # share of pixels like their left neighbours from which run lengths pay
ROWS_APART = 8  # looked at

_effort: ContextVar[PngEffort] = ContextVar("_effort", default="fast")


@contextmanager
def png_effort(effort: PngEffort) -> Iterator[None]:
    """Write every PNG with this effort, in this thread, until the block ends."""
    token = _effort.set(effort)
    try:
        yield
    finally:
        _effort.reset(token)


def png_options(picture: NDArray[np.generic]) -> Sequence[int]:
    """Return OpenCV's parameters for a picture, (H, W) or (H, W, C), at the effort that holds."""
    if _effort.get() == "small":
        return _SMALL
    rows = picture[::ROWS_APART]
    alike = np.count_nonzero(rows[:, 1:] == rows[:, :-1])
    flat = alike >= FLAT * rows[:, 1:].size
    return (*(_RUN_LENGTHS if flat else _HUFFMAN), *_ONE_FILTER)
