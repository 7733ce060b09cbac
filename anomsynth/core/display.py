"""Photos of any kind as a screen shows them."""

import numpy as np
from numpy.typing import NDArray

FULL = (0.0, 65535.0)  # levels of 16 bits


def to_rgb8(
    image: NDArray[np.generic], levels: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Return a photo as 8-bit RGB to be looked at; may share memory.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, uint16, or floats in [0, 1]
        C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is left out.
    levels : (low, high), optional
        Of 16 bits: what becomes 0 and 255; the full range if not given. Without effect on 8 bits.

    Returns
    -------
    (H, W, 3) uint8
    """
    planes = image[..., None] if image.ndim == 2 else image
    if planes.shape[2] in (2, 4):
        planes = planes[..., :-1]
    if planes.dtype.kind == "f":
        planes = np.rint(planes.astype(np.float32) * np.float32(255)).clip(0, 255)
    elif planes.dtype != np.uint8:
        low, high = levels or FULL
        scale = np.float32(255 / max(high - low, 1))
        planes = np.rint((planes.astype(np.float32) - np.float32(low)) * scale).clip(0, 255)
    shown = np.asarray(planes, dtype=np.uint8)
    return np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown
