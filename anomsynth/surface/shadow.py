"""How far the shadow and the halo of a part reach over the ground."""

import cv2
import numpy as np

from anomsynth.core.color import decode
from anomsynth.core.pixels import channel_mean
from anomsynth.core.statistics import order_statistic
from anomsynth.core.types import Surface
from anomsynth.surface.identity import PartInPhoto, found_once
from anomsynth.surface.thumbnail import make_thumbnail, shrink_mask

LEAST_PX = 4.0  # soft outlines reach as far in any photo
LEAST, MOST = 0.05, 0.25  # of part size
TAIL = 0.8  # of the farthest: from there on nothing is taken for shadow
SEEN = 0.015  # of the root of white: shadow that is fainter than that,
FADED = 0.15  # or than this share of the deepest, is none
QUANTILES = 0.2, 0.5, 0.8  # of the light at one distance: a shadow lies on one side
FEW = 10  # pixels of a thumbnail at one distance that tell nothing


def shadow_reach(surface: Surface) -> float:
    """Return how far from the outline the ground is darker or lighter for the part, pixels.

    The distance from which the light does not change any more, between 5 and 25 % of the part's
    size: parts that lie on a table have long soft shadows, those before a lamp none.
    """
    size = surface.part_size_px
    return _share(PartInPhoto.of(surface)) * size + LEAST_PX


@found_once()
def _share(photo: PartInPhoto) -> float:
    """Return the reach as a share of the part's size."""
    thumbnail = make_thumbnail(photo.pixels)
    part = shrink_mask(photo.foreground)
    if part.all() or not part.any():
        return LEAST
    light = np.sqrt(channel_mean(decode(thumbnail, photo.encoding)))
    away = cv2.distanceTransform((~part).view(np.uint8), cv2.DIST_L2, 3)
    size = float(np.sqrt(np.count_nonzero(part)))
    seen: list[list[float]] = []
    for distance in range(2, max(int(MOST * size), 2) + 1):
        ring = light[(away > distance - 1) & (away <= distance + 1)]
        if ring.size < FEW:
            break
        seen.append([order_statistic(ring, share) for share in QUANTILES])
    if len(seen) < 2:
        return LEAST
    profile = np.asarray(seen)
    tail = profile[int(TAIL * len(profile)) :].mean(axis=0)
    depth = np.abs(profile - tail).max(axis=1)
    deep = np.flatnonzero(depth > max(SEEN, FADED * float(depth.max())))
    reach = float(deep[-1] + 2) / size if deep.size else 0.0
    return min(max(reach, LEAST), MOST)
