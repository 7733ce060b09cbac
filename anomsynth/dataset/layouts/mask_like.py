"""Whether a picture looks like a mask: few values, and flat but for its borders."""

import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Mask
from anomsynth.dataset.headers import image_size
from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError

PACKED = 0.25  # bytes a pixel; photos take more, for they have noise
HEADER = 1024  # bytes of tables and metadata
MOST_LEVELS = 3
SPREAD = 8  # grey values around a level that JPEG makes of it
NEARLY_ALL = 0.97  # of the pixels
BORDER = 8  # pixels: a block of JPEG, in which an edge leaves traces
FLAT = 0.9  # share of the pixels away from borders that are exactly a level
LEAST_LEVEL = 0.001  # share of the picture
LEAST_FLAT = 0.2  # share of the picture that is away from every border
DARK, BRIGHT = 8, 247


def is_small(path: Path) -> bool:
    """Tell by its size whether a file may hold a picture of few values."""
    size = image_size(path)
    if size is None:
        return False
    packs = path.suffix.lower() in {".png", ".webp", ".jpg", ".jpeg", ".jfif"}
    return not packs or path.stat().st_size < HEADER + PACKED * size[0] * size[1]


def looks_like_mask(path: Path, *, or_empty: bool = False) -> bool:
    """Tell whether a picture has two or three levels, one of them black, as masks have.

    Levels need not be exact, for masks are saved as JPEG, too: nearly all pixels are close to one,
    and away from borders they are equal, which noise keeps photos from. `or_empty` takes a black
    picture for a mask.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = read_photo(path).pixels
    except InputError:  # the run says so when it comes to it
        return False
    grey = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    low, high = int(grey.min()), int(grey.max())
    if low == high:
        return or_empty and low == 0
    some = grey[:: max(grey.shape[0] // 64, 1)]
    if low == 0 and all(np.unique(one).size <= MOST_LEVELS for one in (some, grey)):
        return True
    return grey.dtype == np.uint8 and _has_levels(grey)


def _has_levels(grey: NDArray[np.generic]) -> bool:
    counts = np.bincount(grey.ravel(), minlength=256)
    background = int(counts.argmax())
    if DARK < background < BRIGHT:
        return False
    levels: list[int] = []
    while len(levels) < MOST_LEVELS and counts.max() > LEAST_LEVEL * grey.size:
        levels.append(int(counts.argmax()))
        counts[max(levels[-1] - SPREAD, 0) : levels[-1] + SPREAD + 1] = 0
    if len(levels) < 2 or counts.sum() > (1 - NEARLY_ALL) * grey.size:
        return False
    near = np.abs(grey.astype(np.int16) - background) <= SPREAD
    around, marked = _away_from_borders(near), _away_from_borders(~near)
    if np.count_nonzero(around) < LEAST_FLAT * grey.size or not _equal(grey[around], levels[:1]):
        return False
    if not marked.any():
        # Cracks drawn on black leave nothing away from borders; nor do strokes on white paper.
        return background <= DARK
    return _equal(grey[marked], levels[1:])


def _away_from_borders(region: Mask) -> Mask:
    side = 2 * BORDER + 1
    return cv2.erode(region.view(np.uint8), np.ones((side, side), np.uint8)).astype(np.bool_)


def _equal(values: NDArray[np.generic], levels: list[int]) -> bool:
    """Tell whether nearly all values are exactly levels, as those of photos with noise are not."""
    return float(np.isin(values, levels).mean()) >= FLAT
