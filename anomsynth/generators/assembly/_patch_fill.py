"""Fill a hole with pieces of the texture around it: copies that fit, seams spread away.

Texture is never averaged: every filled pixel is a pixel of the picture plus a slow offset.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.pixels import channel_mean
from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.matching import Levels, misfits, overlaps
from anomsynth.fields.regions import depth_inside

SEARCH_CELLS = 96  # the search for a fitting place runs on at most this many cells a side
RING_PX = 4  # pixels around a piece that have to fit, on the search grid
CHOICES = 4  # one of so many best places is taken
SMALLEST = 6  # pixels: smaller pieces are not cut further,
SMALLEST_SHARE = 0.2  # nor such of less than this share of the hole's size
GREY = 255.0
LEAST_OFFSET = 0.02  # of white: offsets up to this are spread in any case


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """A picture with a hole, while it is filled; all but the source changes.

    Attributes
    ----------
    picture : (h, w, C) float32 in [0, 1]
    grey : (h, w) int64
        Its brightness in whole levels: sums over them are exact, so ties never flip.
    known : (h, w) bool
        Pixels that are there or already filled: a piece's rim has to fit them.
    source : (h, w) bool
        Pixels that may be copied.
    """

    picture: Float32
    grey: Levels
    known: Mask
    source: Mask


def fill_hole(
    picture: Float32, hole: Mask, source: Mask, rng: np.random.Generator
) -> Float32 | None:
    """Fill a hole with shifted copies of the rest of a picture.

    Parameters
    ----------
    picture : (h, w, C) float32 in [0, 1]
        Not changed.
    hole : (h, w) bool
    source : (h, w) bool
        Pixels that may be copied; those of the hole are left out.
    rng : Generator

    Returns
    -------
    (h, w, C) float32 in [0, 1], equal to `picture` outside the hole, or None if there is nothing
    to copy

    Notes
    -----
    The place whose surroundings differ least (in squares) from the hole's is copied, one of the
    best few by chance [1]_. What still differs along the rim is spread over the copy as a membrane
    (Poisson import [2]_). Where no place is large enough the hole is halved; small pieces that
    still do not fit anywhere are filled smoothly.

    References
    ----------
    .. [1] K. He, J. Sun, "Statistics of patch offsets for image completion", ECCV 2012.
    .. [2] P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003.
    """
    free = source & ~hole
    if not free.any():
        return None
    filling = Filling(picture.copy(), _levels(picture), ~hole, free)
    widest = 2 * int(depth_inside(free).max())  # nothing wider fits anywhere
    smallest = max(SMALLEST, round(SMALLEST_SHARE * float(np.sqrt(np.count_nonzero(hole)))))
    pieces = [hole]
    while pieces:
        piece = pieces.pop()
        box = Box.around(piece)
        if box is None:
            continue
        step = None
        if min(box.shape) <= widest:
            step = _best_step(filling, piece, box, rng)
        if step is not None:
            _copy(filling, piece, box, step)
        elif max(box.shape) > smallest:
            pieces += _halves(piece, box)
        else:
            _smooth(filling, piece, box)
    return filling.picture


def _halves(piece: Mask, box: Box) -> list[Mask]:
    """Cut a piece across its longer side; the half that comes last is filled first."""
    first, second = piece.copy(), piece.copy()
    if box.shape[0] >= box.shape[1]:
        middle = (box.top + box.bottom) // 2
        first[middle:], second[:middle] = False, False
    else:
        middle = (box.left + box.right) // 2
        first[:, middle:], second[:, :middle] = False, False
    return [first, second]


def _best_step(
    filling: Filling, piece: Mask, box: Box, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return the shift (row, col) from a piece to a place that fits, None if none is free."""
    scale = max(-(-max(filling.known.shape) // SEARCH_CELLS), 1)
    pad = RING_PX * scale
    frame = box.grown(pad, filling.known.shape)
    inside = piece[frame.slices]
    ring = (depth_inside(~inside) <= pad) & ~inside & filling.known[frame.slices]
    # Coordinates of the frame must fall on the search grid.
    top, left = frame.top - frame.top % scale, frame.left - frame.left % scale
    shift = (frame.top - top, frame.left - left)
    pattern = _summed(np.pad(inside, ((shift[0], 0), (shift[1], 0))), scale) > 0
    edge = _summed(np.pad(ring, ((shift[0], 0), (shift[1], 0))), scale) > 0
    edge &= ~pattern
    blocked = _summed(~filling.source, scale) > 0
    levels = _cells(filling.grey, scale)
    used = overlaps(blocked, pattern)
    rest = overlaps(blocked, edge)
    free = (used == 0) & (rest <= 0.3 * max(int(edge.sum()), 1))
    here = (top // scale, left // scale)
    if here[0] < free.shape[0] and here[1] < free.shape[1]:
        free[here] = False
    if not free.any():
        return None
    cut = (slice(here[0], here[0] + edge.shape[0]), slice(here[1], here[1] + edge.shape[1]))
    misfit = misfits(levels, levels[cut], edge)
    places = np.flatnonzero(free)
    order = places[np.argsort(misfit.ravel()[places], kind="stable")[:CHOICES]]
    # Near misses only: one that fits far worse than the best would show.
    good = order[misfit.ravel()[order] <= 1.5 * misfit.ravel()[order[0]] + 1]
    chosen = int(good[int(rng.random() * len(good))])
    row, col = divmod(chosen, free.shape[1])
    coarse = ((row - here[0]) * scale, (col - here[1]) * scale)
    return _refined(filling, _Fit(frame, ring, inside), coarse, scale)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """A piece on the box around it, and the pixels along its rim that have to fit."""

    frame: Box
    ring: Mask
    inside: Mask


def _refined(filling: Filling, fit: _Fit, coarse: tuple[int, int], scale: int) -> tuple[int, int]:
    """Move a coarse shift by up to a cell so that textures are in phase."""
    if scale == 1:
        return coarse
    frame = fit.frame
    rows, cols = np.nonzero(fit.ring)
    if rows.size == 0:
        return coarse
    keep = np.linspace(0, rows.size - 1, min(rows.size, 400)).astype(np.intp)
    rows, cols = rows[keep] + frame.top, cols[keep] + frame.left
    row_in, col_in = np.nonzero(fit.inside)
    some = np.linspace(0, row_in.size - 1, min(row_in.size, 600)).astype(np.intp)
    whole = (row_in[some], col_in[some])
    levels = filling.grey
    height, width = filling.known.shape
    best, least = coarse, None
    for down in range(-scale + 1, scale):
        for right in range(-scale + 1, scale):
            step = (coarse[0] + down, coarse[1] + right)
            row, col = whole[0] + frame.top + step[0], whole[1] + frame.left + step[1]
            if row[0] < 0 or col.min() < 0 or row[-1] >= height or col.max() >= width:
                continue
            if not filling.source[row, col].all():
                continue
            there = (
                np.clip(rows + step[0], 0, height - 1),
                np.clip(cols + step[1], 0, width - 1),
            )
            misfit = int(((levels[there] - levels[rows, cols]) ** 2).sum())
            if least is None or misfit < least:
                best, least = step, misfit
    return best


def _smooth(filling: Filling, piece: Mask, box: Box) -> None:
    """Fill a small piece that nothing fits by what lies along its rim."""
    frame = box.grown(2, filling.known.shape)
    inside = piece[frame.slices]
    around = cv2.dilate(inside.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rim = around & filling.known[frame.slices]
    target = filling.picture[frame.slices]
    if rim.any():
        target[inside] = membrane(target, rim, inside)[inside]
    else:
        target[inside] = filling.picture[filling.source].mean(axis=0)
    filling.grey[piece] = _levels(target)[inside]
    filling.known[piece] = True


def _copy(filling: Filling, piece: Mask, box: Box, step: tuple[int, int]) -> None:
    """Copy a piece from a shifted place and spread what does not fit along its rim."""
    height, width = filling.known.shape
    frame = box.grown(2, filling.known.shape)
    inside = piece[frame.slices]
    rows = np.clip(np.arange(frame.top, frame.bottom) + step[0], 0, height - 1)
    cols = np.clip(np.arange(frame.left, frame.right) + step[1], 0, width - 1)
    copied = filling.picture[np.ix_(rows, cols)]
    around = cv2.dilate(inside.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    usable = filling.source[np.ix_(rows, cols)] & filling.known[frame.slices]
    rim = around & ~inside & usable
    target = filling.picture[frame.slices]
    if rim.any():
        misfit = target - copied
        # Where a copy does not fit at all, an edge looks better than a smear.
        most = 3 * np.median(np.abs(misfit[rim])) + np.float32(LEAST_OFFSET)
        offset = membrane(np.clip(misfit, -most, most), rim, inside)
        copied = np.clip(copied + offset, 0, 1)
    target[inside] = copied[inside]
    filling.grey[piece] = _levels(copied)[inside]
    filling.known[piece] = True


def membrane(values: Float32, rim: Mask, inside: Mask) -> Float32:
    """Spread values from a rim over the inside, (h, w, C) float32, 0 elsewhere.

    Pull and push over a pyramid [1]_: each level averages what is known, then fills what is
    unknown from the next coarser one. The result is as smooth as the membrane of Poisson cloning
    and costs a few passes.

    Parameters
    ----------
    values : (h, w, C) float32
        Used on the rim only.
    rim, inside : (h, w) bool
        The rim has at least one pixel.

    References
    ----------
    .. [1] S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, pull-push.
    """
    weight = rim.astype(np.float32)
    known = values * weight[..., None]
    spread = _pulled(known, weight)
    return spread * inside[..., None].astype(np.float32)


def _pulled(known: Float32, weight: Float32) -> Float32:
    """Return values everywhere from weighted values (already multiplied by their weight)."""
    height, width = weight.shape
    share = np.minimum(weight, 1)
    if max(height, width) <= 2:
        total = max(float(weight.sum(dtype=np.float64)), 1e-6)
        mean = known.sum(axis=(0, 1), dtype=np.float64) / total
        return np.broadcast_to(mean.astype(np.float32), known.shape).copy()
    rows, cols = (height + 1) // 2, (width + 1) // 2
    coarse = _pulled(_halved(known, rows, cols), _halved(weight[..., None], rows, cols)[..., 0])
    full = cv2.resize(coarse, (2 * cols, 2 * rows), interpolation=cv2.INTER_LINEAR)
    filled = np.asarray(full, dtype=np.float32).reshape(2 * rows, 2 * cols, -1)[:height, :width]
    own = known / np.maximum(weight, np.float32(1e-6))[..., None]
    return np.asarray(filled + share[..., None] * (own - filled), dtype=np.float32)


def _halved(array: Float32, rows: int, cols: int) -> Float32:
    """Sum 2 x 2 cells; odd sides are padded with nothing."""
    padded = np.zeros((2 * rows, 2 * cols, array.shape[2]), dtype=np.float32)
    padded[: array.shape[0], : array.shape[1]] = array
    down = padded[0::2] + padded[1::2]
    return np.asarray(down[:, 0::2] + down[:, 1::2], dtype=np.float32)


def _summed(mask: Mask, scale: int) -> Levels:
    """Count the True pixels of each cell; cells over the border count what is there."""
    height, width = mask.shape
    rows = np.add.reduceat(mask.astype(np.int64), np.arange(0, height, scale), axis=0)
    return np.asarray(np.add.reduceat(rows, np.arange(0, width, scale), axis=1), dtype=np.int64)


def _levels(picture: Float32) -> Levels:
    return np.rint(channel_mean(picture) * np.float32(GREY)).astype(np.int64)


def _cells(grey: Levels, scale: int) -> Levels:
    """Return the mean level of each cell, rounded."""
    rows = np.add.reduceat(grey, np.arange(0, grey.shape[0], scale), axis=0)
    cells = np.add.reduceat(rows, np.arange(0, grey.shape[1], scale), axis=1)
    return np.asarray(cells // scale**2, dtype=np.int64)
