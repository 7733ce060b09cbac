"""A photo under its heat map, with contours: what people look at."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.bisqad.evaluation.pixels import enlarged
from anomsynth.core.display import Rgb
from anomsynth.core.types import Float32, Mask

DENSEST = 0.7  # share of colour where the map is highest: the photo stays visible
RISE = 1.6  # the faintest values are nearly clear, the threshold is as good as dense
CONTOUR = (0, 255, 255)  # cyan: no colour of the heat map
SHADOW = (0, 0, 0)
PIXELS_PER_LINE = 500  # a contour is this much thinner than the photo is wide
UNKNOWN_SPREAD = 4.0  # shown below a given threshold where nothing else is known


@dataclass(frozen=True, slots=True)
class HeatScale:
    """The range of scores that the colours stand for.

    Attributes
    ----------
    low, high : float
        Scores of the darkest and of the brightest colour.
    """

    low: float
    high: float

    def steps(self, values: Float32) -> Rgb:
        """Return which of 256 colours each value has, uint8."""
        share = (values - self.low) / (self.high - self.low)
        return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)

    def colour(self, values: Float32) -> Rgb:
        """Return a map (H, W) in colours, (H, W, 3) uint8 RGB."""
        return _colours(self.steps(values))


def scale_around(threshold: float, typical: float | None) -> HeatScale:
    """Return a scale with the threshold in its middle, from what good photos reach at least.

    Parameters
    ----------
    threshold : float
    typical : float or None
        Median score of good photos, if it is known.
    """
    below = threshold - typical if typical is not None else UNKNOWN_SPREAD
    reach = below if below > 1e-3 else UNKNOWN_SPREAD
    return HeatScale(threshold - reach, threshold + reach)


def heated(photo: Rgb, values: Float32, scale: HeatScale) -> Rgb:
    """Return a photo under its heat map: clear where the map is low, denser the higher it is.

    Parameters
    ----------
    photo : (H, W, 3) uint8 RGB
    values : (h, w) float32
        Scores; enlarged or shrunk to the photo.
    scale : HeatScale
    """
    steps = scale.steps(enlarged(values, photo.shape[:2]))
    ramp = DENSEST * np.clip(np.arange(256, dtype=np.float32) / 255 * RISE, 0, 1)
    share = ramp[steps]
    return np.asarray(cv2.blendLinear(photo, _colours(steps), 1 - share, share), np.uint8)


def with_contours(picture: Rgb, mask: Mask) -> Rgb:
    """Return a picture (H, W, 3) with a line around each region of a mask (H, W)."""
    width = max(round(max(mask.shape) / PIXELS_PER_LINE), 1)
    side = 2 * (width + 1) + 1  # the line runs around the region, so that it hides none of it
    around = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8))
    lines, _ = cv2.findContours(around, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = picture.copy()
    cv2.drawContours(drawn, lines, -1, SHADOW, width + 2)
    cv2.drawContours(drawn, lines, -1, CONTOUR, width)
    drawn[mask] = picture[mask]
    return drawn


def _colours(steps: Rgb) -> Rgb:
    painted: NDArray[np.generic] = cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO)
    return np.ascontiguousarray(painted[..., ::-1], dtype=np.uint8)
