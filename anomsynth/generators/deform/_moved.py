"""A piece of the part somewhere else: it covers what it lies on and bares what was behind it."""

from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.pixels import look_up, on_channels, over_channels
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.surface.behind import check_room, ground_without, light_behind
from anomsynth.surface.shadow import shadow_reach

SHADE = 0.2  # of the part's light: what shows where the picture has no background
LEAST_SHADE = 0.01  # by which a shadow changes the light; less is none
LEAST = 2e-3  # linear light; smaller changes are none


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """Light of a box with the piece at its new place, (h, w, C), and where it differs, (h, w)."""

    light: Float32
    changed: Mask


def show_moved(
    surface: Surface, box: Box, piece: Mask, source: tuple[Float32, Float32], valid: Mask
) -> Moved:
    """Compose a piece that moved.

    Parameters
    ----------
    surface : Surface
    box : Box
        Contains the piece before and after.
    piece : (h, w) bool
        The piece where it was.
    source : (rows, cols), each (h, w) float32
        What is seen at a pixel now was there before; pixels of the box.
    valid : (h, w) bool
        Where `source` says anything.

    Raises
    ------
    PlacementError
        If it would reach beyond where defects may go.
    """
    before = surface.linear(box)
    body = surface.foreground[box.slices] & ~piece
    # Blurred at the part's outline alone: where the piece joins the rest there is no seam.
    soft, whole = (
        np.asarray(cv2.blur(area.astype(np.float32), (3, 3)), dtype=np.float32)
        for area in (piece, piece | body)
    )
    cv2.copyTo(whole, piece.view(np.uint8), soft)
    rows, cols = (np.where(valid, part, -9).astype(np.float32) for part in source)
    share = look_up(soft, rows, cols, cv2.INTER_LINEAR) * valid
    check_room(surface, box, piece, share > 0)
    reach = shadow_reach(surface)
    behind = light_behind(surface, box, piece, reach)
    if behind is None:
        part = surface.foreground[box.slices]
        mean = before[part].mean(axis=0) if part.any() else before.mean(axis=(0, 1))
        behind = np.broadcast_to(np.float32(SHADE) * mean, before.shape).astype(np.float32)
    moved = np.clip(look_up(before, rows, cols, cv2.INTER_CUBIC), 0, 1)
    ground = ground_without(surface, box, piece, behind, reach)
    light = ground.light
    # Shadow and halo come along with the piece.
    shade = look_up(ground.shade, rows, cols, cv2.INTER_LINEAR)
    cast = valid & ~body & (over_channels(np.maximum, np.abs(shade - 1)) > LEAST_SHADE)
    cv2.copyTo(light * shade, cast.view(np.uint8), light)
    moved -= light
    moved *= on_channels(share, surface.channels)
    light += moved
    largest = over_channels(np.maximum, np.abs(light - before))
    return Moved(light, largest > LEAST)
