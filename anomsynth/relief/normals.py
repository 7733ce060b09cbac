"""Normals of organised scans, from the tangents along rows and columns."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

REACH = 2  # pixels on each side over which tangents are averaged
WHOLE = 0.75  # share of the steps of a square that must be known
BAND = 1 << 16  # pixels that are worked on at a time
LINES = 64  # rows and columns on which steps are measured
JUMP = 4.0  # neighbours that are as many median steps apart lie on different surfaces


def organised_normals(
    points: Float32, facing: tuple[float, float, float], reach: int = REACH
) -> Float32:
    """Return unit normals of an organised scan, towards the sensor.

    Tangents are central differences, averaged over the square of ``2 reach + 1`` pixels; steps
    from one surface to another (`JUMP`) are no tangents. The normal is their cross product. On a
    sphere and on a cylinder the averages of both tangents are tangents of the middle, so that
    smoothing does not tilt the normal; where a quarter of the square is missing only next
    neighbours count.

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
    limits = _longest_step(points, 0), _longest_step(points, 1)
    towards = np.asarray(facing, dtype=np.float32)
    normals = np.empty_like(points)
    height = len(points)
    rows = max(BAND // max(points.shape[1], 1), 1)
    for top in range(0, height, rows):  # what a processor has at hand is three times as fast
        bottom = min(top + rows, height)
        first, last = max(top - reach - 1, 0), min(bottom + reach + 1, height)
        own = slice(top - first, bottom - first)
        normals[top:bottom] = _normals(points[first:last], own, (limits, reach, towards))
    return normals


def _normals(
    points: Float32, own: slice, rest: tuple[tuple[float, float], int, Float32]
) -> Float32:
    """Return the normals of some rows of a band of points."""
    limits, reach, towards = rest
    valid: Mask = np.isfinite(points[..., 2])
    solid = points if valid.all() else np.where(valid[..., None], points, np.float32(0))
    down = _tangents(solid, valid, (0, limits[0], reach), own)
    across = _tangents(solid, valid, (1, limits[1], reach), own)
    normals = _cross(across, down)
    length = np.sqrt(np.einsum("ijk,ijk->ij", normals, normals))
    known = length > 0
    length[~known] = 1
    np.copyto(length, -length, where=normals @ towards < 0)
    normals /= length[..., None]
    normals[~known] = towards
    normals[~valid[own]] = np.nan
    return normals


def _tangents(
    solid: Float32, valid: Mask, axis_limit_reach: tuple[int, float, int], own: slice
) -> Float32:
    """Return the summed steps along an axis around each pixel of some rows, 0 where none is."""
    axis, limit, reach = axis_limit_reach
    ahead, behind = _shifted(axis)
    step = np.zeros_like(solid)
    there = np.zeros(valid.shape, dtype=np.bool_)
    np.subtract(solid[ahead], solid[behind], out=step[behind])
    there[behind] = valid[ahead] & valid[behind]
    there &= np.einsum("ijk,ijk->ij", step, step) <= np.float32(limit)
    if not there.all():
        step[~there] = 0
    wide = _summed(step, axis, reach)[own]
    # Where many steps are missing on one side, the mean would be a tangent beside the pixel.
    enough = WHOLE * (2 * reach + 1) * (2 * reach + 2)
    part = np.nonzero(_summed(there.astype(np.float32), axis, reach)[own] < enough)
    if part[0].size:
        before = part[0] + own.start - (axis == 0), part[1] - (axis == 1)
        near = step[part[0] + own.start, part[1]]
        inside = (before[0] >= 0) & (before[1] >= 0)
        near[inside] += step[before[0][inside], before[1][inside]]
        wide[part] = near
    return wide


def _longest_step(points: Float32, axis: int) -> float:
    """Return the square of the longest step within one surface."""
    lines = np.moveaxis(points, axis, 0)
    lines = lines[:, :: max(lines.shape[1] // LINES, 1)]
    step = lines[1:] - lines[:-1]
    squared = np.einsum("ijk,ijk->ij", step, step)
    squared = squared[np.isfinite(squared)]
    return JUMP**2 * float(np.median(squared)) if squared.size else 0.0


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
