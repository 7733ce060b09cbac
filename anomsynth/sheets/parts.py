"""Where the part was found: small photos with its outline, side by side."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb, to_rgb8
from anomsynth.core.types import Mask
from anomsynth.sheets.sheet import GAP, LINE, PAPER, PART_COLOUR, shortened, write_on


def part_tile(pixels: NDArray[np.generic], part: Mask, tile_px: int, name: str = "") -> Rgb:
    """Return a square picture of a photo with the outline of its part, and its name above.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16
    part : (H, W) bool
    tile_px : int
        Side of the picture.
    name : str
        Of which what fits is written.

    Returns
    -------
    (LINE + tile_px, tile_px, 3) uint8
    """
    factor = tile_px / max(part.shape)
    size = (max(round(part.shape[1] * factor), 1), max(round(part.shape[0] * factor), 1))
    small = cv2.resize(to_rgb8(pixels), size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(part.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    tile = np.full((LINE + tile_px, tile_px, 3), PAPER, np.uint8)
    drawn = tile[LINE:]
    drawn[: size[1], : size[0]] = small
    cv2.drawContours(drawn, outlines, -1, PART_COLOUR, 2)
    write_on(tile, shortened(name, tile_px - 2 * GAP), (2, LINE - 4))
    return tile


def tiled(tiles: Sequence[Rgb], across: int) -> Rgb:
    """Return tiles of one size in lines of `across`, fewer if there are fewer."""
    across = min(across, len(tiles))
    filled = [*tiles, *[np.full_like(tiles[0], PAPER)] * (-len(tiles) % across)]
    lines = [np.hstack(filled[start : start + across]) for start in range(0, len(filled), across)]
    return np.vstack(lines)
