"""Contact sheets: what went in, what came out, and how it is labelled, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import to_rgb8
from anomsynth.core.sample import Sample
from anomsynth.core.types import Box, Mask

HEADINGS = ("input", "result", "label (strict)", "zoom", "zoom, label (strict)")
LABEL_COLOUR = (255, 210, 0)
STRICT_COLOUR = (0, 220, 255)
PAPER = 24
INK = (225, 225, 225)
GAP = 4
LINE = 16  # height of a caption
LEAST_ZOOM = 2  # relative to the whole picture beside it
MOST_ZOOM = 8  # of a pixel

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One sample on a sheet.

    Attributes
    ----------
    photo : (H, W) or (H, W, C) uint8 or uint16, C in {1, 2, 3, 4}
        The photo the sample was made of.
    sample : Sample
    caption : str
        Printed above the pictures; empty for the sample's kinds and visibility.
    """

    photo: NDArray[np.generic]
    sample: Sample
    caption: str = ""


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


def _strip(row: SheetRow, tile_px: int) -> Rgb:
    levels = _levels(row.photo)
    before = to_rgb8(row.photo, levels)
    after = to_rgb8(row.sample.image, levels)
    masks = (row.sample.strict, row.sample.mask)
    whole = Box(0, 0, *before.shape[:2])
    spot = _spot(row.sample, tile_px)
    pictures = [
        _scaled(before, whole, tile_px),
        _scaled(after, whole, tile_px),
        _outlined(after, masks, whole, tile_px),
        _scaled(after, spot, tile_px),
        _outlined(after, masks, spot, tile_px),
    ]
    tall = max(picture.shape[0] for picture in pictures)
    sheet = _paper(LINE + tall + GAP, len(pictures) * (tile_px + GAP))
    for index, picture in enumerate(pictures):
        left = index * (tile_px + GAP) + (tile_px - picture.shape[1]) // 2
        sheet[LINE : LINE + picture.shape[0], left : left + picture.shape[1]] = picture
    _write(sheet, row.caption or _caption(row.sample), (2, LINE - 4))
    zoom = max(pictures[3].shape[:2]) / max(spot.shape)
    _write(sheet, f"x{zoom:.1f}", (3 * (tile_px + GAP) + 2, LINE - 4))
    return sheet


def _caption(sample: Sample) -> str:
    named = [f"{item.kind} d'={item.visibility:.1f}" for item in sample.instances]
    return f"{', '.join(named)}  {np.count_nonzero(sample.strict)} px"


def _levels(photo: NDArray[np.generic]) -> tuple[float, float] | None:
    """Return the levels of 16 bits that become black and white; 8 bits are shown as they are."""
    if photo.dtype == np.uint8:
        return None
    low, high = np.quantile(photo.astype(np.float32), (0.001, 0.999))
    return float(low), float(high)


def _spot(sample: Sample, tile_px: int) -> Box:
    """Return the part of the image around its largest defect that the zoom shows."""
    height, width = sample.mask.shape
    areas = [item.area_px for item in sample.instances]
    chosen = int(np.argmax(areas)) if areas else 0
    seen = np.argwhere(sample.instance_index == chosen + 1)
    if len(seen) == 0:
        seen = np.array([[height // 2, width // 2]])
    low, high = seen.min(axis=0), seen.max(axis=0) + 1
    # Twice the defect, so that it is seen in its surroundings.
    least, most = tile_px // MOST_ZOOM, max(height, width) // LEAST_ZOOM
    side = max(min(max(2 * int((high - low).max()), least), most), 1)
    # The defect's own pixel nearest to its middle: a bent crack may miss the middle of its box.
    middle = seen[np.abs(seen - (low + high) // 2).sum(axis=1).argmin()]
    size = (min(side, height), min(side, width))
    top = min(max(int(middle[0]) - size[0] // 2, 0), height - size[0])
    left = min(max(int(middle[1]) - size[1] // 2, 0), width - size[1])
    return Box(top, left, top + size[0], left + size[1])


def _scaled(image: Rgb, box: Box, tile_px: int) -> Rgb:
    """Return a part of an image with `tile_px` as its longer side; enlarged pixels stay square."""
    factor = tile_px / max(box.shape)
    size = (max(round(box.shape[1] * factor), 1), max(round(box.shape[0] * factor), 1))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image[box.slices], size, interpolation=way), dtype=np.uint8)


def _outlined(image: Rgb, masks: tuple[Mask, Mask], box: Box, tile_px: int) -> Rgb:
    """Return a scaled part of an image with the outlines of its strict and its label mask."""
    picture = _scaled(image, box, tile_px)
    for mask, colour in zip(masks, (STRICT_COLOUR, LABEL_COLOUR), strict=True):
        # Area averages above zero count, so that the smallest mask stays visible.
        shares = _scaled(mask.view(np.uint8) * np.uint8(255), box, tile_px)
        small = (shares > 0).astype(np.uint8)
        around = cv2.dilate(small, np.ones((3, 3), np.uint8)) > small
        picture[around] = colour
    return picture


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
