"""Find the pixels along strokes and where each lies relative to the nearest one.

Time and memory follow the length and width of the strokes, not the size of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.paths import Float64, arc_length
from anomsynth.fields.strokes import REACH, Band, Index, Stroke

MOST_CELLS = 1 << 16  # window cells handled at a time: they stay in the processor's cache


def trace(strokes: Sequence[Stroke], frame: Mask, margin: float | Float64 = 0.0) -> Band | None:
    """Find the pixels of the strokes and where they lie relative to the nearest stroke.

    Parameters
    ----------
    strokes : sequence of Stroke
        Where strokes overlap, the one whose edge is farther out wins.
    frame : (H, W) bool
        Pixels that may be used; others are left out, as are places outside.
    margin : float or (vertices,) float64
        How far beyond the edges pixels are wanted, pixels, >= 0.

    Returns
    -------
    Band or None
        None if no pixel is left.

    Notes
    -----
    Each segment looks at a small window around it, so time and memory follow the length of the
    strokes, not the size of the frame.
    """
    segments = _Segments.of(strokes, margin)
    box = segments.box(frame.shape)
    if box.bottom <= box.top or box.right <= box.left:
        return None
    found = segments.candidates(np.ascontiguousarray(frame[box.slices]), (box.top, box.left))
    if not found:
        return None
    flat, segment, key = (np.concatenate(column) for column in zip(*found, strict=True))
    flat, segment = _nearest(flat, segment, key, box.shape[0] * box.shape[1])
    rows, cols = np.divmod(flat, box.shape[1])
    return segments.place(rows + box.top, cols + box.left, segment)


def _nearest(flat: Index, segment: Index, key: Float32, cells: int) -> tuple[Index, Index]:
    """Keep the candidate with the smallest key for every pixel."""
    slot = np.zeros(cells, dtype=np.int32)
    order = np.arange(flat.size, dtype=np.int32)
    slot[flat] = order
    pixels = flat[slot[flat] == order]
    slot[pixels] = np.arange(pixels.size, dtype=np.int32)
    which = slot[flat]
    best = np.full(pixels.size, np.inf, dtype=np.float32)
    np.minimum.at(best, which, key)
    winners = np.flatnonzero(key == best[which])
    chosen = np.empty(pixels.size, dtype=np.intp)
    chosen[which[winners[::-1]]] = segment[winners[::-1]]  # the first of equals is written last
    return pixels, chosen


def _outer_sum(rows: Float64, cols: Float64) -> Float32:
    """Return (S, n * n) float32 sums of (S, n) rows and columns."""
    total = rows.astype(np.float32)[:, :, None] + cols.astype(np.float32)[:, None, :]
    return total.reshape(len(rows), -1)


def _column(values: Float64) -> Float32:
    return values.astype(np.float32)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """All straight pieces of some strokes."""

    vertex: Index
    start: Float64
    along: Float64
    length: Float64
    left: Float64
    right: Float64
    middle_left: Float32
    middle_right: Float32
    reach: Float64
    overlap: Float64
    opens: Mask
    closes: Mask
    before: Float64
    after: Float64

    @classmethod
    def of(cls, strokes: Sequence[Stroke], margin: float | Float64) -> "_Segments":
        """Cut strokes into segments; a vertex that repeats its predecessor makes none."""
        points = np.concatenate([stroke.points for stroke in strokes])
        left = np.concatenate([stroke.left for stroke in strokes])
        right = np.concatenate([stroke.right for stroke in strokes])
        last = np.cumsum([len(stroke.points) for stroke in strokes]) - 1
        step = points[1:] - points[:-1]
        length = np.hypot(step[:, 0], step[:, 1])
        real = length > 1e-9
        real[last[:-1]] = False
        opens = np.zeros(len(points), dtype=bool)
        opens[np.concatenate([[0], last[:-1] + 1])] = True
        closes = np.zeros(len(points), dtype=bool)
        closes[last] = True
        vertex = np.flatnonzero(real)
        distance = np.concatenate([arc_length(stroke.points) for stroke in strokes])
        total = np.repeat(distance[last], [len(stroke.points) for stroke in strokes])
        edge = np.maximum(left, right) + margin + REACH
        reach = np.maximum(edge[vertex], edge[vertex + 1])
        return cls(
            vertex=vertex,
            start=points[vertex],
            along=step[vertex] / length[vertex, None],
            length=length[vertex],
            left=left,
            right=right,
            middle_left=((left[:-1] + left[1:]) / 2).astype(np.float32),
            middle_right=((right[:-1] + right[1:]) / 2).astype(np.float32),
            reach=reach,
            overlap=0.75 + 0.25 * reach,  # enough to go round a bend of 30 degrees
            opens=opens[vertex],
            closes=closes[vertex + 1],
            before=distance[vertex],
            after=(total - distance)[vertex],
        )

    def box(self, shape: tuple[int, int]) -> Box:
        """Return the box around everything within reach, cut to a frame of `shape`."""
        reach = self.reach.max(initial=0) + self.length.max(initial=0)
        low = np.floor(self.start.min(axis=0, initial=np.inf) - reach)
        high = np.ceil(self.start.max(axis=0, initial=-np.inf) + reach) + 1
        top, left = (int(value) for value in np.clip(low, 0, shape))
        bottom, right = (int(value) for value in np.clip(high, 0, shape))
        return Box(top, left, bottom, right)

    def candidates(
        self, frame: Mask, origin: tuple[int, int]
    ) -> list[tuple[Index, Index, Float32]]:
        """Return (flat pixel, segment, distance beyond the edge) for pixels near segments.

        `frame` is the part of the picture whose first pixel is `origin`.
        """
        middle = self.start + self.along * (self.length / 2)[:, None] - origin
        radius = np.ceil(np.hypot(self.reach, self.length / 2 + self.overlap) + 0.5).astype(int)
        # Few sizes, as each costs a round of array calls; one if that is little work anyway.
        radius += -radius % (1 + radius // 6)
        largest = int(radius.max(initial=0))
        if len(radius) * (2 * largest + 1) ** 2 <= MOST_CELLS // 2:
            radius[:] = largest
        near = (middle > -radius[:, None]).all(axis=1)
        near &= (middle < np.array(frame.shape) + radius[:, None]).all(axis=1)
        found = []
        for size in np.unique(radius[near]):
            members = np.flatnonzero(near & (radius == size))
            batch = max(MOST_CELLS // int(2 * size + 1) ** 2, 1)
            for first in range(0, members.size, batch):
                chosen = members[first : first + batch]
                part = self._window(chosen, middle[chosen], int(size), frame)
                if part[0].size:
                    found.append(part)
        return found

    def _window(
        self, segment: Index, middle: Float64, size: int, frame: Mask
    ) -> tuple[Index, Index, Float32]:
        """Look at the square of `size` pixels to every side of each segment's middle."""
        span = np.arange(-size, size + 1)
        corner = np.rint(middle).astype(np.intp)
        to_row = (corner - middle)[:, :1] + span
        to_col = (corner - middle)[:, 1:] + span
        trow, tcol = self.along[segment, :1], self.along[segment, 1:]
        ahead = _outer_sum(to_row * trow, to_col * tcol)
        aside = _outer_sum(to_row * tcol, -to_col * trow)
        half = self.length[segment] / 2
        inside = np.abs(ahead) <= _column(half + self.overlap[segment])
        inside &= np.abs(aside) <= _column(self.reach[segment])
        which, place = np.nonzero(inside)
        drow, dcol = np.divmod(place, 2 * size + 1)
        row, col = corner[which, 0] + (drow - size), corner[which, 1] + (dcol - size)
        usable = (row >= 0) & (row < frame.shape[0]) & (col >= 0) & (col < frame.shape[1])
        flat = np.where(usable, row * frame.shape[1] + col, 0)
        usable &= frame.ravel()[flat]
        inside[which, place] = usable  # the same pixels, in the same order, without the unusable
        which = which[usable]
        ahead, aside = ahead[inside], aside[inside]
        past = np.maximum(np.abs(ahead) - half[which].astype(np.float32), 0)
        vertex = self.vertex[segment][which]
        edge = np.where(aside > 0, self.middle_right[vertex], self.middle_left[vertex])
        return flat[usable], segment[which], np.sqrt(aside * aside + past * past) - edge

    def place(self, rows: Index, cols: Index, segment: Index) -> Band:
        """Return the band coordinates of pixels whose nearest segment is known."""
        along = self.along[segment]
        drow = rows - self.start[segment, 0]
        dcol = cols - self.start[segment, 1]
        ahead = drow * along[:, 0] + dcol * along[:, 1]
        aside = drow * along[:, 1] - dcol * along[:, 0]
        length = self.length[segment]
        share = np.clip(ahead / length, 0, 1)
        beyond = np.abs(ahead - share * length)
        ends = (self.opens[segment] & (ahead < 0)) | (self.closes[segment] & (ahead > length))
        run = np.where(ends, ahead, share * length)
        # Past a joint the stroke goes round the corner; past an end it stops.
        offset = np.where(ends, aside, np.copysign(np.hypot(aside, beyond), aside))
        vertex = self.vertex[segment]
        return Band(
            rows=rows,
            cols=cols,
            offset=offset,
            past=np.maximum(-self.before[segment] - run, run - self.after[segment]),
            vertex=vertex,
            share=share,
            normal=np.stack([along[:, 1], -along[:, 0]], axis=1),
            left=self.left[vertex] + share * (self.left[vertex + 1] - self.left[vertex]),
            right=self.right[vertex] + share * (self.right[vertex + 1] - self.right[vertex]),
        )
