"""How large a tile may be so that the smallest defect of a training can still be seen in it."""

from collections.abc import Sequence

import cv2
import numpy as np

from anomsynth.core.types import Mask

FAR_LARGER = 3  # times the network's field: smaller photos are looked at as a whole
SEEN = 2.0  # pixels of the network's input that the width of a defect needs
SMALLEST = 0.1  # quantile of the widths that counts as the smallest defect: masks have specks
MOST_OF_PHOTO = 0.75  # a tile that is larger saves nothing
LEAST_AREA = 12  # pixels; smaller marks are specks


def width_of(mask: Mask) -> float | None:
    """Return the width, in pixels, of the narrowest region of a mask; None of an empty one.

    The width is twice the greatest distance to the edge: 3 for a line of three pixels.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), None, None)
    widths = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        if area < LEAST_AREA:
            continue
        own = labels[top : top + height, left : left + width] == number
        inside = cv2.distanceTransform(np.pad(own, 1).astype(np.uint8), cv2.DIST_L2, 3)
        widths.append(2 * float(inside.max()) - 1)
    return min(widths) if widths else None


def choose_side(longest: int, widths: Sequence[float], size: int) -> int | None:
    """Return the side of tiles for photos, or None where they can be looked at as a whole.

    Parameters
    ----------
    longest : int
        Longer side of the photos, pixels.
    widths : sequence of float
        Of the narrowest region of each defect, pixels of the photo.
    size : int
        Pixels of the network's input.

    Examples
    --------
    A hairline of 3 pixels on a photo of 12 megapixels:

    >>> choose_side(4000, [3.0, 8.0, 20.0], 256)
    512
    >>> choose_side(4000, [60.0], 256) is None  # 4 pixels of the input when it is shrunk
    True
    >>> choose_side(600, [3.0], 256) is None  # not far larger than the input
    True
    """
    if longest < FAR_LARGER * size or not widths:
        return None
    smallest = float(np.quantile(widths, SMALLEST))
    step = size // 4
    side = max(int(size * smallest / SEEN) // step * step, size)
    return side if side < MOST_OF_PHOTO * longest else None
