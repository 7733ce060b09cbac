"""The memory of this process: kept when it is freed, and what is said when it runs out."""

import ctypes
import os
import sys
from functools import cache

FREE_BYTES = (
    256 << 20
)  # bytes that lie free at the end of the heap before the system gets them back
STEP = 16 << 20  # bytes by which the heap grows, beyond what is asked for
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h of glibc
SHORT = "Insufficient memory", "can't allocate memory"  # as OpenCV and torch put it


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
    mallopt(M_TRIM_THRESHOLD, FREE_BYTES)
    mallopt(M_TOP_PAD, STEP)


def memory_ran_out(error: BaseException) -> bool:
    """Tell whether an error of Python, NumPy, OpenCV or torch says that there is no memory left."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in SHORT)
