"""Small pictures that fit into a page, with the outline of what is labelled."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb, to_rgb8
from anomsynth.core.types import Mask
from anomsynth.errors import OutputError

SIDES = (192, 144, 112, 96, 80, 64)  # pixels of the longer side, largest that fits is taken
BYTES_PER_PIXEL = 0.34  # of a textured WebP at QUALITY, with base64; measured, on the high side
QUALITY = 62
SIMPLER = 0.6  # pixels by which an outline may be off
MOST_POINTS = 400  # of one outline


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture as text.

    Attributes
    ----------
    uri : str
        ``data:image/webp;base64,...``
    width, height : int
    outline : str
        SVG path of the mask's outlines in the picture's pixels; empty without a mask.
    heat : str
        A picture that can be laid over it, as `uri`; empty without one.
    """

    uri: str
    width: int
    height: int
    outline: str
    heat: str = ""


def side_for(count: int, budget: int) -> int:
    """Return the longer side of thumbnails of which `count` fit into `budget` bytes."""
    for side in SIDES:
        if count * side * side * BYTES_PER_PIXEL <= budget:
            return side
    return SIDES[-1]


def make_thumbnail(
    pixels: NDArray[np.generic],
    mask: Mask | None,
    side: int,
    heat: Callable[[Rgb], Rgb] | None = None,
) -> Thumbnail:
    """Shrink a picture to `side` and outline its mask; small pictures are not enlarged.

    Parameters
    ----------
    pixels : (H, W) or (H, W, C) uint8 or uint16
    mask : (H, W) bool, or None
    side : int
    heat : function (small picture) -> picture, optional
        Returns what can be laid over the small picture.

    Raises
    ------
    OutputError
        If this OpenCV cannot write WebP.
    """
    shown = to_rgb8(pixels, None if pixels.dtype == np.uint8 else _levels(pixels))
    height, width = shown.shape[:2]
    factor = min(side / max(height, width), 1.0)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    small = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
    outline = "" if mask is None else outline_path(mask, size)
    hot = "" if heat is None else _webp_uri(heat(small))
    return Thumbnail(_webp_uri(small), size[0], size[1], outline, hot)


def _webp_uri(rgb: Rgb) -> str:
    done, coded = cv2.imencode(".webp", rgb[..., ::-1], (cv2.IMWRITE_WEBP_QUALITY, QUALITY))
    if not done:
        raise OutputError("this OpenCV writes no WebP", hint="reinstall opencv-python-headless")
    return "data:image/webp;base64," + base64.b64encode(coded.tobytes()).decode("ascii")


def outline_path(mask: Mask, size: tuple[int, int]) -> str:
    """Return the SVG path of a mask's outlines and holes, scaled to (width, height) pixels."""
    height, width = mask.shape
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    scale = np.array([size[0] / width, size[1] / height])
    parts = []
    for contour in contours:
        points = cv2.approxPolyDP(contour, SIMPLER / float(scale.max()), True)[:, 0]
        points = points[:: max(len(points) // MOST_POINTS, 1)]
        placed = (points + 0.5) * scale
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f"M{steps}Z")
    return "".join(parts)


def data_uri(rgb: Rgb) -> str:
    """Return an (H, W, 3) picture as a PNG data URI."""
    _, coded = cv2.imencode(".png", rgb[..., ::-1])
    return "data:image/png;base64," + base64.b64encode(coded.tobytes()).decode("ascii")


def _levels(pixels: NDArray[np.generic]) -> tuple[float, float]:
    """Return the lowest and the highest level: 16 bits often use a part of their range."""
    return float(np.min(pixels)), float(np.max(pixels))
