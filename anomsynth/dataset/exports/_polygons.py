"""Outlines of masks as polygons: along pixel edges, exactly, or through pixel centres."""

from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from anomsynth.core.types import Mask

Polygon = NDArray[np.int64]
Corner = tuple[int, int]
MOST_PAIRS = 200_000  # of corners that are compared directly; a tree takes longer to build


def edge_polygons(mask: Mask) -> list[Polygon]:
    """Return one closed polygon along the pixel edges of each 4-connected part of a mask.

    Pixel (row, col) is the square [col, col + 1] x [row, row + 1], as COCO has it; filled by the
    even-odd rule the polygons are exactly the mask. Holes are joined to the outline by a cut of no
    width. Corners only, the first one is not repeated.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    list of (N, 2) int64
        Columns and rows, x before y.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    polygons = []
    for part in range(1, count):
        left, top, width, height = (int(side) for side in stats[part, :4])
        inside: Mask = np.equal(labels[top : top + height, left : left + width], part)
        polygons.append(join_loops(_edge_loops(inside)) + np.array([left, top]))
    return polygons


def centre_polygon(mask: Mask) -> Polygon:
    """Return one closed polygon through the centres of a mask's outermost pixels.

    Filled with its border, as OpenCV does, it is the mask, but for lines of one pixel that join
    parts that are apart. Never less than three points: a speck's are repeated.

    Parameters
    ----------
    mask : (H, W) bool, not empty

    Returns
    -------
    (N, 2) int64
        Columns and rows, x before y.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    path = join_loops([np.asarray(loop[:, 0], dtype=np.int64) for loop in contours])
    return np.concatenate([path, np.repeat(path[:1], max(3 - len(path), 0), axis=0)])


def join_loops(loops: Sequence[Polygon]) -> Polygon:
    """Join closed loops to one, each to the nearest corner of those before by a cut and back."""
    path = loops[0]
    for loop in loops[1:]:
        here, start = _nearest(path, loop)
        round_trip = np.concatenate([loop[start:], loop[: start + 1]])
        path = np.concatenate([path[: here + 1], round_trip, path[here:]])
    return path


def _nearest(path: Polygon, loop: Polygon) -> tuple[int, int]:
    """Return the positions of the two corners that are nearest to each other."""
    if len(path) * len(loop) <= MOST_PAIRS:
        here, start = divmod(int(cdist(path, loop, "sqeuclidean").argmin()), len(loop))
        return here, start
    distances, nearest = KDTree(path).query(loop)
    start = int(np.argmin(distances))
    return int(np.atleast_1d(nearest)[start]), start


def _edge_loops(mask: Mask) -> list[Polygon]:
    """Walk around a 4-connected mask with the inside at the right hand; outer loop first."""
    steps = _steps(np.pad(mask, 1))
    loops: list[Polygon] = []
    while steps:
        start = min(steps)  # the outer loop has the topmost corner
        corners: list[Corner] = []
        at, heading = start, (0, 0)
        while not corners or at != start:
            exits = steps[at]
            # Where a part touches itself at a corner either way will do, by the even-odd rule.
            turn, to = exits.popitem()
            if not exits:
                del steps[at]
            if turn != heading:
                corners.append(at)
            at, heading = to, turn
        loops.append(np.array([(col, row) for row, col in corners], dtype=np.int64))
    return loops


def _steps(framed: Mask) -> dict[Corner, dict[Corner, Corner]]:
    """Return for every corner of a mask in a frame of one pixel where its edges lead."""
    steps: dict[Corner, dict[Corner, Corner]] = defaultdict(dict)
    above, below = framed[:-1, 1:-1], framed[1:, 1:-1]
    before, after = framed[1:-1, :-1], framed[1:-1, 1:]
    for row, col in np.argwhere(below & ~above).tolist():
        steps[row, col][0, 1] = (row, col + 1)
    for row, col in np.argwhere(above & ~below).tolist():
        steps[row, col + 1][0, -1] = (row, col)
    for row, col in np.argwhere(after & ~before).tolist():
        steps[row + 1, col][-1, 0] = (row, col)
    for row, col in np.argwhere(before & ~after).tolist():
        steps[row, col][1, 0] = (row + 1, col)
    return steps
