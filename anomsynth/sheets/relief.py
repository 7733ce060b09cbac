"""Pictures of a relief for sheets: as it is lit from the side, and its height as colour."""

import cv2
import numpy as np

from anomsynth.core.display import Rgb, scaled
from anomsynth.core.types import Box, Float32
from anomsynth.relief.shading import shaded

ENDS = (0.5, 99.5)  # percentiles of the heights that the colours span
LEVEL = 50.0  # percentile of the distances from a plane that count as close to it
ROUNDS = 4


def relief_tiles(
    raised: Float32, mm_per_px: float, spot: Box, tile_px: int
) -> tuple[Rgb, Rgb, str]:
    """Draw a relief.

    Parameters
    ----------
    raised : (H, W) float32, millimeters
        How near each place is to the sensor; NaN where nothing was measured, which is black.
    mm_per_px : float
    spot : Box
        What the second picture shows.
    tile_px : int
        Longer side of both.

    Returns
    -------
    lit : (h, w, 3) uint8 RGB
        All of it, in light from the upper left.
    colours : (h, w, 3) uint8 RGB
        The heights within `spot` over the plane that most of it lies in, low ones dark blue, high
        ones yellow.
    span : str
        From what to what height the colours go.
    """
    lit = np.repeat(shaded(raised, mm_per_px), 3, axis=2)
    heights = over_plane(raised[spot.slices])
    known = np.isfinite(heights)
    low, high = np.percentile(heights[known], ENDS) if known.any() else (0.0, 0.0)
    share = (np.nan_to_num(heights) - low) / max(float(high - low), 1e-9)
    levels = np.rint(255 * share.clip(0, 1)).astype(np.uint8)
    colours = np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), np.uint8)[..., ::-1]
    colours = np.where(known[..., None], colours, np.uint8(0))
    whole = Box(0, 0, *raised.shape)
    zoom = Box(0, 0, *heights.shape)
    span = f"{low:+.3g} to {high:+.3g} mm"
    return scaled(lit, whole, tile_px), scaled(colours, zoom, tile_px), span


def over_plane(raised: Float32) -> Float32:
    """Return heights over the plane that the middle half of a relief lies in; NaN stays NaN."""
    rows, cols = np.nonzero(np.isfinite(raised))
    if rows.size < 3:
        return raised
    place = np.stack([rows, cols, np.ones(rows.size)], axis=1)
    level = raised[rows, cols].astype(np.float64)
    close = np.ones(rows.size, dtype=np.bool_)
    plane = np.zeros(3)
    for _ in range(ROUNDS):
        plane = np.asarray(np.linalg.lstsq(place[close], level[close], rcond=None)[0])
        off = np.abs(level - place @ plane)
        close = off <= np.percentile(off, LEVEL)
    heights = np.full(raised.shape, np.nan, dtype=np.float32)
    heights[rows, cols] = level - place @ plane
    return heights
