"""How hard PNG files are squeezed: a choice of bytes and seconds, never of pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.png import encode_png

PngEffort = Literal["fast", "small"]

# Photos have noise, in which zlib finds no repetitions: it spends its time in vain. Huffman's code
# alone, or with run lengths, of well-filtered rows takes less of it and ends in smaller files.
# CPU time and size, both over those of OpenCV's encoder with the same filter and strategy (before:
# average, Huffman or run lengths), zlib-ng 2.3.3, tests/benchmarks/png.py:
#   stand-ins 256 RGB, Huffman's code  0.50 / 1.00    isal level 1  0.40 / 1.12
#   noisy 1024 RGB, Huffman's code     0.51 / 1.00                  0.48 / 1.09
#   real grey tiles, run lengths       0.60 / 1.00                  0.39 / 1.04
#   masks 1024, not filtered, runs     0.09 / 0.42                  0.06 / 0.55
#   plain zlib instead of zlib-ng: 0.94 to 1.3, the same bytes
# Bytes a value of all five filters by row, with run lengths ("small"): 0.37 to 0.39 where one
# filter takes 0.35 to 0.42, tiles 0.50 for 0.54, in twice the time; zlib's levels 0.41 to 0.48.
# A level, whichever, makes OpenCV try all filters; zlib's levels do not differ in run lengths.
_SMALL = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
)
NOISY = 0.7  # share of pixels like their left neighbours up to which run lengths do not pay
FLAT = 0.95  # and from which no filter does
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


def encoded_png(picture: NDArray[np.generic]) -> bytes:
    """Return a picture as a PNG file, at the effort that holds.

    Parameters
    ----------
    picture : (H, W) or (H, W, C) uint8 or uint16
        C = 1 grey, 3 RGB, 4 RGBA.

    Raises
    ------
    ValueError
        If it is another kind of picture, or has no pixels.
    """
    if _effort.get() == "small":
        return _small(picture)
    rows = picture[::ROWS_APART]
    alike = np.count_nonzero(rows[:, 1:] == rows[:, :-1])
    most = rows[:, 1:].size
    return encode_png(
        picture,
        "none" if alike >= FLAT * most else "average",
        "runs" if alike >= NOISY * most else "huffman",
    )


def _small(picture: NDArray[np.generic]) -> bytes:
    planes = picture
    if picture.ndim == 3 and picture.shape[2] in {3, 4}:
        swap = cv2.COLOR_RGB2BGR if picture.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        planes = cv2.cvtColor(picture, swap)  # type: ignore[arg-type]  # 8 or 16 bits
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(planes), _SMALL)
    if not done:
        raise ValueError(f"a picture of {picture.dtype} {picture.shape} is not possible in PNG")
    return encoded.tobytes()
