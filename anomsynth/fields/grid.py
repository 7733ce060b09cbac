"""Coarse grids over a box of the image: smooth fields are computed there and refined."""

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.pixels import averaged
from anomsynth.core.types import Box, Float32, Mask

Scalar = TypeVar("Scalar", bound=np.generic)

COPIED = 1 << 18  # values of a field up to which a copy costs little


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of `step` x `step` pixels that cover `box`; the last ones may reach over it.

    Attributes
    ----------
    box : Box
        Pixels to cover, at least one.
    step : int
        Pixels per cell, >= 1.
    """

    box: Box
    step: int = 1

    @classmethod
    def over(cls, box: Box, most: int) -> "Grid":
        """Return the finest grid over `box` with at most `most` cells along its longer side."""
        return cls(box, max(-(-max(box.shape) // most), 1))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        height, width = self.box.shape
        return -(-height // self.step), -(-width // self.step)

    def part(self, cells: Box) -> "Grid":
        """Return some of the cells as a grid of their own."""
        box, step = self.box, self.step
        return Grid(
            Box(
                box.top + cells.top * step,
                box.left + cells.left * step,
                min(box.top + cells.bottom * step, box.bottom),
                min(box.left + cells.right * step, box.right),
            ),
            step,
        )

    def offsets(self, row: float, col: float) -> tuple[Float32, Float32]:
        """Return the image coordinates of cell centres relative to a point, (h, 1) and (1, w)."""
        rows, cols = self.shape
        half = (self.step - 1) / 2
        down = np.arange(rows, dtype=np.float32) * self.step + np.float32(self.box.top + half - row)
        right = np.arange(cols, dtype=np.float32) * self.step + np.float32(
            self.box.left + half - col
        )
        return down[:, None], right[None, :]

    def reduce(self, field: NDArray[Scalar]) -> NDArray[Scalar]:
        """Average a field on the pixels of `box` over the cells.

        Where a cell reaches over the box, the field goes on as it ends there.

        Parameters
        ----------
        field : (H, W) or (H, W, C) float32, uint8 or uint16

        Returns
        -------
        (h, w) or (h, w, C) of the same dtype; the field itself where cells are pixels
        """
        if self.step == 1:
            return field
        (rows, cols), step = self.shape, self.step
        if field.size < COPIED:
            return self._filled(field, (rows, cols))
        height, width = self.box.shape
        small = np.empty((rows, cols, *field.shape[2:]), dtype=field.dtype)
        whole_rows, whole_cols = height // step, width // step
        if whole_rows and whole_cols:
            inner = field[: whole_rows * step, : whole_cols * step]
            small[:whole_rows, :whole_cols] = averaged(inner, (whole_rows, whole_cols))
        # Only the last cells need what lies beyond; a copy of the whole would take longer.
        if whole_cols < cols:
            small[:, whole_cols:] = self._filled(field[:, whole_cols * step :], (rows, 1))
        if whole_rows < rows:
            small[whole_rows:] = self._filled(field[whole_rows * step :], (1, cols))
        return small

    def pick(self, mask: Mask) -> Mask:
        """Return which cells have their middle in a mask of the pixels of `box`, (h, w) bool."""
        inside = np.zeros(self.shape, dtype=bool)
        middle = self.step // 2
        part = mask[middle :: self.step, middle :: self.step]
        inside[: part.shape[0], : part.shape[1]] = part
        return inside

    def _filled(self, part: NDArray[Scalar], shape: tuple[int, int]) -> NDArray[Scalar]:
        """Average part of a field over its cells, which may reach over it."""
        down, right = shape[0] * self.step - len(part), shape[1] * self.step - part.shape[1]
        known = cast("NDArray[np.floating]", part)  # to OpenCV all numbers are alike
        whole = cv2.copyMakeBorder(known, 0, down, 0, right, cv2.BORDER_REPLICATE)
        whole = whole.reshape(*whole.shape[:2], *part.shape[2:])
        return averaged(cast("NDArray[Scalar]", whole), shape)

    def refine(self, field: Float32, *, smooth: bool = False) -> Float32:
        """Interpolate a field on the cells to the pixels of `box`.

        Parameters
        ----------
        field : (h, w) or (h, w, C) float32
        smooth : bool
            Bicubic (continuous slopes, may overshoot) instead of bilinear (never overshoots).

        Returns
        -------
        (H, W) or (H, W, C) float32, a new array
        """
        if self.step == 1:
            return field.copy()
        height, width = self.box.shape
        rows, cols = self.shape
        full = cv2.resize(
            field,
            (cols * self.step, rows * self.step),
            interpolation=cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR,
        )
        full = full.reshape(*full.shape[:2], *field.shape[2:])
        return np.asarray(full[:height, :width], dtype=np.float32)  # a view: a copy costs as much
