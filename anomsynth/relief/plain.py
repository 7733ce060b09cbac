"""Points of a plain cloud move as drawn on its map, each defect on the plane of its own place."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask
from anomsynth.relief.change import Displaced, Owners, SurfaceChange, differing, measured_on
from anomsynth.relief.chart import ALL, Chart, flat_cells, interpolated
from anomsynth.relief.displace import HALF
from anomsynth.relief.sensor import MAD, Sensor, shadowed, slope_cosine

MOST_TURN = 1.4  # radians between normals up to which lengths of arcs are told
Cells = NDArray[np.intp]
SINGLE = 2  # points of a cell from which their spread is told


def displace_cloud(
    chart: Chart, change: SurfaceChange, sensor: Sensor, rng: np.random.Generator
) -> Displaced:
    """Move the points of a plain cloud as defects do, along their normals.

    A defect is drawn flat. Each connected piece of it is laid on the tangent plane at its middle,
    and lengths along the surface are those of arcs there, so that it is as large in mm on a slope
    as it is on the level, and not stretched as the map of the cloud is.

    Parameters
    ----------
    chart : Chart
    change : SurfaceChange
        On the map's rows and columns.
    sensor : Sensor
        From `measure_cloud_sensor`, or `Sensor()`. Footprints are not mixed: points are few.
    rng : Generator
        Draws the noise that steep walls have more.

    Returns
    -------
    Displaced
        `written_points` leaves out those that are lost.

    Raises
    ------
    ValueError
        If the change has another size than the map.

    Notes
    -----
    With t the place of a point on the tangent plane, u the direction in which its normal leans
    and theta by how much, its place on the surface is ``t + u (t . u) (theta / sin(theta) - 1)``:
    exact on spheres and cylinders, whose geodesics are arcs.
    """
    if change.support.shape != chart.shape:
        msg = f"change of {change.support.shape} on a map of {chart.shape}"
        raise ValueError(msg)
    points = chart.scan.points.copy()
    labels = np.zeros(len(points), dtype=np.uint16)
    along = np.zeros(len(points), dtype=np.float32)
    lost = np.zeros(len(points), dtype=np.bool_)
    dark = _unseen(chart, change, sensor)
    for owner, cells in _pieces(change):
        index, places = _laid(chart, cells)
        free = labels[index] == 0
        _move(chart, change, (index[free], places[free]), (points, along, lost))
        labels[index[free]] = owner
    touched = np.flatnonzero(labels)
    _finish(chart, touched, (points, along, lost), (sensor, dark, rng))
    before = chart.scan.points
    mask: Mask = np.zeros(len(points), dtype=np.bool_)
    mask[touched] = differing(points[touched], before[touched])
    labels[~mask] = 0
    lost &= mask
    beside = _beside(chart, labels, lost)
    measured = measured_on(along[mask & ~lost], lost, sensor.noise_mm)
    return Displaced(chart.scan.with_points(points), mask, labels, lost, measured, beside)


def measure_cloud_sensor(chart: Chart, part: Mask | None = None) -> Sensor:
    """Return the sensor of a plain cloud: its noise, as far as points of a cell tell it.

    Points lie off the plane through the mean of their cell; of n of them the squares of the
    residuals are ``1 - 1 / n`` of the variance. What the sensor cannot see is no point of the
    cloud, so nothing tells its angle.

    Parameters
    ----------
    chart : Chart
    part : (H, W) bool, optional
        Cells in which it is measured.
    """
    index = np.flatnonzero(chart.visible)
    cells = flat_cells(chart.places[index], chart.shape)
    counts = np.bincount(cells, minlength=chart.shape[0] * chart.shape[1])[cells]
    told = counts >= SINGLE
    if part is not None:
        told &= part.ravel()[cells]
    if not told.any():
        return Sensor()
    index, cells, counts = index[told], cells[told], counts[told]
    mean, normal = chart.grid.reshape(-1, 3)[cells], chart.grid_normals.reshape(-1, 3)[cells]
    away = chart.framed(index) - mean
    off = np.abs((away * normal).sum(axis=1)) / np.sqrt(1 - 1 / counts)
    return Sensor(noise_mm=MAD * float(np.nanmedian(off)))


def _pieces(change: SurfaceChange) -> Iterator[tuple[int, Cells]]:
    """Yield the connected pieces of the support: their owner, and their rows and columns."""
    numbers = change.numbers
    count, pieces, boxes, _ = cv2.connectedComponentsWithStats(change.support.view(np.uint8))
    for piece, (left, top, width, height, _) in enumerate(np.asarray(boxes).tolist()):
        if not 0 < piece < count:
            continue
        here = (slice(top, top + height), slice(left, left + width))
        inside = np.asarray(pieces)[here] == piece
        for owner in np.unique(numbers[here][inside]).tolist():
            cells = np.argwhere(inside & (numbers[here] == owner))
            yield owner, cells + np.array([top, left])


def _laid(chart: Chart, cells: Cells) -> tuple[NDArray[np.intp], Float32]:
    """Return the points that a piece of a defect covers, and their places in it, (n, 2)."""
    off = ((cells - cells.mean(axis=0)) ** 2).sum(axis=1)
    middle = cells[np.argmin(off)]
    reach = math.ceil(float(np.sqrt(((cells - middle) ** 2).sum(axis=1).max()))) + 1
    row, col = (int(place) for place in middle)
    index = chart.points_in((row - reach, row + reach), (col - reach, col + reach))
    if not index.size:
        return index, np.empty((0, 2), np.float32)
    places = _along_surface(chart, index, (row, col))
    corner = cells.min(axis=0)
    covered = np.zeros(cells.max(axis=0) - corner + 1, dtype=np.bool_)
    covered[tuple((cells - corner).T)] = True
    nearest = np.rint(places).astype(np.intp) - corner
    within: Mask = np.asarray(((nearest >= 0) & (nearest < covered.shape)).all(axis=1))
    within[within] = covered[tuple(nearest[within].T)]
    return index[within], places[within]


def _along_surface(chart: Chart, index: NDArray[np.intp], middle: tuple[int, int]) -> Float32:
    """Return the places of points as lengths along the surface from a cell, (n, 2) cells."""
    normal = chart.grid_normals[middle].astype(np.float64)
    centre = chart.grid[middle].astype(np.float64)
    if not np.isfinite(normal).all():
        return chart.places[index]
    right = np.array([1.0, 0, 0]) - normal[0] * normal
    right /= np.linalg.norm(right)
    down = np.cross(normal, right)
    away = chart.framed(index) - centre
    flat = np.stack([away @ down, away @ right], axis=1)
    leaning = chart.normals_at(index) @ chart.frame.T
    lean = np.stack([leaning @ down, leaning @ right], axis=1)
    sine = np.linalg.norm(lean, axis=1)
    turn = np.minimum(np.arctan2(sine, leaning @ normal), MOST_TURN)
    known = sine > 1e-6
    u = np.where(known[:, None], lean / np.where(known, sine, 1)[:, None], 0)
    longer = np.where(known, turn / np.sin(np.where(known, turn, 1)) - 1, 0)
    flat += u * ((flat * u).sum(axis=1) * longer)[:, None]
    # Where the piece's middle lies within its cell: the map's cells and the surface's agree there.
    start = centre[[1, 0]] / chart.mm_per_px
    return np.asarray(start + flat / chart.mm_per_px, dtype=np.float32)


def _move(
    chart: Chart,
    change: SurfaceChange,
    laid: tuple[NDArray[np.intp], Float32],
    out: tuple[Float32, Float32, Mask],
) -> None:
    """Move points by the height that is drawn where they lie, in place."""
    index, places = laid
    points, along, lost = out
    if not index.size:
        return
    rows, cols = places.T
    height = interpolated(change.height, rows, cols)
    along[index] = height
    points[index] += height[:, None] * chart.normals_at(index)
    if change.void is None:
        return
    share = interpolated(change.void, rows, cols)
    behind = np.full(share.shape, np.nan, np.float32)
    if change.behind is not None:
        behind = interpolated(change.behind, rows, cols)
    towards = np.asarray(chart.frame[2], dtype=np.float32)
    away = behind - (points[index] @ towards - chart.corner[2])
    known = np.isfinite(away)
    points[index] += np.where(known, share * away, 0)[:, None] * towards
    lost[index] |= ~known & (share >= HALF)


def _beside(chart: Chart, labels: Owners, lost: Mask) -> Mask:
    """Return which points are left in the cells of lost ones and around; give them their number."""
    beside: Mask = np.zeros(len(labels), dtype=np.bool_)
    if not lost.any():
        return beside
    owners = np.zeros(chart.shape, dtype=np.uint16)
    owners.ravel()[flat_cells(chart.places[lost], chart.shape)] = labels[lost]
    around = np.asarray(cv2.dilate(owners, ALL)).ravel()
    index = np.flatnonzero(chart.visible & ~lost)
    found = around[flat_cells(chart.places[index], chart.shape)]
    beside[index] = found > 0
    labels[index] = np.where(labels[index] > 0, labels[index], found)
    return beside


def _unseen(chart: Chart, change: SurfaceChange, sensor: Sensor) -> Mask:
    """Return the cells that the projector does not reach any more, (H, W) bool."""
    if sensor.triangulation_deg <= 0 or not change.support.any():
        return np.zeros(chart.shape, dtype=np.bool_)
    lean = np.maximum(chart.grid_normals[..., 2], 0.2)
    height = np.where(change.support, change.height, 0) / lean
    tallest = float(np.ptp(np.append(height[np.isfinite(height)], 0)))
    old = chart.raised
    new = (old + height).astype(np.float32)
    side = chart.mm_per_px
    return shadowed(new, side, sensor, tallest) & ~shadowed(old, side, sensor, tallest)


def _finish(
    chart: Chart,
    touched: NDArray[np.intp],
    out: tuple[Float32, Float32, Mask],
    rest: tuple[Sensor, Mask, np.random.Generator],
) -> None:
    """Let the sensor lose and roughen points that moved, in place."""
    points, _, lost = out
    sensor, dark, rng = rest
    cells = flat_cells(chart.places[touched], chart.shape)
    lost[touched] |= dark.ravel()[cells]
    if sensor.noise_mm > 0 or sensor.steepest_deg < 90:
        cosines = []
        for now in (chart.scan.points, points):
            raised = chart.raised.copy()
            step = ((now[touched] - chart.scan.points[touched]) @ chart.frame[2]).astype(np.float32)
            raised.ravel()[cells] += step
            cosines.append(slope_cosine(raised, chart.mm_per_px).ravel()[cells])
        old, new = cosines
        wall = math.cos(math.radians(sensor.steepest_deg))
        lost[touched] |= (new < wall) & (new < old)
        more = np.sqrt(np.maximum(1 / np.maximum(new, 0.2) ** 2 - 1 / np.maximum(old, 0.2) ** 2, 0))
        noise = np.float32(sensor.noise_mm) * more * rng.standard_normal(touched.size, np.float32)
        points[touched] += noise[:, None] * np.asarray(chart.frame[2], dtype=np.float32)
    points[touched[lost[touched]]] = np.nan
