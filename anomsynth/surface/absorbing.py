"""Where the part is on a radiograph: where less radiation arrives than in the open beam."""

import cv2
import numpy as np

from anomsynth.core.color import decode
from anomsynth.core.pixels import channel_mean
from anomsynth.core.types import Mask, Pixels

SMOOTHED_PX = 0.8  # standard deviation: single quanta are no material
NOISE = 4.0  # standard deviations of the beam's noise that material has to absorb
LEAST = 0.08  # log light that it absorbs at least
LEAST_BEAM = 0.002  # share of the picture that the beam has, or there is none
DARK = 0.02  # light below which noise, not absorption, decides about the logarithm
NEAR = 0.1  # log light about the brightest within which it is the beam
SPECK = 25  # pixels below which an island is noise


def absorbing_part(pixels: Pixels, encoding: str, *, film: bool = False) -> Mask:
    """Return where material is in the way, (H, W) bool; all of it where nothing else is seen.

    The beam is what is brightest (darkest on `film`): of all light near that the median. Material
    is where smoothed light is below it by more than its noise. Bores are none of it.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16
    encoding : {"srgb", "linear"}
    film : bool
        More radiation is darker.
    """
    light = channel_mean(decode(pixels, encoding))
    smooth = np.asarray(cv2.GaussianBlur(light, (0, 0), SMOOTHED_PX), dtype=np.float32)
    level = np.log(smooth + np.float32(DARK)) * np.float32(-1 if film else 1)
    top = float(np.quantile(level[::2, ::2], 1 - LEAST_BEAM / 2))
    near = level > top - NEAR
    if np.count_nonzero(near) < LEAST_BEAM * near.size:
        return np.ones(level.shape, dtype=np.bool_)
    beam = float(np.median(level[near]))
    spread = 1.4826 * float(np.median(np.abs(level[near] - beam)))
    part = level < beam - max(NOISE * spread, LEAST)
    part = _without_specks(part)
    part = ~_without_specks(~part)
    return part if part.any() else np.ones(level.shape, dtype=np.bool_)


def _without_specks(mask: Mask) -> Mask:
    """Return a mask without its smallest islands."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= SPECK
    kept[0] = False
    return np.asarray(kept[labels] if count > 1 else mask, dtype=np.bool_)
