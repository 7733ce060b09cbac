"""From which side the light falls, read from the shading of the surface's relief."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Light
from anomsynth.fields.structure import StructureTensor

FEWEST = 1500  # thumbnail pixels on the part
RISE = (1.3, 2.3)  # eigenvalue ratios at which confidence starts and is full
FALL = (3.3, 3.6)  # ratios at which it fades and ends: the texture itself is directional
CELL = 16  # thumbnail pixels
FLAT = 0.5  # least rms change of grey levels per pixel that can be shading


def measure_light(tensor: StructureTensor) -> Light:
    """Measure the axis of the light; azimuth in [0, 180), confidence 0 if there is no telling.

    Parameters
    ----------
    tensor : StructureTensor of (h, w) float32
        Of a thumbnail of the photo in grey levels 0..255; pixels where it is 0 do not count.
        Encoding changes the length of a gradient, not its direction.

    Notes
    -----
    For isotropic relief of small slope under Lambert's law the mean structure tensor is
    J = m (|l|^2 Id + 2 l l^T), l the light's direction in the image plane: its principal axis is
    the axis of the light and its eigenvalues have ratio 3. A ratio below 1.3 shows no shading, one
    above 3.6 a texture that is directional itself. Cells of 16 x 16 pixels count by the square root
    of their energy, so that a few strong edges do not decide, and must agree on the axis. Sign and
    elevation cannot be measured (crater illusion); texture in the material's colour that happens
    to have a ratio near 3 cannot be told from relief.

    References
    ----------
    .. [1] A. Pentland, "Linear shape from shading", International Journal of Computer Vision 4,
       1990.
    """
    tensors = cell_tensors(tensor)
    energy = tensors[:, 0, 0] + tensors[:, 1, 1]
    if energy.size * CELL**2 < FEWEST or np.sqrt(energy.mean()) < FLAT:
        return Light()
    weight = 1 / np.sqrt(energy + 0.1 * energy.mean())
    values, vectors = np.linalg.eigh((tensors * weight[:, None, None]).sum(axis=0))
    ratio = float(values[1] / max(values[0], 1e-12))
    row, col = vectors[:, 1].tolist()
    azimuth = float(np.rad2deg(np.arctan2(-row, col))) % 180
    rising = (ratio - RISE[0]) / (RISE[1] - RISE[0])
    falling = (FALL[1] - ratio) / (FALL[1] - FALL[0])
    sure = min(max(min(rising, falling), 0.0), 1.0) * _agreement(tensors, vectors[:, 1])
    return Light(0.0 if azimuth >= 180 else azimuth, confidence=sure)


def cell_tensors(tensor: StructureTensor) -> NDArray[np.float64]:
    """Return the (N, 2, 2) mean structure tensors, (row, col), of the cells on the part."""
    height, width = tensor.row_row.shape
    cells = max(width // CELL, 1), max(height // CELL, 1)
    row_row, row_col, col_col = (
        cv2.resize(part, cells, interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
        for part in (tensor.row_row, tensor.row_col, tensor.col_col)
    )
    tensors = np.stack([row_row, row_col, row_col, col_col], axis=1).reshape(-1, 2, 2)
    return tensors[row_row + col_col > 0]


def _agreement(tensors: NDArray[np.float64], axis: NDArray[np.float64]) -> float:
    """Return in [0, 1] how many cells have more change along the axis than across it."""
    along = np.einsum("i,nij,j->n", axis, tensors, axis)
    total = np.trace(tensors, axis1=1, axis2=2)
    share = float(np.mean(along > 0.5 * total))
    return min(max((share - 0.55) / 0.2, 0.0), 1.0)
