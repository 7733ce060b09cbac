"""Where the defects of a picture are, each with a window to measure in."""

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from anomsynth.core.types import Box, Mask, Pixels
from anomsynth.sqe.region import MARGIN, Picture, Region

GAP = 6  # pixels: pieces closer than this are one defect
BLOCK = 8  # pixels a side: one 64-bit number of eight marks, and more than `GAP`
SMALL = 1 << 14  # pixels of a picture that is looked at as a whole
MOST_REGIONS = 4  # the largest; what is left out is small
LONGEST = 320  # pixels: longer defects are measured in windows along their outline
WINDOW = 224
MOST_WINDOWS = 4
STRAY = 3 / 255  # of full scale: least change outside all windows that counts


def find_regions(picture: Picture) -> tuple[Region, ...]:
    """Return the defects of a picture, the largest first; empty for an empty mask.

    Pieces of the mask that nearly touch are one defect. A long one becomes several regions: windows
    of full resolution along its outline, so that the cost does not grow with the picture.
    """
    shape = picture.mask.shape[0], picture.mask.shape[1]
    whole = Box.around(picture.mask)
    if whole is None:
        return ()
    box = whole.grown(GAP, shape)
    regions = [
        region
        for place, own in _pieces(picture.mask[box.slices])
        for region in _cut(picture, _placed(place, box), own)
    ]
    if picture.original is None or picture.confined:
        return tuple(regions)
    stray, total = (
        _stray(picture, picture.original, regions),
        sum(region.area for region in regions),
    )
    return tuple(replace(region, stray=stray * region.area / total) for region in regions)


def _pieces(mask: Mask) -> list[tuple[Box, Mask]]:
    """Return box and pixels of the largest pieces of a mask that lie apart."""
    found = [
        (_placed(box, frame), own, area)
        for frame, marked in _apart(mask)
        for box, own, area in _pieces_in(marked)
    ]
    found.sort(key=lambda piece: -piece[2])
    return [(box, own) for box, own, _ in found[:MOST_REGIONS]]


def _apart(mask: Mask) -> Iterator[tuple[Box, Mask]]:
    """Yield groups of pieces that lie more than `GAP` apart, each in the box around it.

    They are told apart in a picture of blocks, as defects are small: marked blocks that touch are
    joined, and a block is wider than the gap.
    """
    shape = mask.shape[0], mask.shape[1]
    rows, cols = (-(-side // BLOCK) for side in shape)
    padded = np.zeros((rows * BLOCK, cols * BLOCK), np.bool_)
    padded[: shape[0], : shape[1]] = mask
    # Eight pixels of a row are one number.
    marked = (padded.view(np.uint64) != 0).reshape(rows, BLOCK, cols).any(axis=1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        marked.view(np.uint8), connectivity=8
    )
    if mask.size <= SMALL or count == 2:
        yield Box(0, 0, *shape), mask
        return
    for number in range(1, count):
        left, top, across, down = (int(side) for side in stats[number, :4])
        blocks = Box(top, left, top + down, left + across).grown(1, (rows, cols))
        frame = Box(*(side * BLOCK for side in blocks)).grown(0, shape)
        own = (labels[blocks.slices] == number).repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
        yield frame, own[: frame.shape[0], : frame.shape[1]] & mask[frame.slices]


def _pieces_in(mask: Mask) -> Iterator[tuple[Box, Mask, int]]:
    """Yield box, pixels and area of the pieces of a mask that lie apart, the largest first."""
    side = 2 * (GAP // 2) + 1
    grown = cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8))
    count, found, stats, _ = cv2.connectedComponentsWithStats(
        grown, connectivity=8, ltype=cv2.CV_32S
    )
    labels = np.asarray(found, dtype=np.int32)
    area = np.bincount(labels[mask], minlength=count)
    for label in np.argsort(-area, kind="stable")[:MOST_REGIONS].tolist():
        if area[label] == 0:
            break
        left, top, width, height = (int(side) for side in stats[label, :4])
        box = Box(top, left, top + height, left + width)
        yield box, (labels[box.slices] == label) & mask[box.slices], int(area[label])


def _placed(place: Box, frame: Box) -> Box:
    """Return a box given relative to `frame` in the picture's coordinates."""
    top, left = frame.top, frame.left
    return Box(place.top + top, place.left + left, place.bottom + top, place.right + left)


def _cut(picture: Picture, place: Box, own: Mask) -> Iterator[Region]:
    """Yield the windows of one piece, whose pixels in its box `place` are `own`."""
    shape = picture.mask.shape[0], picture.mask.shape[1]
    if max(place.shape) <= LONGEST:
        windows = [place.grown(MARGIN, shape)]
    else:
        windows = list(_along(own, place, shape))
    area = int(np.count_nonzero(own))
    for window in windows:
        here = window.slices
        yield Region(
            box=window,
            pixels=_copied(picture.pixels, window),
            inside=_overlaid(own, place, window),
            clear=picture.part[here] & ~picture.mask[here],
            part=picture.part[here],
            camera=picture.camera,
            weight=math.sqrt(area) / len(windows),
            area=area,
            share=area / picture.part_area,
            residual=picture.residual,
            sensed=picture.sensed,
            original=None if picture.original is None else _copied(picture.original, window),
        )


def _overlaid(own: Mask, place: Box, window: Box) -> Mask:
    """Return the part of a piece that lies in a window, (h, w) of the window."""
    inside = np.zeros(window.shape, dtype=np.bool_)
    top, left = max(window.top, place.top), max(window.left, place.left)
    bottom, right = min(window.bottom, place.bottom), min(window.right, place.right)
    target = Box(top - window.top, left - window.left, bottom - window.top, right - window.left)
    source = Box(top - place.top, left - place.left, bottom - place.top, right - place.left)
    inside[target.slices] = own[source.slices]
    return inside


def _copied(pixels: Pixels, window: Box) -> Pixels:
    return pixels[window.slices].copy()


def _along(own: Mask, place: Box, shape: tuple[int, int]) -> Iterator[Box]:
    """Yield windows whose middles lie on the outline of a large piece, evenly spread."""
    inner = cv2.erode(
        own.view(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1
    )
    rows, cols = np.nonzero(own & (inner == 0))
    if rows.size == 0:
        rows, cols = np.nonzero(own)
    angle = np.arctan2(rows - rows.mean(), cols - cols.mean())
    order = np.argsort(angle, kind="stable")
    for turn in (np.arange(MOST_WINDOWS) + 0.5) / MOST_WINDOWS:
        pick = order[int(turn * order.size)]
        middle = int(rows[pick]) + place.top, int(cols[pick]) + place.left
        top, left = (
            min(max(at - WINDOW // 2, 0), max(length - WINDOW, 0))
            for at, length in zip(middle, shape, strict=True)
        )
        yield Box(top, left, min(top + WINDOW, shape[0]), min(left + WINDOW, shape[1]))


def _stray(picture: Picture, original: Pixels, regions: list[Region]) -> int:
    """Return how many pixels changed outside all masks and windows."""
    most = math.floor(STRAY * (255 if picture.pixels.dtype == np.uint8 else 65535))
    channels = picture.pixels.shape[2]
    change = cv2.absdiff(picture.pixels, original)
    still = cv2.inRange(change, (0,) * channels, (most,) * channels)
    far = (still == 0) & ~picture.mask
    for region in regions:
        far[region.box.slices] = False
    return int(np.count_nonzero(far))
