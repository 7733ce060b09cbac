"""Real defects, each beside the synthetic ones that look most like it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb, levels_of, outlined, scaled, to_rgb8, zoom_box
from anomsynth.core.types import Box, Mask
from anomsynth.sheets.sheet import PAPER, write_on

TEXT = 0.38  # size of its letters
GAP = 4
LINE = 16  # height of a caption
TILE = 176  # pixels of a picture's longer side


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """A real defect and what looks like it.

    Attributes
    ----------
    caption : str
        What it is called and what it looks like.
    image : (H, W, C) uint8 or uint16
    masks : pair of (H, W) bool
        What of it changed, and its mask as it was drawn.
    alike : of (caption, image, mask)
        Synthetic ones, the nearest first; empty where nothing explains it.
    """

    caption: str
    image: NDArray[np.generic]
    masks: tuple[Mask, Mask]
    alike: Sequence[tuple[str, NDArray[np.generic], Mask]]


def likeness_sheet(rows: Sequence[Likeness], most: int, across: int = 1) -> Rgb:
    """Draw real defects, at `most` synthetic ones beside each.

    The outline of a real mask is yellow, that of what changed in it blue.

    Parameters
    ----------
    rows : sequence of Likeness
    most : int
        Synthetic ones in a row.
    across : int
        Real defects side by side.

    Returns
    -------
    (h, w, 3) uint8 RGB

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not rows:
        raise ValueError("a sheet needs at least one defect")
    strips = [_strip(row, most) for row in rows]
    lines = []
    for start in range(0, len(strips), across):
        line = strips[start : start + across]
        line += [np.full_like(strips[0], PAPER)] * (across - len(line))
        lines.append(np.hstack(line))
    return np.vstack(lines)


def _strip(row: Likeness, most: int) -> Rgb:
    width = (most + 2) * (TILE + GAP) + GAP
    strip = np.full((2 * LINE + TILE + GAP, width, 3), PAPER, np.uint8)
    shown = to_rgb8(row.image, levels_of(row.image))
    spot = zoom_box(row.masks[1], TILE)
    pictures = [scaled(shown, spot, TILE), outlined(shown, row.masks, spot, TILE)]
    captions = ["real", "its mask (what changed)"]
    for caption, image, mask in row.alike[:most]:
        pictures.append(_zoomed(image, zoom_box(mask, TILE)))
        captions.append(caption)
    write_on(strip, row.caption, (2, LINE - 4), size=TEXT)
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = index * (TILE + GAP)
        strip[2 * LINE : 2 * LINE + picture.shape[0], left : left + picture.shape[1]] = picture
        write_on(strip, caption, (left + 2, 2 * LINE - 4), size=TEXT)
    return strip


def _zoomed(image: NDArray[np.generic], spot: Box) -> Rgb:
    return scaled(to_rgb8(image, levels_of(image)), spot, TILE)
