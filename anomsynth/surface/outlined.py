"""Whether a mask that somebody drew follows the outline of a part, or lies within one."""

import cv2
import numpy as np

from anomsynth.core.types import Float32, Mask, Pixels
from anomsynth.surface.backdrop import disc
from anomsynth.surface.flood import grown, local_mean, shrunk
from anomsynth.surface.foreground import coarse_colours

SIDE = 160  # the photo is looked at on so many pixels a side
INEXACT = 2  # of them beside the drawn outline are left out: hands and soft edges are no finer
LEAST_STEP = 4.0  # L*a*b*: part and ground differ by at least that
LEAST_RISE = 1.0  # and by that many standard deviations of the texture of both sides
MOST_OF_IT = 0.8  # of the outline has such a step; the rest may lie in a shadow or a glare
ENOUGH_SEEN = 0.02  # share of a side's pixels nearby that tells its colour
SHARP = 0.22  # share of a step that one pixel has: shading that runs on has less
BAND = 5  # pixels to either side in which the step is looked for
MOST_OFF = 1.2  # pixels that the step lies off the drawn outline in the mean


def follows_outline(thumbnail: Pixels, mask: Mask) -> bool:
    """Return whether there is a step of colour along most of a mask's outline.

    Its course along the picture's border does not count; a mask that has no other is no outline.

    Parameters
    ----------
    thumbnail : (h, w, C) uint8 or uint16
        The photo, or a smaller version of it.
    mask : (H, W) bool
        Of the photo's proportions.
    """
    colours, _ = coarse_colours(thumbnail, SIDE)
    height, width = colours.shape[:2]
    share = cv2.resize(
        mask.view(np.uint8) * np.uint8(255), (width, height), interpolation=cv2.INTER_AREA
    )
    part = np.asarray(share > 127)
    line = (grown(part, 1) > 0) & ~(shrunk(part, 1) > 0)
    edge = INEXACT + 1
    within = np.zeros_like(line)
    within[edge:-edge, edge:-edge] = True
    inside, outside = shrunk(part, INEXACT) > 0, grown(part, INEXACT) == 0
    (own, own_share, own_texture), (other, other_share, other_texture) = (
        _nearby(colours, side) for side in (inside, outside)
    )
    known = within & (own_share > ENOUGH_SEEN) & (other_share > ENOUGH_SEEN)
    seen = line & known
    if not seen.any():
        return False
    step = np.linalg.norm(own - other, axis=2)
    texture = np.sqrt(own_texture + other_texture)
    clear = (
        (step > LEAST_STEP) & (step > LEAST_RISE * texture) & (_steepest(colours) > SHARP * step)
    )
    if float(clear[seen].mean()) < MOST_OF_IT:
        return False
    # Beside a mask that is drawn too small the colours are still the part's own.
    band = known & clear & (grown(part, BAND) > 0) & ~(shrunk(part, BAND) > 0)
    like_part = np.linalg.norm(colours - own, axis=2) < np.linalg.norm(colours - other, axis=2)
    off = np.count_nonzero(band & (like_part != part))
    return int(off) <= MOST_OFF * int(np.count_nonzero(seen & ~part))


def _steepest(colours: Float32) -> Float32:
    """Return the largest change of colour per pixel near each pixel, (h, w)."""
    down, right = (cv2.Sobel(colours, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((0, 1), (1, 0)))
    change = np.sqrt(down * down + right * right).reshape(colours.shape)
    whole = np.sqrt((change * change).sum(axis=2))
    return np.asarray(cv2.dilate(whole, disc(INEXACT)), np.float32)


def _nearby(colours: Float32, side: Mask) -> tuple[Float32, Float32, Float32]:
    """Return mean colour, share and variance (over channels) near each pixel of a side."""
    mean, share = local_mean(colours, side)
    square, _ = local_mean(colours * colours, side)
    variance = np.maximum(square - mean * mean, 0).sum(axis=2)
    return mean, share, np.asarray(variance, np.float32)
