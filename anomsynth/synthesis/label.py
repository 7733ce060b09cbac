"""Masks are measured: what visibly changed, and the outline an inspector would draw around it."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import delta_e, encoded_lab
from anomsynth.core.pixels import by_blocks
from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.regions import depth_inside
from anomsynth.synthesis.visibility import JUST_VISIBLE, TOUCHING

LEAST_COMPONENT = 3  # pixels; smaller specks of change are taken back
DEPTH_CELLS = 256  # wide supports are measured on about this many cells a side
# Closings up to these radii, pixels, are quicker by taking maxima and minima over a disc.
SMALL, SMALL_IN_WIDE = 6, 9
WIDE = 1 << 18  # pixels of a mask that distances do not fit the processor's cache for
COARSE = 24  # closings wider than this run on a reduced grid


def visible_change(
    before: NDArray[np.generic], after: NDArray[np.generic], encoding: str
) -> Float32:
    """Return the CIE 1976 differences, (n,) float32, of (n, C) encoded pixels."""

    def compare(first: NDArray[np.generic], second: NDArray[np.generic]) -> Float32:
        both = encoded_lab(np.concatenate([first, second]), encoding)
        return delta_e(both[: len(first)], both[len(first) :])

    return by_blocks(compare, before, after)


def strict_mask(difference: Float32, support: Mask) -> Mask:
    """Return the pixels of the support whose change is visible.

    Hysteresis: connected pixels above half the just noticeable difference count if one of them is
    above the whole; components under `LEAST_COMPONENT` pixels do not.

    Parameters
    ----------
    difference : (h, w) float32, CIE 1976 units
    support : (h, w) bool
    """
    weak = (difference >= TOUCHING * JUST_VISIBLE) & support
    tight = Box.around(weak)
    if tight is None:
        return weak
    here = tight.slices
    shown = np.ascontiguousarray(weak[here])
    # Without OpenCV's statistics: they cost more than the components, and only areas are wanted.
    count, labels = cv2.connectedComponents(shown.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    index = np.flatnonzero(shown)  # of bool: of bytes it takes several times as long
    own = np.asarray(labels, dtype=np.int32).ravel().take(index)
    seeded = np.zeros(count, dtype=bool)
    seeded[own[difference[here].ravel().take(index) >= JUST_VISIBLE]] = True
    keep = seeded & (np.bincount(own, minlength=count) >= LEAST_COMPONENT)
    shown.ravel()[index] = keep.take(own)
    weak[here] = shown
    return weak


def closing_radius(support: Mask, strict: Mask) -> int:
    """Return how far the label's outline bridges gaps, in pixels, >= 1.

    Half the inradius of the support, and no more than half the radius of a disc with the strict
    mask's area: a hairline is outlined tightly, a dent, whose bright and dark side are apart, as
    one region, and a few visible specks of a wide faint defect stay what they are.
    """
    step = max(max(support.shape) // DEPTH_CELLS, 1)
    inradius = _inradius(support, step)
    if step > 1 and inradius < 8 * step:
        inradius = _inradius(support, 1)
    visible = float(np.sqrt(np.count_nonzero(strict) / np.pi))
    return max(round(min(inradius, visible) / 2), 1)


def _inradius(support: Mask, step: int) -> float:
    """Return the largest distance to the outside, pixels, measured on cells of `step` pixels."""
    if step > 1:
        rows, cols = max(support.shape[0] // step, 1), max(support.shape[1] // step, 1)
        # Whole cells only: the rest is narrower than one, and uneven cells take far longer.
        whole = support[: rows * step, : cols * step].view(np.uint8) * np.uint8(255)
        support = cv2.resize(whole, (cols, rows), interpolation=cv2.INTER_AREA) > 127
    return step * float(depth_inside(support).max())


def outline(strict: Mask, radius: int, allowed: Mask) -> Mask:
    """Return the closed, hole-free outline of a strict mask.

    Morphological closing with a disc of `radius`, then holes are filled; contains the strict mask
    and adds nothing outside `allowed`.

    Parameters
    ----------
    strict, allowed : (h, w) bool
    radius : int, pixels

    Returns
    -------
    (h, w) bool
    """
    tight = Box.around(strict)
    if tight is None:
        return strict.copy()
    # A frame of zeros lets the closing bend around the box's own border.
    pad = radius + 2
    inside = strict[tight.slices].astype(np.uint8)
    framed = cv2.copyMakeBorder(inside, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    closed = _close(np.asarray(framed, dtype=np.uint8), radius)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(closed, contours, -1, 1, thickness=cv2.FILLED)
    drawn = strict.copy()
    drawn[tight.slices] |= (closed[pad:-pad, pad:-pad] > 0) & allowed[tight.slices]
    return drawn


@cache
def _disc(radius: int) -> NDArray[np.uint8]:
    """Return a disc as the distance transform measures it: both ways give the same outline."""
    away = np.ones((2 * radius + 1, 2 * radius + 1), dtype=np.uint8)
    away[radius, radius] = 0
    return (cv2.distanceTransform(away, cv2.DIST_L2, 5) <= radius).astype(np.uint8)


def _close(mask: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """Close with a disc; a large one through distance transforms: its size costs nothing there."""
    if radius <= (SMALL if mask.size < WIDE else SMALL_IN_WIDE):
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(radius)), np.uint8)
    step = max(radius // COARSE, 1)
    work = mask
    if step > 1:
        size = (-(-mask.shape[1] // step), -(-mask.shape[0] // step))
        work = (cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 0).astype(
            np.uint8
        )
    reach = radius / step
    grown = (cv2.distanceTransform(1 - work, cv2.DIST_L2, 5) <= reach).astype(np.uint8)
    closed = (cv2.distanceTransform(grown, cv2.DIST_L2, 5) > reach).astype(np.uint8)
    if step > 1:
        size = (mask.shape[1], mask.shape[0])
        smooth = cv2.resize(closed.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        closed = (smooth > 0.5).astype(np.uint8)
    return closed | mask
