"""Drips: glaze or paint that ran down and ended in a bead."""

from math import ceil
from typing import ClassVar, Literal

import numpy as np

from anomsynth.plugins import (
    DefectLayer,
    Generator,
    SizeRange,
    Surface,
    UnitRange,
    parameter,
    pick_site,
)

LEAST_PX = 1.5  # half the width, or nothing of it could be seen


class Drip(Generator):
    """A run of glaze: narrow and thin where it began, wide and thick in its bead."""

    has_relief: ClassVar[bool] = True
    kind: Literal["drip"] = "drip"
    length_mm: SizeRange = parameter((5, 30), "mm", "from the start to the middle of the bead")
    width_mm: SizeRange = parameter((1, 4), "mm", "of the bead")
    height_mm: SizeRange = parameter((0.05, 0.4), "mm", "of the bead above the surface")
    absorbance: UnitRange = parameter((0.05, 0.3), "optical depth", "of the bead")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Draw the sizes, then the place; raise PlacementError if there is none."""
        drawn = self.draw_ranges(rng)
        row, col = pick_site(surface, rng)
        length = drawn.length_mm / surface.mm_per_px
        radius = max(drawn.width_mm / surface.mm_per_px / 2, LEAST_PX)
        reach = ceil(radius)
        rows = np.arange(-reach, ceil(length) + reach + 1)[:, None]
        cols = np.arange(-reach, reach + 1)[None, :]
        along = np.clip(rows, 0, length)
        grown = 0.5 + 0.5 * along / length
        distance = np.hypot(rows - along, cols) / (radius * grown)
        film = (grown * np.sqrt(np.clip(1 - distance**2, 0, None))).astype(np.float32)
        return DefectLayer(
            kind=self.kind,
            origin=(row - reach, col - reach),
            support=film > 0,
            height=np.float32(drawn.height_mm) * film,
            absorbance=np.float32(drawn.absorbance) * film,
            parameters=drawn.numbers,
        )
