"""Contact sheets: what went in, what came out, and how it is labelled, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb, levels_of, outlined, scaled, to_rgb8, zoom_box
from anomsynth.core.sample import Sample
from anomsynth.core.types import Box, Mask
from anomsynth.dataset.files import make_folder
from anomsynth.dataset.images import write_png

HEADINGS = ("input", "result", "label (strict)", "zoom", "zoom, label (strict)")
PAPER = 24
INK = (225, 225, 225)
GAP = 4
LINE = 16  # height of a caption


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One sample on a sheet.

    Attributes
    ----------
    photo, image : (H, W) or (H, W, C) uint8 or uint16, C in {1, 2, 3, 4}
        The photo the sample was made of, and the sample.
    masks : pair of (H, W) bool
        Strict mask and label mask.
    marks : (H, W) bool
        What the zoom shows.
    caption : str
        Printed above the pictures.
    """

    photo: NDArray[np.generic]
    image: NDArray[np.generic]
    masks: tuple[Mask, Mask]
    marks: Mask
    caption: str

    @classmethod
    def of(cls, photo: NDArray[np.generic], sample: Sample, caption: str = "") -> Self:
        """Return the row of a sample, by default with its kinds and how visible they are."""
        masks = (sample.strict, sample.mask)
        return cls(photo, sample.image, masks, sample.largest, caption or _caption(sample))


def contact_sheet(rows: Sequence[SheetRow], *, tile_px: int = 224, across: int = 1) -> Rgb:
    """Draw samples: input, result, outlined masks, zoom at the defect, zoom with outlines.

    The outline of the label mask is yellow, that of the strict mask blue; both run on the pixels
    around the mask, so that they hide none of it.

    Parameters
    ----------
    rows : sequence of SheetRow
    tile_px : int
        Longer side of each picture on the sheet.
    across : int
        Samples side by side.

    Returns
    -------
    (h, w, 3) uint8 RGB

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not rows:
        raise ValueError("a sheet needs at least one sample")
    strips = [_strip(row, tile_px) for row in rows]
    width = strips[0].shape[1]
    lines = [_heading(tile_px, width, across)]
    for start in range(0, len(strips), across):
        line = strips[start : start + across]
        line += [_paper(1, width)] * (across - len(line))
        tall = max(strip.shape[0] for strip in line)
        lines.append(np.hstack([_padded(strip, tall) for strip in line]))
    return np.vstack(lines)


def write_sheet(path: Path, sheet: Rgb) -> None:
    """Write a contact sheet as PNG.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    make_folder(path.parent)
    write_png(path, sheet, path.parent)


def _strip(row: SheetRow, tile_px: int) -> Rgb:
    levels = levels_of(row.photo)
    before = to_rgb8(row.photo, levels)
    after = to_rgb8(row.image, levels)
    whole = Box(0, 0, *before.shape[:2])
    spot = zoom_box(row.marks, tile_px)
    pictures = [
        scaled(before, whole, tile_px),
        scaled(after, whole, tile_px),
        outlined(after, row.masks, whole, tile_px),
        scaled(after, spot, tile_px),
        outlined(after, row.masks, spot, tile_px),
    ]
    tall = max(picture.shape[0] for picture in pictures)
    sheet = _paper(LINE + tall + GAP, len(pictures) * (tile_px + GAP))
    for index, picture in enumerate(pictures):
        left = index * (tile_px + GAP) + (tile_px - picture.shape[1]) // 2
        sheet[LINE : LINE + picture.shape[0], left : left + picture.shape[1]] = picture
    _write(sheet, row.caption, (2, LINE - 4))
    zoom = max(pictures[3].shape[:2]) / max(spot.shape)
    _write(sheet, f"x{zoom:.1f}", (3 * (tile_px + GAP) + 2, LINE - 4))
    return sheet


def _caption(sample: Sample) -> str:
    named = [f"{item.kind} d'={item.visibility:.1f}" for item in sample.instances]
    return f"{', '.join(named)}  {np.count_nonzero(sample.strict)} px"


def _heading(tile_px: int, width: int, across: int) -> Rgb:
    line = _paper(LINE + 4, width)
    for index, text in enumerate(HEADINGS):
        _write(line, text, (index * (tile_px + GAP) + 2, LINE - 2))
    return np.hstack([line] * across)


def _write(sheet: Rgb, text: str, place: tuple[int, int]) -> None:
    # OpenCV's font knows ASCII only.
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(sheet, plain, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, INK, 1, cv2.LINE_AA)


def _paper(height: int, width: int) -> Rgb:
    return np.full((height, width, 3), PAPER, dtype=np.uint8)


def _padded(strip: Rgb, height: int) -> Rgb:
    return np.vstack([strip, _paper(height - strip.shape[0], strip.shape[1])])
