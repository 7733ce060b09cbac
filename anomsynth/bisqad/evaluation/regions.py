"""Where on a photo the map rises above the threshold: a mask, and one box for each region."""

from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.types import Box, Float32, Mask


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """A connected place of a photo that looks defective.

    Attributes
    ----------
    box : Box, pixels of the photo
    area : int
        Pixels of the region itself.
    score : float
        The map's highest value in it.
    """

    box: Box
    area: int
    score: float

    def as_json(self) -> dict[str, float]:
        """Return its numbers, all in pixels of the photo but the score."""
        height, width = self.box.shape
        return {
            "left": self.box.left,
            "top": self.box.top,
            "width": width,
            "height": height,
            "area": self.area,
            "score": round(self.score, 6),
        }


def defect_mask(values: Float32, limit: float) -> Mask:
    """Return where the map of a defective photo is above the limit: at least at one pixel.

    Parameters
    ----------
    values : (H, W) float32
    limit : float
        Of the photo's score. The score is a mean of the highest places of a smaller map, so an
        enlarged map can stay just below it; its highest pixel counts then.
    """
    above: Mask = np.greater(values, limit)
    return above if above.any() else np.greater_equal(values, values.max())


def find_regions(values: Float32, mask: Mask) -> tuple[FoundRegion, ...]:
    """Return the connected regions of a mask, 8 neighbours, the highest score first.

    Parameters
    ----------
    values : (H, W) float32
    mask : (H, W) bool

    Examples
    --------
    >>> values = np.array([[0, 2, 0, 5], [0, 3, 0, 0]], np.float32)
    >>> for region in find_regions(values, values > 1):
    ...     print(region.box, region.area, region.score)
    Box(top=0, left=3, bottom=1, right=4) 1 5.0
    Box(top=0, left=1, bottom=2, right=2) 2 3.0
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), None, None)
    found = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        box = Box(top, left, top + height, left + width)
        own = values[box.slices][labels[box.slices] == number]
        found.append(FoundRegion(box, area, float(own.max())))
    return tuple(sorted(found, key=lambda region: -region.score))
