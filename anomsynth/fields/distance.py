"""How deep a pixel lies inside a region."""

import cv2
import numpy as np
from numpy.typing import NDArray


def depth_inside(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance of each pixel to the outside, (h, w) float32, pixels, 0 outside.

    What lies beyond the array counts as outside. Approximate (3x3 chamfer): within 5 %.

    Parameters
    ----------
    inside : (h, w) bool
    """
    framed = cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(depth, dtype=np.float32)
