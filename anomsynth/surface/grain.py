"""Which way the surface's own texture runs."""

import cv2
import numpy as np

from anomsynth.core.types import Float32, Grain
from anomsynth.fields.structure import StructureTensor

CELLS = 24  # along the longer side
FINE = 72  # size at which neighbourhoods are averaged, along the longer side
FAINT = 0.15  # squared gradient, levels**2 per pixel**2, that noise alone reaches


def measure_grain(tensor: StructureTensor, shape: tuple[int, int]) -> Grain:
    """Measure direction and strength of the texture on a coarse grid.

    Parameters
    ----------
    tensor : StructureTensor of (h, w) float32
        Of a thumbnail of the photo in grey levels 0..255; where it is 0, so is the coherence.
    shape : (int, int)
        Height and width of the photo itself.

    Notes
    -----
    The texture runs across the principal direction of the structure tensor J; coherence is
    (m1 - m2) / (m1 + m2 + faint) of its eigenvalues m, so that noise has none [1]_.

    References
    ----------
    .. [1] J. Weickert, "Anisotropic Diffusion in Image Processing", Teubner, 1998, ch. 2.
    """
    step = max(-(-max(shape) // CELLS), 1)
    longest = max(tensor.row_row.shape)
    small = tuple(min(-(-n * FINE // longest), n) for n in tensor.row_row.shape)
    scale = small[0] / shape[0], small[1] / shape[1]
    reach = max(0.6 * step * max(scale), 1.0)
    rows, cols = (
        np.minimum(((np.arange(-(-n // step)) + 0.5) * step * factor).astype(int), last - 1)
        for n, factor, last in zip(shape, scale, small, strict=True)
    )
    row_row, row_col, col_col = (
        _spread(part, small, reach)[np.ix_(rows, cols)]
        for part in (tensor.row_row, tensor.row_col, tensor.col_col)
    )
    difference = col_col - row_row
    angle = np.arctan2(2 * row_col, difference) / 2 + np.float32(np.pi / 2)
    length = np.hypot(difference, 2 * row_col)
    coherence = length / (row_row + col_col + np.float32(FAINT))
    angle = np.mod(angle, np.float32(np.pi)).astype(np.float32)
    angle[angle >= np.float32(np.pi)] = 0
    return Grain(step, angle, np.clip(coherence, 0, 1).astype(np.float32))


def _spread(part: Float32, shape: tuple[int, ...], reach: float) -> Float32:
    """Average over a neighbourhood, smoothly: two boxes are nearly a Gaussian and cost less."""
    fine = cv2.resize(part, shape[::-1], interpolation=cv2.INTER_AREA)
    size = (2 * round(reach) + 1,) * 2
    once = cv2.blur(fine, size, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.blur(once, size, borderType=cv2.BORDER_REFLECT), dtype=np.float32)
