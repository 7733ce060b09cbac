"""Text and scale bars that a camera burned into its photos: the same pixels in all of them."""

from typing import cast

import cv2
import numpy as np

from anomsynth.core.types import Box, Mask, Pixels

FEWEST = 4  # photos from which sameness means something
SAME = 0.02  # of the full range: what a lossy format changes between photos
SHARP = 0.25  # of the full range: least step at the edge of a sign
LIVE = 0.05  # least share of the picture that differs between photos
LARGEST = 0.15  # most share of the picture that captions cover
SIGN = 12  # fewest sharp pixels of a caption
MARGIN = 0.01  # of the shorter side: joins the signs of a word, and is kept clear around it


class Captions:
    """Looks at photos one by one for what is burned into all of them.

    A pixel is still if no photo differs there from another by more than a lossy format changes.
    A still pixel with a sharp step beside it in every photo belongs to a caption: a fixed part is
    seen through noise, and its edges are never the same to the last level. Only photos of one size
    count, and photos that hardly differ anywhere say nothing.
    """

    def __init__(self) -> None:
        self._low: Pixels | None = None
        self._high: Pixels | None = None
        self._step: Pixels | None = None  # the least of all photos
        self._count = 0

    def add(self, pixels: Pixels) -> None:
        """Look at a photo, (H, W, C) uint8 or uint16; one unlike the first is passed over."""
        if self._low is None or self._high is None or self._step is None:
            self._low, self._high, self._count = pixels.copy(), pixels.copy(), 1
            self._step = _steps(pixels)
        elif pixels.shape == self._low.shape and pixels.dtype == self._low.dtype:
            np.minimum(self._low, pixels, out=self._low)
            np.maximum(self._high, pixels, out=self._high)
            np.minimum(self._step, _steps(pixels), out=self._step)
            self._count += 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the photos that count."""
        return (0, 0) if self._low is None else (self._low.shape[0], self._low.shape[1])

    def boxes(self) -> tuple[Box, ...]:
        """Return the rectangles of the captions, with a margin, from top to bottom."""
        low, high, step = self._low, self._high, self._step
        if low is None or high is None or step is None or self._count < FEWEST:
            return ()
        full = np.iinfo(low.dtype).max
        still = ((high - low) <= SAME * full).all(axis=2)
        if np.count_nonzero(~still) < LIVE * still.size:
            return ()
        signs = still & (step >= SHARP * full)
        boxes = _joined(signs, max(round(MARGIN * min(self.size)), 2))
        covered = sum((box.bottom - box.top) * (box.right - box.left) for box in boxes)
        return tuple(boxes) if covered <= LARGEST * still.size else ()


def _steps(pixels: Pixels) -> Pixels:
    """Return the levels that the 3 x 3 neighbourhood of each pixel spans, in the widest channel."""
    kernel = np.ones((3, 3), np.uint8)
    span = cv2.dilate(pixels, kernel) - cv2.erode(pixels, kernel)
    widest, *others = cv2.split(span)  # twenty times as fast as a maximum over the last axis
    for plane in others:
        widest = cv2.max(widest, plane)
    return cast("Pixels", np.asarray(widest))


def _joined(signs: Mask, margin: int) -> list[Box]:
    """Return the boxes of signs that lie close together, each with the margin around it."""
    near = cv2.dilate(signs.astype(np.uint8), np.ones((2 * margin + 1,) * 2, np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    sharp = np.bincount(labels[signs], minlength=count)
    found = []
    for number in range(1, count):
        left, top, width, height, _ = (int(value) for value in stats[number])
        if sharp[number] >= SIGN:
            found.append(Box(top, left, top + height, left + width))
    return sorted(found, key=lambda box: (box.top, box.left))
