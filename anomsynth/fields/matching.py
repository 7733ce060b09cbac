"""Where a piece of a picture fits: sums over whole numbers, exact, so that ties never flip."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from anomsynth.core.types import Mask

Levels = NDArray[np.int64]


def overlaps(blocked: Mask, pattern: Mask) -> Levels:
    """Return how many blocked cells a pattern meets at every place where it fits."""
    return _correlated(blocked.astype(np.float64), pattern.astype(np.float64))


def misfits(levels: Levels, piece: Levels, edge: Mask) -> Levels:
    """Return the squared differences along an edge at every place where a piece fits.

    Parameters
    ----------
    levels : (H, W) int64
        The picture, whole levels.
    piece : (h, w) int64
    edge : (h, w) bool
        Pixels of the piece that count.

    Returns
    -------
    (H - h + 1, W - w + 1) int64
    """
    weight = edge.astype(np.float64)
    field = levels.astype(np.float64)
    cross = _correlated(field, weight * piece)
    own = int((piece[edge] ** 2).sum())
    return _correlated(field * field, weight) - 2 * cross + own


def _correlated(field: NDArray[np.float64], pattern: NDArray[np.float64]) -> Levels:
    """Return ``sum_y pattern(y) field(x + y)`` for whole numbers, where the pattern fits."""
    shape = tuple(scipy.fft.next_fast_len(side, real=True) for side in field.shape)
    spectrum = scipy.fft.rfft2(field, shape) * np.conj(scipy.fft.rfft2(pattern, shape))
    total = scipy.fft.irfft2(spectrum, shape)
    rows = max(field.shape[0] - pattern.shape[0] + 1, 0)
    cols = max(field.shape[1] - pattern.shape[1] + 1, 0)
    return np.asarray(np.rint(total[:rows, :cols]), dtype=np.int64)
