"""Which way brightness changes, averaged over neighbourhoods: the structure tensor."""

from typing import NamedTuple

import cv2
import numpy as np

from anomsynth.core.types import Float32, Mask

SMOOTHING = 1.0  # pixels: noise is as strong along as across


class Tensor(NamedTuple):
    """Components of a structure tensor, floats or float32 arrays of one shape."""

    row_row: Float32
    col_col: Float32
    row_col: Float32


def gradient_tensor(levels: Float32, inside: Mask) -> Tensor:
    """Return products of the gradient of a smoothed (h, w) field, 0 off the part and at its rim.

    The steep outline of the part itself says nothing about its surface, so a rim is left out.
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
    return Tensor(down * down, across * across, down * across)
