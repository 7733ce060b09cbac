"""Which way brightness changes: the structure tensor of a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

SMOOTHING = 1.0  # pixels: noise is as strong along as across


@dataclass(frozen=True, slots=True, eq=False)
class StructureTensor:
    """Symmetric 2x2 tensors, each entry (h, w) or (n,) float32; rows before columns."""

    row_row: Float32
    row_col: Float32
    col_col: Float32

    def take(self, index: NDArray[np.intp]) -> "StructureTensor":
        """Return the entries at flat indices as lists."""
        entries = (self.row_row, self.row_col, self.col_col)
        return StructureTensor(*(part.ravel()[index] for part in entries))


def gradient_products(levels: Float32, inside: Mask) -> StructureTensor:
    """Return products of the gradient of a smoothed (h, w) field, 0 off the part and at its rim.

    They are averaged by those who use them. The steep outline of the part itself says nothing
    about its surface, so a rim is left out.
    """
    smooth = cv2.GaussianBlur(levels, (5, 5), SMOOTHING, borderType=cv2.BORDER_REPLICATE)
    down, across = (
        np.asarray(cv2.Scharr(smooth, cv2.CV_32F, *order, scale=1 / 32), dtype=np.float32)
        for order in ((0, 1), (1, 0))
    )
    if not inside.all():
        rim = np.ones((5, 5), np.uint8)
        weight = cv2.erode(inside.view(np.uint8), rim, borderType=cv2.BORDER_REPLICATE) > 0
        down, across = down * weight, across * weight
    return StructureTensor(down * down, down * across, across * across)


def structure_tensor(
    picture: Float32, *, noise_px: float = 0.7, scale_px: float = 3.0
) -> StructureTensor:
    """Return the gradient's outer product, averaged over `scale_px` (Foerstner & Guelch 1987).

    Parameters
    ----------
    picture : (h, w) float32
    noise_px : float
        Gaussian that is applied to the picture first.
    scale_px : float
        Gaussian that averages the products.
    """
    smooth = cv2.GaussianBlur(picture, (0, 0), noise_px, borderType=cv2.BORDER_REFLECT)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125, borderType=cv2.BORDER_REFLECT)
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125, borderType=cv2.BORDER_REFLECT)

    def mean(product: Float32) -> Float32:
        blurred = cv2.GaussianBlur(product, (0, 0), scale_px, borderType=cv2.BORDER_REFLECT)
        return blurred.astype(np.float32, copy=False)

    return StructureTensor(mean(down * down), mean(down * right), mean(right * right))
