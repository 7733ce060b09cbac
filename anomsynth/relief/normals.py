"""Normals of organised scans, from the tangents along rows and columns."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

REACH = 2  # pixels on each side over which tangents are averaged
JUMP = 4.0  # neighbours that are as many median steps apart lie on different surfaces


def organised_normals(
    points: Float32, facing: tuple[float, float, float], reach: int = REACH
) -> Float32:
    """Return unit normals of an organised scan, towards the sensor.

    Tangents are central differences, averaged over the square of ``2 reach + 1`` pixels; steps
    from one surface to another (`JUMP`) are no tangents. The normal is their cross product. On a
    sphere and on a cylinder the averages of both tangents are tangents of the middle, so that
    smoothing does not tilt the normal; where the square is not whole only next neighbours count.

    Parameters
    ----------
    points : (H, W, 3) float32
        NaN where nothing was measured.
    facing : (float, float, float)
        Unit vector towards the sensor.
    reach : int
        >= 0.

    Returns
    -------
    (H, W, 3) float32; NaN where nothing was measured. A point without neighbours faces the sensor.

    Examples
    --------
    >>> rows, cols = np.mgrid[:5, :5].astype(np.float32)
    >>> tilted = np.dstack([cols, rows, cols])  # z grows with x as fast
    >>> organised_normals(tilted, (0, 0, -1))[2, 2, [0, 2]].round(3)
    array([ 0.707, -0.707], dtype=float32)
    """
    valid: Mask = np.isfinite(points[..., 2])
    solid = np.where(valid[..., None], points, np.float32(0))
    down = _tangents(solid, valid, 0, reach)
    across = _tangents(solid, valid, 1, reach)
    normals = _cross(across, down)
    length = np.sqrt(np.einsum("ijk,ijk->ij", normals, normals))
    towards = np.asarray(facing, dtype=np.float32)
    known = length > 0
    sign = np.where(normals @ towards < 0, np.float32(-1), np.float32(1))
    normals *= (sign / np.where(known, length, np.float32(1)))[..., None]
    normals[~known] = towards
    normals[~valid] = np.nan
    return normals


def _tangents(solid: Float32, valid: Mask, axis: int, reach: int) -> Float32:
    """Return the mean step along an axis around each pixel, 0 where there is none."""
    ahead, behind = _shifted(axis)
    step = np.zeros_like(solid)
    there = np.zeros(valid.shape, dtype=np.bool_)
    np.subtract(solid[ahead], solid[behind], out=step[behind])
    there[behind] = valid[ahead] & valid[behind]
    squared = np.einsum("ijk,ijk->ij", step, step)
    if there.any():
        there &= squared <= np.float32(JUMP**2) * np.median(
            squared[there][:: max(there.size >> 14, 1)]
        )
    step *= there[..., None]
    wide = _summed(step, axis, reach)
    # Where steps are missing on one side, the mean would be a tangent beside the pixel.
    whole = _summed(there.astype(np.float32), axis, reach) > (2 * reach + 1) * (2 * reach + 2) - 0.5
    return np.where(whole[..., None], wide, _summed(step, axis, 0))


def _summed(step: Float32, axis: int, reach: int) -> Float32:
    """Return sums over a square around each pixel of the steps from one pixel to the next."""
    # A step belongs to both of its pixels: two boxes, one pixel apart.
    side = 2 * reach + 1
    size = (side, side + 1) if axis == 0 else (side + 1, side)
    anchor = (reach, reach + 1) if axis == 0 else (reach + 1, reach)
    summed = cv2.boxFilter(
        step, -1, size, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(summed, dtype=np.float32).reshape(step.shape)


def _shifted(axis: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the indices of all pixels but the first, and but the last, along an axis."""
    whole, ahead, behind = slice(None), slice(1, None), slice(None, -1)
    return ((ahead, whole), (behind, whole)) if axis == 0 else ((whole, ahead), (whole, behind))


def _cross(first: Float32, second: Float32) -> Float32:
    """Return the cross product of vectors along the last axis, faster than numpy's."""
    out: NDArray[np.float32] = np.empty_like(first)
    for axis in range(3):
        following, last = (axis + 1) % 3, (axis + 2) % 3
        out[..., axis] = first[..., following] * second[..., last]
        out[..., axis] -= first[..., last] * second[..., following]
    return out
