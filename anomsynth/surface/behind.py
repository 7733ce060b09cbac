"""What shows where a piece of the part is missing: the background, guessed from around it."""

import cv2
import numpy as np

from anomsynth.core.pixels import channel_mean
from anomsynth.core.statistics import median
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.surface.background import background_of

OUTLINE_PX = 3.0  # of a part, besides its blur: pixels that go with a piece of it
LEAST_STEP = 0.006  # of the root of white: smaller differences are not seen
REACH = 0.05  # of part size: as far the shadow and the halo of a piece go with it
LEAST_REACH_PX = 4.0
TEXTURE_PX = 2  # texture of the ground averages out over so many pixels to every side


def light_behind(
    surface: Surface, box: Box, gone: Mask | None = None, beside_px: float = 0.0
) -> Float32 | None:
    """Return the background's linear light in a box, (h, w, C), None if the picture shows none.

    It has the texture and the noise that the background has elsewhere; see `Background.filled`.

    Parameters
    ----------
    surface : Surface
    box : Box
    gone : (h, w) bool, optional
        Where it is needed; all of the box by default.
    beside_px : float
        Pixels beside what is gone whose light is not believed: shadow and halo of it.
    """
    background = background_of(surface)
    if background is None:
        return None
    if gone is None or not gone.any():
        gone = np.ones(box.shape, dtype=bool)
    needed = _distance(gone) <= beside_px if beside_px > 0 else gone
    return background.filled(surface, box, needed)


def shadow_reach(surface: Surface) -> float:
    """Return how far the shadow and the halo of a piece are taken to reach, pixels."""
    return REACH * surface.part_size_px + LEAST_REACH_PX


def beside_what_is_gone(
    surface: Surface, box: Box, gone: Mask, behind: Float32, reach_px: float
) -> Float32:
    """Return how much of the ground beside a piece changes as it goes, (h, w) float32 in [0, 1].

    Its blurred outline goes with it, and its halo and its shadow: where the ground, smoothed over
    its texture, differs from what would be there, it fades to that within `reach_px`. What lies
    nearer to the rest of the part stays; all of the part is 0.

    Parameters
    ----------
    surface : Surface
    box : Box
    gone : (h, w) bool
        The piece.
    behind : (h, w, C) float32
        What would be there: `light_behind`.
    reach_px : float
    """
    part = surface.foreground[box.slices]
    rest = part & ~gone
    away = _distance(gone)
    share = _fading(away, reach_px)
    outline = OUTLINE_PX + 2 * surface.camera.blur_px
    if rest.any():
        share *= np.clip((_distance(rest) - away) * np.float32(2 / reach_px), 0, 1)
    now, then = (np.sqrt(channel_mean(light)) for light in (surface.linear(box), behind))
    step = np.asarray(
        now - then, np.float32
    )  # of about the lightness: shadows of dark grounds are seen, too
    step[part] = 0
    weight = (~part).astype(np.float32)
    size = (2 * TEXTURE_PX + 1,) * 2
    whole = np.maximum(np.asarray(cv2.blur(weight, size), np.float32), np.float32(0.05))
    slow = np.abs(np.asarray(cv2.blur(step, size), np.float32)) / whole
    far = np.asarray(slow[(away > reach_px) & ~part], np.float32)
    usual = max(2 * float(median(far)) if far.size else 0.0, LEAST_STEP)
    share *= np.clip(slow / np.float32(usual) - 1, 0, 1)
    np.maximum(share, _fading(away - outline / 2, outline / 2), out=share)
    share[part] = 0
    return share


def _fading(away: Float32, reach: float) -> Float32:
    """Return a smooth step from 1 to 0 over some distance, (h, w) float32."""
    left = np.clip(1 - away * np.float32(1 / reach), 0, 1)
    return np.asarray(left * left * (3 - 2 * left), dtype=np.float32)


def _distance(area: Mask) -> Float32:
    """Return how far each pixel is from an area, (h, w) float32."""
    return np.asarray(cv2.distanceTransform((~area).view(np.uint8), cv2.DIST_L2, 3), np.float32)
