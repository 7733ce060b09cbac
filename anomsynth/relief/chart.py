"""A plain cloud as a map: its points in the cells of a grid on its principal plane."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask
from anomsynth.errors import InputError
from anomsynth.relief.normals import organised_normals
from anomsynth.relief.principal import principal_axes
from anomsynth.relief.scan import Scan

CELL = 1.5  # spacings of the points: nine of ten cells of a random cloud hold a point then
MOST_CELLS = 1 << 26
HIDDEN = 4.0  # cells below the nearest point of a neighbourhood: another side of the part
FILL = 3  # of a cell's eight neighbours that must hold points for it to be inside the part
UP = (0.0, 0.0, 1.0)  # towards the sensor, in the frame of a chart
ALL = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, eq=False, repr=False)
class Chart:
    """A plain cloud, mapped.

    Attributes
    ----------
    scan : Scan
        The cloud.
    frame : (3, 3) float64
        Unit vectors along the columns of the map, along its rows, and towards the sensor, one a
        row, in the coordinates of the cloud.
    mm_per_px : float
        Side of a cell.
    corner : (3,) float32
        Least coordinates of the points in the frame; places on the map count from there.
    places : (N, 2) float32, cells
        Row and column of each point, 0 in the middle of the first cell; NaN where it is missing.
    visible : (N,) bool
        Points on the side of the sensor: others lie behind them and never move.
    grid : (H, W, 3) float32, millimeters
        Mean place of the visible points of each cell, in the frame, from the corner; where a cell
        within the part has none, of those around it; NaN beside the part.

    Examples
    --------
    >>> from anomsynth.relief.scan import Form
    >>> points = np.random.default_rng(0).uniform((0, 0, 5), (30, 20, 5), (4000, 3))
    >>> points = points.astype(np.float32)
    >>> chart = chart_of(Scan(points, Form("xyz", 1, "nan", points), facing=(0, 0, 1)))
    >>> bool(np.allclose(chart.normals[chart.visible], [0, 0, 1], atol=1e-3))
    True
    """

    scan: Scan
    frame: NDArray[np.float64]
    mm_per_px: float
    corner: Float32
    places: Float32
    visible: Mask
    grid: Float32

    def __repr__(self) -> str:
        """Return one line: how many points, on how many cells of what size."""
        size = " x ".join(str(side) for side in self.shape)
        return f"<Chart {size}: {len(self.places)} points, {self.mm_per_px:.3g} mm a cell>"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        return self.grid.shape[0], self.grid.shape[1]

    @cached_property
    def grid_normals(self) -> Float32:
        """Unit normals of the map in its frame, (H, W, 3) float32; NaN beside the part."""
        return organised_normals(self.grid, UP)

    @cached_property
    def raised(self) -> Float32:
        """How near the part is to the sensor in the middle of each cell, (H, W) float32, mm.

        Points of a cell lie off its middle; the plane of their normal leads there. NaN beside the
        part; zero has no meaning.
        """
        normals = self.grid_normals
        rows, cols = np.indices(self.shape, dtype=np.float32)
        off = np.stack([cols, rows], axis=2) * np.float32(self.mm_per_px) - self.grid[..., :2]
        lean = (normals[..., :2] * off).sum(axis=2) / np.maximum(normals[..., 2], 0.2)
        return np.asarray(self.grid[..., 2] - lean, dtype=np.float32)

    @cached_property
    def normals(self) -> Float32:
        """Unit normals of the points towards the sensor, (N, 3) float32; NaN where not visible."""
        found = np.full(self.scan.points.shape, np.nan, dtype=np.float32)
        found[self.visible] = self.normals_at(np.flatnonzero(self.visible))
        return found

    def framed(self, index: NDArray[np.intp]) -> Float32:
        """Return where points lie in the frame of the map, from its corner, (n, 3) float32."""
        turned = self.scan.points[index] @ self.frame.T.astype(np.float32)
        return np.asarray(turned - self.corner, dtype=np.float32)

    def normals_at(self, index: NDArray[np.intp]) -> Float32:
        """Return unit normals of some visible points in the coordinates of the cloud, (n, 3)."""
        rows, cols = self.places[index].T
        normals = interpolated(np.nan_to_num(self.grid_normals), rows, cols)
        length = np.sqrt((normals * normals).sum(axis=1, keepdims=True))
        none = length[:, 0] < 1e-6
        normals[none], length[none] = UP, 1
        return np.asarray((normals / length) @ self.frame, dtype=np.float32)

    @cached_property
    def _order(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Visible points by their cell, and where those of each cell begin."""
        seen = np.flatnonzero(self.visible)
        cells = flat_cells(self.places[seen], self.shape)
        order = seen[np.argsort(cells, kind="stable")]
        counts = np.bincount(cells, minlength=self.shape[0] * self.shape[1])
        return order, np.concatenate([[0], np.cumsum(counts)])

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """How many visible points each cell holds, (H, W)."""
        return np.asarray(np.diff(self._order[1]).reshape(self.shape))

    def averaged(self, values: Float32) -> Float32:
        """Return the means of the visible points' values in each cell, NaN beside the part.

        Parameters
        ----------
        values : (N, 3) float32

        Returns
        -------
        (H, W, 3) float32
        """
        index = np.flatnonzero(self.visible)
        cells = flat_cells(self.places[index], self.shape)
        return _filled(_means(values[index], cells, self.shape))

    def points_in(self, rows: tuple[int, int], cols: tuple[int, int]) -> NDArray[np.intp]:
        """Return the visible points in a box of cells, first and last included, as indices."""
        order, starts = self._order
        first, last = max(cols[0], 0), min(cols[1], self.shape[1] - 1)
        lines = np.arange(max(rows[0], 0), min(rows[1], self.shape[0] - 1) + 1) * self.shape[1]
        if last < first:
            return np.empty(0, dtype=np.intp)
        pieces = [order[starts[line + first] : starts[line + last + 1]] for line in lines]
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.intp)

    def rasterised(self, marked: Mask) -> Mask:
        """Return the cells that hold marked points, (H, W) bool, closed over cells without any.

        Parameters
        ----------
        marked : (N,) bool
        """
        there = marked & np.isfinite(self.places[:, 0])
        cells = np.zeros(self.shape, dtype=np.uint8)
        cells.ravel()[flat_cells(self.places[there], self.shape)] = 1
        empty = ~np.isfinite(self.grid[..., 2])
        closed = np.asarray(cv2.morphologyEx(cells, cv2.MORPH_CLOSE, ALL)) > 0
        others = np.zeros(self.shape, dtype=np.bool_)
        rest = self.visible & ~marked
        others.ravel()[flat_cells(self.places[rest], self.shape)] = True
        return np.asarray((cells > 0) | (closed & ~others & ~empty))


def charted(chart: Chart, scan: Scan) -> Chart:
    """Return a chart with what another cloud has in its cells; points of the first keep theirs.

    Parameters
    ----------
    chart : Chart
    scan : Scan
        Of the same part; it may have fewer points.
    """
    points = scan.points[scan.valid]
    level = (points @ chart.frame.T.astype(np.float32)).astype(np.float32) - chart.corner
    side = chart.mm_per_px
    cells = flat_cells(level[:, [1, 0]] / np.float32(side), chart.shape)
    seen = _seen(level[:, 2], cells, chart.shape, side)
    grid = _filled(_means(level[seen], cells[seen], chart.shape))
    return replace(chart, grid=grid)


def chart_of(scan: Scan) -> Chart:
    """Map a plain cloud on its principal plane, seen from the sensor.

    Parameters
    ----------
    scan : Scan
        Plain; a cell is `CELL` spacings of its points wide.

    Returns
    -------
    Chart

    Raises
    ------
    InputError
        If all points lie on a line, or a few so far off that no map holds them.
    """
    valid = scan.valid
    points = scan.points[valid]
    frame = _frame(principal_axes(points), scan)
    side = CELL * scan.mm_per_px
    level = (points @ frame.T.astype(np.float32)).astype(np.float32)
    low = level.min(axis=0)
    level -= low
    size = [int(length / side + 0.5) + 1 for length in (level[:, 1].max(), level[:, 0].max())]
    if size[0] * size[1] > MOST_CELLS:
        msg = f"a map of {size[0]} x {size[1]} cells of {side:.3g} mm would hold its points"
        raise InputError(msg, hint="remove points that lie far off, or make the cloud less dense")
    places = np.full((len(valid), 2), np.nan, dtype=np.float32)
    places[valid] = level[:, [1, 0]] / np.float32(side)
    shape = size[0], size[1]
    cells = flat_cells(places[valid], shape)
    seen = _seen(level[:, 2], cells, shape, side)
    visible = valid.copy()
    visible[valid] = seen
    grid = _filled(_means(level[seen], cells[seen], shape))
    return Chart(scan, frame, side, low, places, visible, grid)


def interpolated(picture: Float32, rows: Float32, cols: Float32) -> Float32:
    """Return a picture between its pixels, bilinear; beyond its border it goes on as it ends.

    Parameters
    ----------
    picture : (H, W) or (H, W, C) float32
    rows, cols : (n,) float32, pixels

    Returns
    -------
    (n,) or (n, C) float32
    """
    height, width = picture.shape[:2]
    rows, cols = rows.clip(0, height - 1), cols.clip(0, width - 1)
    top, left = rows.astype(np.intp), cols.astype(np.intp)
    down, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    more = (..., *[None] * (picture.ndim - 2))
    low, near = (rows - top)[more], (cols - left)[more]
    above = picture[top, left] * (1 - near) + picture[top, right] * near
    below = picture[down, left] * (1 - near) + picture[down, right] * near
    return np.asarray(above * (1 - low) + below * low, dtype=np.float32)


def flat_cells(places: Float32, shape: tuple[int, int]) -> NDArray[np.intp]:
    """Return the flat index of the cell of each place, (n,)."""
    rows = np.rint(places[:, 0]).astype(np.intp).clip(0, shape[0] - 1)
    cols = np.rint(places[:, 1]).astype(np.intp).clip(0, shape[1] - 1)
    return np.asarray(rows * shape[1] + cols)


def _frame(axes: NDArray[np.float64], scan: Scan) -> NDArray[np.float64]:
    """Return the axes of a map as seen from the sensor: right, down, towards it."""
    towards = axes[2] if float(axes[2] @ np.asarray(scan.facing)) >= 0 else -axes[2]
    return np.stack([axes[0], np.cross(axes[0], towards), towards])


def _seen(height: Float32, cells: NDArray[np.intp], shape: tuple[int, int], side: float) -> Mask:
    """Return which points lie near the nearest one of their cell and those around it."""
    nearest = np.full(shape[0] * shape[1], -np.inf, dtype=np.float32)
    np.maximum.at(nearest, cells, height)
    around = cv2.dilate(nearest.reshape(shape), ALL).ravel()
    return np.asarray(height >= around[cells] - np.float32(HIDDEN * side))


def _means(level: Float32, cells: NDArray[np.intp], shape: tuple[int, int]) -> Float32:
    """Return the mean place of the points of each cell, NaN where there are none."""
    many = shape[0] * shape[1]
    counts = np.bincount(cells, minlength=many)
    sums = [np.bincount(cells, level[:, axis], many) for axis in range(3)]
    with np.errstate(invalid="ignore"):
        means = np.stack(sums, axis=1) / counts[:, None]
    return means.astype(np.float32).reshape(*shape, 3)


def _filled(grid: Float32) -> Float32:
    """Fill cells within the part that hold no point with the mean place of those around."""
    there = np.isfinite(grid[..., 2])
    solid = np.where(there[..., None], grid, np.float32(0))
    count = cv2.boxFilter(
        there.astype(np.float32), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    total = cv2.boxFilter(solid, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    around = np.asarray(count)
    fill = ~there & (around > FILL - 0.5)
    filled = grid.copy()
    filled[fill] = np.asarray(total)[fill] / around[fill][:, None]
    return filled
