"""Bands along wide lines: what is smooth across one is computed on cells and refined."""

from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.grid import Grid
from anomsynth.fields.paths import Float64
from anomsynth.fields.strokes import Band, Stroke
from anomsynth.fields.tracing import trace

CELLS_ACROSS = 20  # half width of a band in cells
KNOWN = 0.999  # share of a pixel's neighbouring cells that must lie in the band


@dataclass(frozen=True, slots=True, eq=False)
class CoarseBand:
    """The cells beside a line, and the pixels they cover.

    Attributes
    ----------
    grid : Grid
        The covering cells; `grid.box` are the pixels.
    band : Band
        Cells and their places relative to the line, in cells.
    cells : Box
        Which of the band's rows and columns are those of the grid.
    """

    grid: Grid
    band: Band
    cells: Box

    @property
    def offset(self) -> Float64:
        """Signed distance of each cell to the line, pixels; + on the right of the travel."""
        return self.band.offset * self.grid.step

    def refine(self, values: Float64) -> Float32:
        """Interpolate a value per cell of the band to the pixels; it means something where known.

        Returns
        -------
        (H, W) float32, of `grid.box`
        """
        return self.grid.refine(self.band.spread(values, self.cells))

    def known(self) -> Mask:
        """Tell which pixels of `grid.box` have the band on all sides, (H, W) bool."""
        return self.refine(np.ones(len(self.band.rows))) > KNOWN


def trace_on_cells(
    line: Float64, half: Float64, box: Box, *, margin: float = 0.0, tight: bool = False
) -> CoarseBand | None:
    """Find the cells beside a line, as large as it is wide; narrow lines have cells of a pixel.

    Parameters
    ----------
    line : (N, 2) float64
        Rows and columns, pixels.
    half : (N,) float64, pixels
        Half width.
    box : Box
        Pixels that may be used.
    margin : float
        How far beyond the edges cells are wanted, cells, >= 0.
    tight : bool
        Whether to cover only the cells found instead of the whole box.

    Returns
    -------
    CoarseBand or None
        None if the line passes the box by.
    """
    step = max(int(float(half.max()) / CELLS_ACROSS), 1)
    grid = Grid(box, step)
    points = (line - (box.top, box.left) - (step - 1) / 2) / step
    whole = np.ones(grid.shape, dtype=bool)
    band = trace([Stroke(points, half / step, half / step)], whole, margin)
    if band is None:
        return None
    cells = band.box if tight else Box(0, 0, *grid.shape)
    return CoarseBand(grid.part(cells), band.keep(band.past <= 0.5), cells)
