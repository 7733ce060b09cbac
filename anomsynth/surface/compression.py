"""Traces that JPEG leaves in pixels: the grid of its blocks and the steps of its coefficients."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Jpeg

# Annex K of ITU-T T.81 (JPEG), row by row.
LUMA = """
16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112
100 103 99
"""
CHROMA = """
17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99
"""
LOW = np.array([8 * i + j for i in range(6) for j in range(6) if 0 < i + j < 6])  # frequencies
QUALITIES = np.arange(20, 97)  # above, the steps drown in rounding
MOST_BLOCKS = 192
LARGEST = COARSEST = 127  # coefficients from here on are left out, steps above count as it
FEWEST = 150  # coefficients that must tell
PERIODIC = 0.45  # mean cosine of coefficients over their step, 1 = all are exact multiples


def standard_tables(quality: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the luma and chroma tables of the Independent JPEG Group's quality scale, by rows."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, chroma = (
        tuple(min(max((int(step) * scale + 50) // 100, 1), 255) for step in table.split())
        for table in (LUMA, CHROMA)
    )
    return luma, chroma


def find_jpeg(windows: Float32) -> Jpeg | None:
    """Return the compression that (N, h, w) grey levels went through, None where there is no sign.

    Steps between neighbours that are larger every eighth pixel hint at the grid; what counts is
    that the cosine coefficients of its blocks are multiples of the steps of one of the standard
    tables. The windows must start on multiples of 8 of the photo.
    """
    if min(windows.shape[1:]) < 32:
        return None
    for row, col in dict.fromkeys([(0, 0), (_row_grid(windows), _col_grid(windows))]):
        quality = _quality(_coefficients(windows, row, col))
        if quality is not None:
            return Jpeg(*standard_tables(quality), row, col)
    return None


def _row_grid(windows: Float32) -> int:
    step = np.abs(windows[:, 1:, ::2] - windows[:, :-1, ::2])
    return _start(step.mean(axis=2).mean(axis=0))


def _col_grid(windows: Float32) -> int:
    step = np.abs(windows[:, ::2, 1:] - windows[:, ::2, :-1])
    return _start(step.mean(axis=1).mean(axis=0))


def _start(step: Float32) -> int:
    """Return the position modulo 8 at which blocks most likely start, from the steps before it."""
    excess = step[1:-1] - (step[:-2] + step[2:]) / 2
    whole = excess[: excess.size // 8 * 8].reshape(-1, 8)
    # excess[0] is the step from position 1 to position 2
    return (int(np.median(whole, axis=0).argmax()) + 2) % 8


def _coefficients(windows: Float32, row: int, col: int) -> Float32:
    """Return (N, 20) low cosine coefficients of the busiest blocks of the grid."""
    height = (windows.shape[1] - row) // 8 * 8
    width = (windows.shape[2] - col) // 8 * 8
    cut = windows[:, row : row + height, col : col + width]
    blocks = cut.reshape(-1, height // 8, 8, width // 8, 8).swapaxes(2, 3)
    blocks = blocks.reshape(-1, 64)
    blocks = blocks[:: max(len(blocks) // (2 * MOST_BLOCKS), 1)]
    clipped = (blocks.min(axis=1) <= 0) | (blocks.max(axis=1) >= 255)
    busy = np.where(clipped, -1, np.abs(blocks - blocks[:, :1]).sum(axis=1))
    chosen = blocks[np.argsort(-busy, kind="stable")[:MOST_BLOCKS]] - np.float32(128)
    return _product(chosen, cosine_basis())


def _product(first: Float32, second: Float32) -> Float32:
    """Multiply matrices of a few thousand numbers, for which starting BLAS threads costs more."""
    return np.asarray(cv2.gemm(first, second, 1, np.empty(0, np.float32), 0), dtype=np.float32)


@cache
def cosine_basis() -> Float32:
    """Return the (64, 20) matrix from pixels of a block, by rows, to low cosine coefficients."""
    frequency, place = np.mgrid[:8, :8]
    basis = np.sqrt(2 / 8) * np.cos(np.pi * frequency * (2 * place + 1) / 16)
    basis[0] /= np.sqrt(2)
    return np.ascontiguousarray(np.kron(basis, basis)[LOW].T, dtype=np.float32)


@cache
def _qualities() -> NDArray[np.intp]:
    """Return the (Q, 20) luma steps of all qualities at low frequencies."""
    tables = [standard_tables(quality)[0] for quality in QUALITIES.tolist()]
    return np.minimum(np.array(tables)[:, LOW], COARSEST)


@cache
def _places() -> NDArray[np.intp]:
    """Return where the steps of all qualities lie in a (20, COARSEST + 1) table, flat."""
    return np.arange(LOW.size) * (COARSEST + 1) + _qualities()


@cache
def _fits() -> tuple[Float32, Float32]:
    """Return for (size, step) how well a coefficient fits a step, in [-1, 1], and if it tells."""
    size, step = np.ogrid[: LARGEST + 1, : COARSEST + 1]
    ratio = size / np.maximum(step, 1)
    tells = (ratio > 0.3) & (step > 1)
    return (np.cos(2 * np.pi * ratio) * tells).astype(np.float32), tells.astype(np.float32)


def _quality(coefficients: Float32) -> int | None:
    """Return the quality whose steps the coefficients are multiples of, None if there is none."""
    sizes = np.minimum(np.rint(np.abs(coefficients)), LARGEST).astype(np.intp)
    bins = sizes + np.arange(LOW.size) * (LARGEST + 1)
    counts = np.bincount(bins.ravel(), minlength=LOW.size * (LARGEST + 1))
    table = counts.reshape(LOW.size, LARGEST + 1).astype(np.float32)
    table[:, LARGEST] = 0
    used = table[:, : int(sizes.max()) + 1]  # most coefficients are small
    place = _places()
    fit, total = (_product(used, part[: used.shape[1]]).take(place).sum(axis=1) for part in _fits())
    fit = fit / np.maximum(total, 1)
    fit[total < FEWEST] = 0
    if fit.max() < PERIODIC:
        return None
    # Multiples of a step are multiples of its half too: the coarsest good table is the one.
    good = np.flatnonzero(fit > 0.85 * fit.max())
    rivals = good[good <= good[0] + 3]
    return int(QUALITIES[rivals[fit[rivals].argmax()]])
