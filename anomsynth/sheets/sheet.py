"""Contact sheets: what went in, what came out, and how it is labelled, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import (
    LABEL_COLOUR,
    STRICT_COLOUR,
    Rgb,
    levels_of,
    outlined,
    scaled,
    to_rgb8,
    zoom_box,
)
from anomsynth.core.sample import Sample
from anomsynth.core.types import Box, Float32, Mask
from anomsynth.dataset.files import make_folder
from anomsynth.dataset.images import write_png
from anomsynth.sheets.relief import relief_tiles

HEADINGS = ("input", "result", "label", "zoom", "zoom, label")
OF_RELIEF = ("relief, shaded", "zoom, height as colour")
OF_VIEWS = ("other light", "zoom")  # of each other view that is shown
MOST_VIEWS = 2
PAPER = 24
INK = (225, 225, 225)
GAP = 4
LINE = 16  # height of a caption
PART_COLOUR = (255, 40, 160)
LEGEND = (
    ("yellow: label mask", LABEL_COLOUR),
    ("blue: strict mask, the pixels that changed", STRICT_COLOUR),
    ("pink: where defects may go", PART_COLOUR),
    ("d': how far it rises over the texture, 2 is hard to see, 8 is plain", INK),
    ("px: size of what is outlined", INK),
    ("x4: magnified four times", INK),
)
MOST_TOLD = 3  # defects of a sample that are told one by one


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One sample on a sheet.

    Attributes
    ----------
    photo, image : (H, W) or (H, W, C) uint8 or uint16, C in {1, 2, 3, 4}
        The photo the sample was made of, and the sample.
    masks : pair of (H, W) bool
        Strict mask, or None if it is not to be drawn, and label mask.
    marks : (H, W) bool
        What the zoom shows.
    caption : str
        Printed above the pictures.
    allowed : (H, W) bool, optional
        Where defects may go, outlined on the photo.
    raised : (H, W) float32, millimeters, optional
        Of a sample in a scan how near it is to the sensor, drawn beside the pictures.
    mm_per_px : float
    views : mapping of view name -> (H, W) or (H, W, C) uint8 or uint16
        What other views show of the sample; the first two are drawn.
    """

    photo: NDArray[np.generic]
    image: NDArray[np.generic]
    masks: tuple[Mask | None, Mask]
    marks: Mask
    caption: str
    allowed: Mask | None = None
    raised: Float32 | None = None
    mm_per_px: float = 1.0
    views: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)

    @property
    def headings(self) -> tuple[str, ...]:
        """What its pictures are, from the left."""
        relief = OF_RELIEF if self.raised is not None else ()
        drawn: tuple[str, ...] = HEADINGS
        if self.masks[0] is not None:
            drawn = tuple(name.replace("label", "label (strict)") for name in HEADINGS)
        return (*drawn, *relief, *OF_VIEWS * min(len(self.views), MOST_VIEWS))

    @classmethod
    def of(
        cls,
        photo: NDArray[np.generic],
        sample: Sample,
        caption: str = "",
        allowed: Mask | None = None,
    ) -> Self:
        """Return the row of a sample, by default with its kinds and how visible they are."""
        said = caption or caption_of(sample)
        masks = (sample.strict, sample.mask)
        views = {name: view.image for name, view in sample.views.items()}
        return cls(photo, sample.image, masks, sample.largest, said, allowed, views=views)


def contact_sheet(rows: Sequence[SheetRow], *, tile_px: int = 224, across: int = 1) -> Rgb:
    """Draw samples: input, result, outlined masks, zoom at the defect, zoom with outlines.

    The outline of the label mask is yellow, that of the strict mask blue, where it is drawn; both
    run on the pixels around the mask, so that they hide none of it.

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
    width = max(strip.shape[1] for strip in strips)
    strips = [np.hstack([one, _paper(len(one), width - one.shape[1])]) for one in strips]
    headings = max((row.headings for row in rows), key=len)
    lines = [_heading(headings, (tile_px, width, across))]
    for start in range(0, len(strips), across):
        line = strips[start : start + across]
        line += [_paper(1, width)] * (across - len(line))
        tall = max(strip.shape[0] for strip in line)
        lines.append(np.hstack([_padded(strip, tall) for strip in line]))
    return np.vstack(lines)


def with_legend(sheet: Rgb, *, allowed: bool = False) -> Rgb:
    """Return a sheet with lines below that say what its colours and numbers mean.

    Parameters
    ----------
    sheet : (h, w, 3) uint8 RGB
    allowed : bool
        Whether where defects may go is outlined on it.
    """
    return np.vstack([sheet, legend(sheet.shape[1], allowed=allowed)])


def legend(width: int, *, allowed: bool = False, strict: bool = True, stacked: bool = False) -> Rgb:
    """Return what the colours and numbers of a sheet mean, as a picture of some width.

    Parameters
    ----------
    width : int, pixels
    allowed : bool
        Whether where defects may go is outlined on the sheet.
    strict : bool
        Whether the strict masks are.
    stacked : bool
        Whether everything has a line of its own.
    """
    left_out = {*(() if allowed else (PART_COLOUR,)), *(() if strict else (STRICT_COLOUR,))}
    lines: list[list[tuple[int, str, tuple[int, int, int]]]] = [[]]
    left = 2
    for text, colour in LEGEND:
        if colour in left_out:
            continue
        wide = text_width(text) + 3 * GAP
        if left > 2 and (stacked or left + wide > width):
            lines.append([])
            left = 2
        lines[-1].append((left, text, colour))
        left += wide
    drawn = _paper(LINE * len(lines) + GAP, width)
    for number, line in enumerate(lines, start=1):
        for place, text, colour in line:
            write_on(drawn, text, (place, number * LINE - 4), colour)
    return drawn


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
        _outlined_part(scaled(before, whole, tile_px), row.allowed),
        scaled(after, whole, tile_px),
        outlined(after, row.masks, whole, tile_px),
        scaled(after, spot, tile_px),
        outlined(after, row.masks, spot, tile_px),
    ]
    told = {0: shortened(row.caption, 3 * (tile_px + GAP) - 4 * GAP)}
    if row.raised is not None:
        lit, colours, told[len(pictures) + 1] = relief_tiles(
            row.raised, row.mm_per_px, spot, tile_px
        )
        pictures += [lit, colours]
    for name, view in list(row.views.items())[:MOST_VIEWS]:
        told[len(pictures)] = name
        seen = to_rgb8(view, levels)
        pictures += [scaled(seen, whole, tile_px), scaled(seen, spot, tile_px)]
    tall = max(picture.shape[0] for picture in pictures)
    sheet = _paper(LINE + tall + GAP, len(pictures) * (tile_px + GAP))
    for index, picture in enumerate(pictures):
        left = index * (tile_px + GAP) + (tile_px - picture.shape[1]) // 2
        sheet[LINE : LINE + picture.shape[0], left : left + picture.shape[1]] = picture
    zoom = max(pictures[3].shape[:2]) / max(spot.shape)
    told[3] = f"x{zoom:.1f}"
    for index, text in told.items():
        write_on(sheet, text, (index * (tile_px + GAP) + 2, LINE - 4))
    return sheet


def _outlined_part(picture: Rgb, allowed: Mask | None) -> Rgb:
    if allowed is None:
        return picture
    size = picture.shape[1], picture.shape[0]
    inside = cv2.resize(allowed.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    drawn = cv2.drawContours(picture.copy(), outlines, -1, PART_COLOUR, 1)
    return np.asarray(drawn, dtype=np.uint8)


def caption_of(sample: Sample) -> str:
    """Return the kinds of a sample's defects, how visible they are, and their pixels."""
    return in_few_words(
        [(item.kind, item.visibility) for item in sample.instances],
        int(np.count_nonzero(sample.strict)),
    )


def in_few_words(defects: Sequence[tuple[str, float]], area_px: int) -> str:
    """Return kinds, visibility and size of a sample's defects in few words.

    Examples
    --------
    >>> in_few_words([("crack", 4.0), ("dust", 2.5)], 310)
    "crack d'=4.0, dust d'=2.5  310 px"
    >>> in_few_words([("dust", 2.0), ("dust", 6.5), ("dust", 3.0), ("crack", 4.0)], 900)
    "3 dust d'=2.0-6.5, crack d'=4.0  900 px"
    """
    if len(defects) <= MOST_TOLD:
        named = [f"{kind} d'={visible:.1f}" for kind, visible in defects]
    else:
        of: dict[str, list[float]] = {}
        for kind, visible in defects:
            of.setdefault(kind, []).append(visible)
        named = [_several(kind, strengths) for kind, strengths in of.items()]
    return f"{', '.join(named)}  {area_px} px"


def _several(kind: str, strengths: Sequence[float]) -> str:
    low, high = f"{min(strengths):.1f}", f"{max(strengths):.1f}"
    count = f"{len(strengths)} " if len(strengths) > 1 else ""
    return f"{count}{kind} d'={low if low == high else f'{low}-{high}'}"


def shortened(text: str, width: int) -> str:
    """Return a text that is at most so many pixels wide, cut off if it has to be."""
    if text_width(text) <= width:
        return text
    while text and text_width(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def _heading(headings: Sequence[str], size: tuple[int, int, int]) -> Rgb:
    """Return the line above a sheet of tiles and strips so wide, so many strips across."""
    tile_px, width, across = size
    line = _paper(LINE + 4, width)
    for index, text in enumerate(headings):
        write_on(line, text, (index * (tile_px + GAP) + 2, LINE - 2))
    return np.hstack([line] * across)


def write_on(
    sheet: Rgb,
    text: str,
    place: tuple[int, int],
    colour: tuple[int, int, int] = INK,
    size: float = 0.4,
) -> None:
    """Write a line of text on a sheet (h, w, 3), from `place` (x, y of its base line) on."""
    # OpenCV's font knows ASCII only.
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(sheet, plain, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def text_width(text: str, size: float = 0.4) -> int:
    """Return how many pixels wide a line of text is."""
    plain = text.encode("ascii", "replace").decode()
    (width, _), _ = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    return int(width)


def _paper(height: int, width: int) -> Rgb:
    return np.full((height, width, 3), PAPER, dtype=np.uint8)


def _padded(strip: Rgb, height: int) -> Rgb:
    return np.vstack([strip, _paper(height - strip.shape[0], strip.shape[1])])
