"""Work on many pixels at the cost of few: block by block, between pixels, on sparse arrays."""

import math
import mmap
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)
Array = TypeVar("Array", bound=NDArray[np.generic])

BLOCK = 1 << 14  # pixels of which the arrays of a few steps fit the processor's cache
MOST_ROWS = 1 << 14  # read at once between pixels: OpenCV takes at most 32767
LARGE = 8 << 20  # bytes of an array that is seldom written all over


def blocks(count: int) -> Iterator[slice]:
    """Yield slices that cut `count` pixels into blocks of at most `BLOCK`."""
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))


def bands(height: int, width: int) -> Iterator[slice]:
    """Yield slices that cut the rows of a picture into bands of about `BLOCK` pixels."""
    rows = max(BLOCK // max(width, 1), 1)
    return (slice(start, start + rows) for start in range(0, height, rows))


def by_blocks(function: Callable[..., Float32], *lists: NDArray[np.generic]) -> Float32:
    """Apply a pointwise function to lists of pixels, block by block.

    Parameters
    ----------
    function : callable
        Takes the same rows of each list and returns as many rows.
    *lists : (n, ...) arrays

    Returns
    -------
    (n, ...) float32, equal to ``function(*lists)``
    """
    count = len(lists[0])
    if count <= BLOCK:
        return function(*lists)
    parts = blocks(count)
    first = next(parts)
    head = function(*(array[first] for array in lists))
    result = np.empty((count, *head.shape[1:]), dtype=np.float32)
    result[first] = head
    for part in parts:
        result[part] = function(*(array[part] for array in lists))
    return result


def averaged(field: Array, shape: tuple[int, int]) -> Array:
    """Average (H, W) or (H, W, C) over so many rows and columns of equal cells; keeps the dtype."""
    numbers = cast("NDArray[np.floating]", field)  # to OpenCV all are alike
    small = cv2.resize(numbers, shape[::-1], interpolation=cv2.INTER_AREA)
    return cast("Array", small.reshape(*shape, *field.shape[2:]))


def over_channels(combine: np.ufunc, array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Combine the channels of (..., C) to (...), as `combine.reduce` over the last axis would.

    On an axis this short, a loop over channels is ten times faster than NumPy's over pixels.
    """
    result = array[..., 0]
    for channel in range(1, array.shape[-1]):
        result = combine(result, array[..., channel])
    return result


def marked(pixels: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return where any channel of a mask's picture, (H, W, C), is above 0, (H, W) bool."""
    return np.greater(over_channels(np.maximum, pixels), 0)


def on_channels(plane: Float32, channels: int) -> Float32:
    """Return values (...) as (..., C), to be combined with light; may share memory.

    NumPy's own broadcasting over an axis this short takes several times as long.
    """
    if channels == 1:
        return plane[..., None]
    if plane.size == 0:
        return np.empty((*plane.shape, channels), dtype=np.float32)
    line = plane.reshape(1, -1)  # OpenCV works row by row: lists of pixels would be single ones
    repeated = np.asarray(cv2.cvtColor(line, cv2.COLOR_GRAY2RGB), dtype=np.float32)
    return repeated.reshape(*plane.shape, channels)


def put_rows(rows: NDArray[Scalar], index: NDArray[np.intp], values: NDArray[Scalar]) -> None:
    """Write (n, C) values into (N, C) contiguous rows at `index`, several times faster than NumPy.

    Each row is moved as one piece.
    """
    if rows.shape[1] == 1:
        rows[:, 0][index] = values[:, 0]
        return
    piece = np.dtype((np.void, rows.itemsize * rows.shape[1]))
    rows.view(piece)[:, 0][index] = np.ascontiguousarray(values).view(piece)[:, 0]


def channel_mean(array: Float32) -> Float32:
    """Return the mean over the channels of (..., C) as (...)."""
    if array.shape[-1] == 1:
        return array[..., 0]
    return over_channels(np.add, array) * np.float32(1 / array.shape[-1])


def power(values: Float32, exponent: float) -> Float32:
    """Return values >= 0 to a power, a new array; several times faster than NumPy's."""
    if values.size == 0:
        return values.copy()
    return np.asarray(cv2.pow(values, exponent), dtype=np.float32).reshape(values.shape)


def look_up(picture: Float32, rows: Float32, cols: Float32, method: int) -> Float32:
    """Return a picture at given places; beyond its border it goes on as it ends there.

    Parameters
    ----------
    picture : (H, W) or (H, W, C) float32
    rows, cols : (h, w) float32, pixels; w at most 32767
    method : interpolation flag of OpenCV

    Returns
    -------
    (h, w) or (h, w, C) float32
    """
    seen = np.empty((*rows.shape, *picture.shape[2:]), dtype=np.float32)
    for start in range(0, len(rows), MOST_ROWS):
        part = slice(start, start + MOST_ROWS)
        seen[part] = cv2.remap(
            picture, cols[part], rows[part], method, borderMode=cv2.BORDER_REPLICATE
        ).reshape(seen[part].shape)
    return seen


def slope_of(field: Float32, axis: int) -> Float32:
    """Return how fast (h, w) float32 rises along an axis, per pixel: Sobel's smoothed differences.

    The renderer shades by it and normal maps are made of it, so that both tell one geometry.
    """
    cols, rows = (0, 1) if axis == 0 else (1, 0)
    steps = cv2.Sobel(field, cv2.CV_32F, cols, rows, scale=0.125, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(steps, dtype=np.float32)


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
