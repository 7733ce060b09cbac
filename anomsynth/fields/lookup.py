"""Pictures read at places between their pixels."""

import cv2
import numpy as np

from anomsynth.core.types import Float32

BAND = 1 << 14  # rows read at once: OpenCV takes at most 32767


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
    for start in range(0, len(rows), BAND):
        part = slice(start, start + BAND)
        seen[part] = cv2.remap(
            picture, cols[part], rows[part], method, borderMode=cv2.BORDER_REPLICATE
        ).reshape(seen[part].shape)
    return seen
