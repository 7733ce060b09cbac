"""The background of a photo: where it is seen, and what it would be where the part hides it."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode
from anomsynth.core.pixels import channel_mean
from anomsynth.core.statistics import median
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.matching import Levels, misfits, overlaps
from anomsynth.surface.identity import PartInPhoto, found_once

Indices = NDArray[np.intp]

CELLS = 128  # the background is taken as this smooth: finer than a soft shadow
CLEAR_PX = 2  # pixels next to the outline are half part, half background
SPREAD = 1.0, 3.0, 9.0  # cells over which background is spread behind the part
SPREAD_SHARE = 0.02
SLOW = 5.0  # cells over which the background's slow part is taken
TRACE = np.float32(1e-6)  # weight of the mean: it decides where nothing else does
ONLY = 0.999  # share of a cell that is background
LEVELS = 1000.0  # of white
RING = 3  # cells beside a hole that its texture has to go with
RING_PX = 6  # pixels beside it with which it has to be in phase
MOST_PIXELS = 300  # of them that are compared
LEAST_LIGHT = 0.01  # of white: darker than that a gain says nothing
LEAST_GAIN = 0.05  # log light by which a copy may always differ
LEAST_CELLS = 3  # smaller pieces of background have no texture to speak of
LEAST_SHARE = 0.002  # of the picture; less background than that is a rounded corner


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A photo's background on coarse cells that cover the picture.

    Attributes
    ----------
    cells : (h, w, C) float32
        Linear light, where background is seen as it is.
    slow : (h, w, C) float32
        Its slow part: what a large hole would be filled with.
    levels : (h, w) int64
        What it has beside its slow part, in whole levels of its brightness.
    clear : (h, w) bool
        Cells that hold nothing but background.
    shape : (int, int)
        Rows and columns of the picture.
    """

    cells: Float32
    slow: Float32
    levels: Levels
    clear: Mask
    shape: tuple[int, int]

    def light(self, box: Box) -> Float32:
        """Return the background's linear light in a box, (h, w, C) float32 in [0, 1]."""
        light = self._at(self.cells, box)
        return np.clip(light, 0, 1, out=light)

    def filled(self, surface: Surface, box: Box, needed: Mask) -> Float32:
        """Return the light of a box as if there were nothing but background, (h, w, C) float32.

        A copy of the photo's own background, texture, camera noise and all, from another place: of
        those where all that is `needed` is background, the one beside which it looks most like
        beside the box [1]_. By what factor the light around still differs is spread over the copy
        [2]_. Where there is no such place, the fine texture of a smaller one goes to and fro over
        the background's smooth light.

        References
        ----------
        .. [1] K. He, J. Sun, "Statistics of patch offsets for image completion", ECCV 2012.
        .. [2] P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003.
        """
        cells = self._on_cells(box)
        hole = self._hole(box, cells, needed)
        step = self._step_to(cells, hole)
        if step is not None:
            light = surface.linear(self._in_phase(surface, box, needed, step))
            light *= np.exp(self._at(self._gain(cells, hole, step), box))
            return np.clip(light, 0, 1, out=light)
        light = np.clip(self._at(self._slow_around(cells, hole), box), 0, 1)
        most = max(cells.shape) * 2 // 3
        while most >= LEAST_CELLS:
            rows, cols = (min(side, most) for side in cells.shape)
            step = self._step_to(Box(cells.top, cells.left, cells.top + rows, cells.left + cols))
            if step is not None:
                light += self._fine(surface, box, step, (rows, cols))
                break
            most = most * 2 // 3
        return np.clip(light, 0, 1, out=light)

    def _on_cells(self, box: Box) -> Box:
        """Return the cells that a box touches."""
        down, right = self._scale
        rows, cols = self.clear.shape
        return Box(
            int(box.top * down),
            int(box.left * right),
            min(int(np.ceil(box.bottom * down)), rows),
            min(int(np.ceil(box.right * right)), cols),
        )

    def _hole(self, box: Box, cells: Box, needed: Mask) -> Mask:
        """Return which cells hold something that is needed."""
        down, right = self._scale
        hole = np.zeros(cells.shape, dtype=bool)
        rows, cols = np.nonzero(needed)
        row = ((rows + box.top) * down).astype(np.intp) - cells.top
        col = ((cols + box.left) * right).astype(np.intp) - cells.left
        hole[row, col] = True
        return hole

    def _moved(self, box: Box, step: tuple[int, int], shape: tuple[int, int]) -> Box:
        """Return a box of some shape, moved by so many cells, inside the picture."""
        top, left = (
            min(max(start + round(cells / float(scale)), 0), whole - side)
            for start, cells, scale, whole, side in zip(
                box[:2], step, self._scale, self.shape, shape, strict=True
            )
        )
        return Box(top, left, top + shape[0], left + shape[1])

    def _in_phase(self, surface: Surface, box: Box, needed: Mask, step: tuple[int, int]) -> Box:
        """Return the box to copy from, moved by less than a cell so that patterns are in phase."""
        near = self._moved(box, step, box.shape)
        reach = max(math.ceil(0.5 / float(scale)) for scale in self._scale)
        frame = box.grown(CLEAR_PX + RING_PX, self.shape)
        hole = np.zeros(frame.shape, np.uint8)
        top, left = box.top - frame.top, box.left - frame.left
        hole[top : top + box.shape[0], left : left + box.shape[1]] = needed
        mixed = np.maximum(surface.foreground[frame.slices].view(np.uint8), hole)
        wide, tight = (
            cv2.dilate(mask, np.ones((2 * by + 1, 2 * by + 1), np.uint8))
            for mask, by in ((hole, CLEAR_PX + RING_PX), (mixed, CLEAR_PX))
        )
        rows, cols = np.nonzero(wide > tight)
        if rows.size < RING_PX:
            return near
        keep = np.linspace(0, rows.size - 1, min(rows.size, MOST_PIXELS)).astype(np.intp)
        rows, cols = rows[keep], cols[keep]
        moves = np.arange(-reach, reach + 1)
        down, right = (part.ravel()[:, None] for part in np.meshgrid(moves, moves, indexing="ij"))
        here = _levels(surface, rows + frame.top, cols + frame.left)
        there = _levels(
            surface,
            np.clip(rows + near.top - top + down, 0, self.shape[0] - 1),
            np.clip(cols + near.left - left + right, 0, self.shape[1] - 1),
        )
        off = there - here
        # How much they differ but for one offset, in whole numbers.
        misfit = len(rows) * (off * off).sum(axis=1) - off.sum(axis=1) ** 2
        best = int(misfit.argmin())
        top = min(max(near.top + int(down[best, 0]), 0), self.shape[0] - box.shape[0])
        left = min(max(near.left + int(right[best, 0]), 0), self.shape[1] - box.shape[1])
        return Box(top, left, top + box.shape[0], left + box.shape[1])

    def _step_to(self, cells: Box, hole: Mask | None = None) -> tuple[int, int] | None:
        """Return how far away a hole finds background, in cells; None if nowhere.

        Without a hole all cells are wanted, and the nearest place is taken.
        """
        wanted = np.ones(cells.shape, dtype=bool) if hole is None else hole
        free = overlaps(~self.clear, wanted) == 0
        if not free.any():
            return None
        if hole is None:
            rows, cols = (np.arange(side, dtype=np.int64) for side in free.shape)
            misfit = (rows[:, None] - cells.top) ** 2 + (cols - cells.left) ** 2
        else:
            misfit = self._misfit(cells, hole)
        worst = misfit.max() + 1
        row, col = divmod(int(np.where(free, misfit, worst).argmin()), free.shape[1])
        return row - cells.top, col - cells.left

    def _misfit(self, cells: Box, hole: Mask) -> Levels:
        """Return how unlike the background beside each place is to that beside a hole."""
        framed = np.pad(self.levels, RING)
        edge = np.pad(self.clear, RING)[
            cells.top : cells.bottom + 2 * RING, cells.left : cells.right + 2 * RING
        ]
        edge[RING:-RING, RING:-RING] &= ~hole
        piece = framed[cells.top : cells.bottom + 2 * RING, cells.left : cells.right + 2 * RING]
        return misfits(framed, piece, edge)

    def _slow_around(self, cells: Box, hole: Mask) -> Float32:
        """Return the light that the background around a hole lets expect, on all cells."""
        near, known = self._around(cells, hole)
        weight = known.astype(np.float32)[..., None]
        rest = self.slow[near.slices] * TRACE
        light = self.slow.copy()
        light[near.slices] = _spread(self.cells[near.slices] * weight, weight, rest)
        return light

    def _around(self, cells: Box, hole: Mask) -> tuple[Box, Mask]:
        """Return some cells around a hole, and which of them are background that is believed."""
        near = cells.grown(RING + 1, self.clear.shape)
        known = self.clear[near.slices].copy()
        top, left = cells.top - near.top, cells.left - near.left
        known[top : top + hole.shape[0], left : left + hole.shape[1]] &= ~hole
        return near, known

    def _gain(self, cells: Box, hole: Mask, step: tuple[int, int]) -> Float32:
        """Return the log of what to multiply a copy from `step` cells away by, on all cells."""
        near, known = self._around(cells, hole)
        rows, cols = (
            np.clip(np.arange(first, last) + away, 0, side - 1)
            for first, last, away, side in zip(
                near[:2], near[2:], step, self.clear.shape, strict=True
            )
        )
        there = np.ix_(rows, cols)
        known &= self.clear[there]
        dark = np.float32(LEAST_LIGHT)
        gain = np.log((self.cells[near.slices] + dark) / (self.cells[there] + dark))
        # Where a copy does not fit at all, an edge looks better than a smear.
        held = np.abs(gain[known])
        most = 3 * float(median(held)) + LEAST_GAIN if held.size else 0.0
        weight = known.astype(np.float32)[..., None]
        spread = np.zeros_like(self.cells)
        spread[near.slices] = _spread(np.clip(gain, -most, most) * weight, weight, 0.0)
        return spread

    def _fine(
        self, surface: Surface, box: Box, step: tuple[int, int], size: tuple[int, int]
    ) -> Float32:
        """Return the background's texture from a smaller place, to and fro over a box."""
        rows, cols = (
            min(side, max(int(count / float(scale)), 1))
            for side, count, scale in zip(box.shape, size, self._scale, strict=True)
        )
        source = self._moved(box, step, (rows, cols))
        found = surface.linear(source) - self._at(self.slow, source)
        found -= found.mean(axis=(0, 1), keepdims=True)
        index = (_to_and_fro(rows, box.shape[0]), _to_and_fro(cols, box.shape[1]))
        return np.asarray(found[np.ix_(*index)], dtype=np.float32)

    def _at(self, cells: Float32, box: Box) -> Float32:
        down, right = self._scale
        rows = (np.arange(box.top, box.bottom, dtype=np.float32) + 0.5) * down - 0.5
        cols = (np.arange(box.left, box.right, dtype=np.float32) + 0.5) * right - 0.5
        return _sampled(cells, rows, cols)

    @property
    def _scale(self) -> tuple[np.float32, np.float32]:
        """Cells per pixel."""
        rows, cols = (
            np.float32(count / side)
            for side, count in zip(self.shape, self.clear.shape, strict=True)
        )
        return rows, cols


def background_of(surface: Surface) -> Background | None:
    """Return the background as if the part were not there, None if the picture shows none.

    Off-part pixels are spread smoothly over the picture (normalised convolution), so brightness
    gradients of a lit background continue behind the part.
    """
    return _find(PartInPhoto.of(surface))


@found_once()
def _find(photo: PartInPhoto) -> Background | None:
    height, width = photo.foreground.shape
    step = max(max(height, width) // 512, 1)
    part = photo.foreground[::step, ::step].astype(np.uint8)
    kernel = np.ones((2 * CLEAR_PX + 1, 2 * CLEAR_PX + 1), np.uint8)
    clear = cv2.dilate(part, kernel) == 0
    if np.count_nonzero(clear) < LEAST_SHARE * clear.size:
        return None
    every = decode(np.ascontiguousarray(photo.pixels[::step, ::step]), photo.encoding)
    weight = clear.astype(np.float32)
    size = (min(CELLS, clear.shape[1]), min(CELLS, clear.shape[0]))
    cells = _shrunk(every * weight[..., None], size)
    known = _shrunk(weight[..., None], size)
    rest = cells.sum(axis=(0, 1)) / known.sum()
    smooth = _spread(cells, known, TRACE * rest)
    whole = TRACE + _blurred(known, SLOW)
    slow = (_blurred(cells, SLOW) + TRACE * rest) / whole
    only = cv2.erode((known[..., 0] > ONLY).view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    smooth, slow = np.asarray(smooth, np.float32), np.asarray(slow, np.float32)
    levels = np.rint(LEVELS * (channel_mean(smooth) - channel_mean(slow))).astype(np.int64) * only
    for array in (smooth, slow, levels, only):
        array.setflags(write=False)  # all samples of the photo share it
    return Background(smooth, slow, levels, only, (height, width))


def _levels(surface: Surface, rows: Indices, cols: Indices) -> Levels:
    """Return the brightness of some pixels in whole levels, summed over channels."""
    return np.asarray(surface.pixels[rows, cols].sum(axis=-1, dtype=np.int64), dtype=np.int64)


def _to_and_fro(period: int, count: int) -> Indices:
    """Return indices that run to and fro through a period."""
    run = np.arange(count) % (2 * period)
    return np.asarray(np.where(run < period, run, 2 * period - 1 - run), dtype=np.intp)


def _shrunk(array: Float32, size: tuple[int, int]) -> Float32:
    small = cv2.resize(np.ascontiguousarray(array), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32).reshape(size[1], size[0], -1)


def _spread(cells: Float32, known: Float32, trace: NDArray[np.floating] | float) -> Float32:
    """Return weighted cells over their weights, spread to where nothing is known.

    Near cells count most; far ones fill what they leave open, and a trace the rest.
    """
    filled, mass = cells.copy(), known.copy()
    for blur in SPREAD:
        filled += np.float32(SPREAD_SHARE) * _blurred(cells, blur)
        mass += np.float32(SPREAD_SHARE) * _blurred(known, blur)
    return np.asarray((filled + trace) / (mass + TRACE), dtype=np.float32)


def _blurred(cells: Float32, sigma: float) -> Float32:
    out = cv2.GaussianBlur(cells, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(out, dtype=np.float32).reshape(cells.shape)


def _sampled(cells: Float32, rows: Float32, cols: Float32) -> Float32:
    """Interpolate cells bilinearly at a grid of places, clamped to the cells."""
    row, next_row, down = _split(rows, cells.shape[0])
    col, next_col, right = _split(cols, cells.shape[1])
    lines = cells[row] * (1 - down)[:, None, None] + cells[next_row] * down[:, None, None]
    mixed = lines.take(col, axis=1)
    change = lines.take(next_col, axis=1)
    change -= mixed
    change *= right[None, :, None]
    mixed += change
    return mixed


def _split(places: Float32, count: int) -> tuple[Indices, Indices, Float32]:
    """Return the cells around each place and the share of the second one."""
    clamped = np.clip(places, 0, count - 1)
    first = clamped.astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (clamped - first).astype(np.float32)
