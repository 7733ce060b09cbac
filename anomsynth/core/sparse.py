"""Large arrays of which little is written."""

import math
import mmap
import sys
from contextlib import suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

LARGE = 8 << 20  # bytes of an array that is seldom written all over


def sparse_zeros(shape: tuple[int, ...], dtype: type[Scalar]) -> NDArray[Scalar]:
    """Return zeros of which, if they are many, only those cost time and memory that are written.

    Linux clears pages when they are first written, large ones at once where it has them. NumPy's
    own zeros are as sparse elsewhere, but not on a heap that keeps what was freed.
    """
    bytes_ = math.prod(shape) * np.dtype(dtype).itemsize
    if sys.platform != "linux" or bytes_ < LARGE:
        return np.zeros(shape, dtype=dtype)
    try:
        pages = mmap.mmap(-1, bytes_, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"no {bytes_} bytes for an array of {shape}") from error
    with suppress(OSError):  # a kernel without large pages
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=dtype).reshape(shape)
