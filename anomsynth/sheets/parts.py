"""Where the part was found: small photos with its outline, side by side."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb, to_rgb8
from anomsynth.core.types import Mask
from anomsynth.sheets.sheet import PAPER, PART_COLOUR


def part_tile(pixels: NDArray[np.generic], part: Mask, tile_px: int) -> Rgb:
    """Return a square picture of a photo with the outline of its part.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16
    part : (H, W) bool
    tile_px : int
        Side of the picture.
    """
    factor = tile_px / max(part.shape)
    size = (max(round(part.shape[1] * factor), 1), max(round(part.shape[0] * factor), 1))
    small = cv2.resize(to_rgb8(pixels), size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(part.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    tile = np.full((tile_px, tile_px, 3), PAPER, np.uint8)
    tile[: size[1], : size[0]] = small
    return np.asarray(cv2.drawContours(tile, outlines, -1, PART_COLOUR, 2), dtype=np.uint8)


def tiled(tiles: Sequence[Rgb], across: int) -> Rgb:
    """Return tiles of one size in lines of `across`, fewer if there are fewer."""
    across = min(across, len(tiles))
    filled = [*tiles, *[np.full_like(tiles[0], PAPER)] * (-len(tiles) % across)]
    lines = [np.hstack(filled[start : start + across]) for start in range(0, len(filled), across)]
    return np.vstack(lines)
