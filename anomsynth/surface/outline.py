"""The outline of a part, placed to fractions of a pixel between the colours of its two sides."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.pixels import over_channels
from anomsynth.core.types import Float32, Mask
from anomsynth.surface.backdrop import smoothed
from anomsynth.surface.flood import FAINT, coded, grown, local_mean, shrunk

AREA_LEFT = (0.6, 1.5)  # share of a coarse part that is left where its outline was placed finely


def place_outline(part: Mask, colours: Float32) -> Float32:
    """Place a coarse outline between the colours of its two sides.

    Parameters
    ----------
    part : (h, w) bool, coarse
    colours : (H, W, C) float32, L*a*b* or L*, finer

    Returns
    -------
    (H, W) float32 in [0, 1], above a half on the part
    """
    shape = colours.shape[0], colours.shape[1]
    zoom = shape[0] / part.shape[0]
    enlarged = np.asarray(
        cv2.resize(part.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR),
        dtype=np.float32,
    )
    if not part.any():
        return enlarged
    field = enlarged
    coarse = np.asarray(
        cv2.resize(colours, part.shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32
    ).reshape(*part.shape, colours.shape[2])
    seen = smoothed(colours, 0.7)
    reach = max(round(2 * zoom), 2)
    for _ in range(2):  # the second time from better sides
        here = field > 0.5
        small = cv2.resize(coded(here), part.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        inside, outside = shrunk(small, 1) > 0, grown(small, 1) == 0
        if not inside.any():
            break
        band = (grown(here, min(reach, 8)) > 0) & (shrunk(here, min(reach, 8)) == 0)
        place = np.flatnonzero(band)
        shown = seen.reshape(-1, seen.shape[2]).take(place, axis=0)
        cells = _cells(place, zoom, shape[1], part.shape)
        to_part, to_ground = (
            _distance_to_side(coarse, side, shown, cells) for side in (inside, outside)
        )
        field = here.astype(np.float32)
        known = np.isfinite(to_part) & np.isfinite(to_ground)
        field.ravel()[place[known]] = to_ground[known] / (to_part[known] + to_ground[known] + FAINT)
        field = np.asarray(
            cv2.GaussianBlur(field, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE),
            dtype=np.float32,
        )
    # Two sides of nearly one colour (a lens, a thin ring) do not tell where the outline is.
    left = int(np.count_nonzero(field > 0.5)) / max(int(np.count_nonzero(enlarged > 0.5)), 1)
    return field if AREA_LEFT[0] < left < AREA_LEFT[1] else enlarged


def _cells(
    place: NDArray[np.intp], zoom: float, width: int, coarse: tuple[int, ...]
) -> NDArray[np.intp]:
    """Return the flat positions in a coarse picture of those in one as many times finer."""
    rows, cols = (
        np.rint(at / zoom - 0.25).clip(0, length - 1).astype(np.intp)
        for at, length in zip(np.divmod(place, width), coarse, strict=True)
    )
    return rows * coarse[1] + cols


def _distance_to_side(
    coarse: Float32, side: Mask, seen: Float32, cells: NDArray[np.intp]
) -> Float32:
    """Return how far (N, C) colours are from those of a side near them; infinite if it is far."""
    mean, share = local_mean(coarse, side)
    difference = seen - mean.reshape(-1, mean.shape[2]).take(cells, axis=0)
    difference *= difference
    far = np.sqrt(over_channels(np.add, difference))
    return np.where(share.take(cells) > 1e-4, far, np.float32(np.inf))
