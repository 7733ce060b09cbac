"""Dark margins: strips along the border of the picture where the part ends just before it."""

import cv2
import numpy as np

from anomsynth.core.types import Float32, Mask

REACH = 0.1  # share of the picture's side in which a margin may end
DARK = 0.4  # most light of a margin, as a share of the part's light beside it
LINES = 0.5  # share of the side's lines that must show the margin
STEP_PX = 5  # most pixels from a quarter to three quarters of the way up to the part's light
GAP = 0.1  # longest gap between lines that show the margin, as a share of the side
RAGGED_PX = 1.5  # most a line's end may differ from its neighbours'


def find_margins(light: Float32) -> Float32 | None:
    """Return a (h, w) field in [0, 1], below a half on dark margins, None if there are none.

    Every line across a side is read from the border inwards; it shows a margin if it starts dark
    and steps up to the part within a few pixels. Enough lines must agree on a smooth outline.

    Parameters
    ----------
    light : (h, w) float32, grey levels
    """
    field = np.ones(light.shape, dtype=np.float32)
    for turns in range(4):
        # A rotated view of both: what is written to it lands in the field.
        _cut_left(np.rot90(light, turns), np.rot90(field, turns))
    return field if float(field.min()) < 0.5 else None


def _cut_left(light: Float32, field: Float32) -> None:
    """Lower the field on the margin at the left side."""
    reach = int(REACH * light.shape[1])
    if reach < 6 or light.shape[0] < 12:
        return
    lines = np.ascontiguousarray(light[:, : 2 * reach])
    beside = lines[:, reach // 2 :].mean(axis=1, keepdims=True)
    inner = np.asarray(cv2.blur(beside, (1, 5)), dtype=np.float32)
    outer = np.asarray(cv2.blur(lines[:, :1], (1, 5)), dtype=np.float32)
    if np.mean(outer < DARK * inner) < LINES:
        return
    lines = np.asarray(cv2.blur(lines, (1, 5)), dtype=np.float32)
    position = (lines - outer) / np.maximum(inner - outer, np.float32(1e-6))
    start, ends, stop = (first_above(position, level) for level in (0.25, 0.5, 0.75))
    shows = (outer[:, 0] < DARK * inner[:, 0]) & (ends <= reach) & (stop - start <= STEP_PX)
    ends = np.where(shows, ends, 0).astype(np.float32)
    smooth = np.asarray(cv2.medianBlur(ends[:, None], 5), dtype=np.float32)[:, 0]
    shows &= np.abs(ends - smooth) <= RAGGED_PX
    if np.mean(shows) < LINES:
        return
    depth = np.arange(reach + 2, dtype=np.float32)[None, :]
    edge = cv2.blur(_bridge(smooth, shows)[:, None], (1, 3))
    cut = np.clip(depth - edge + np.float32(0.5), 0, 1)
    view = field[:, : reach + 2]
    np.minimum(view, cut, out=view)


def _bridge(ends: Float32, shows: Mask) -> Float32:
    """Let the outline run on over short gaps between lines that show the margin."""
    lines = np.arange(len(ends))
    known = lines[shows]
    after = np.searchsorted(known, lines)
    gap = known[np.minimum(after, known.size - 1)] - known[np.maximum(after - 1, 0)]
    inside = (after > 0) & (after < known.size) & (gap <= GAP * len(ends))
    bridged = np.interp(lines, known, ends[shows])
    return np.where(shows | inside, bridged, 0).astype(np.float32)


def first_above(lines: Float32, level: float) -> Float32:
    """Return where each line first exceeds a level, between pixels.

    Parameters
    ----------
    lines : (N, L) float32
    level : float

    Returns
    -------
    (N,) float32, pixels from the line's first, in [0, L - 1]; L where it never does
    """
    above: Mask = lines > level
    index = above.argmax(axis=1)
    rows = np.arange(len(lines))
    before = lines[rows, np.maximum(index - 1, 0)]
    here = lines[rows, index]
    share = np.where(here > before, (level - before) / np.where(here > before, here - before, 1), 0)
    place = np.where(index > 0, index - 1 + share, 0)
    return np.where(above.any(axis=1), place, lines.shape[1]).astype(np.float32)
