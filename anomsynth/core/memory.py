"""Memory of arrays: freed and kept for the next ones, or not there before it is written."""

import ctypes
import math
import mmap
import os
import sys
from contextlib import suppress
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

KEPT = 256 << 20  # bytes that lie free at the end of the heap before the system gets them back
STEP = 16 << 20  # bytes by which the heap grows, beyond what is asked for
LARGE = 8 << 20  # bytes of an array that is seldom written all over
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h of glibc


@cache
def keep_freed_memory() -> None:
    """Let this process keep the memory of freed arrays, where its C library is glibc.

    By itself, glibc gets the pages of every large array from the system and gives them back with
    it; the system then clears them for the next one, which takes a fifth of the time of a picture
    of 4096 x 4096 pixels. This changes the whole process, so it is for processes of our own:
    programs and their workers. `MALLOC_...` variables of the environment have precedence.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, KEPT)
    mallopt(M_TOP_PAD, STEP)


def sparse_zeros(shape: tuple[int, ...], dtype: type[Scalar]) -> NDArray[Scalar]:
    """Return zeros of which, if they are many, only those cost time and memory that are written.

    Linux clears pages when they are first written, large ones at once where it has them. NumPy's
    own zeros are as sparse elsewhere, but not on a heap that keeps what was freed.
    """
    bytes_ = math.prod(shape) * np.dtype(dtype).itemsize
    if sys.platform != "linux" or bytes_ < LARGE:
        return np.zeros(shape, dtype=dtype)
    pages = mmap.mmap(-1, bytes_, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without large pages
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=dtype).reshape(shape)
