"""3D-PNAS's defects: Perlin noise that pushes the surface along its normals."""

from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    LogRange,
    PositiveCount,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.generators.baselines._perlin import gradient_noise

MOST_CELLS = 320  # the noise is computed on at most so many cells a side
FINEST = 4  # cells of that grid to a cell of the finest octave
TRIES = 20
LEAST_PIXELS = 16


class PerlinRelief(Generator):
    """Thresholded Perlin noise of several octaves as a height along the normals [1]_.

    ``h = s N`` where ``N > t``, and 0 elsewhere, with the noise of o octaves of persistence p on
    the plane that the part is projected on, ``N = sum p**k P(2**k x / c) / sum p**k``. For
    comparison: a noise, where other kinds have a cause. The strength is in mm instead of units of
    a cloud, and a field that passes the threshold nowhere on the part is drawn again.

    References
    ----------
    .. [1] Y. Cheng, J. Du, "3D-PNAS: 3D industrial surface anomaly synthesis with Perlin noise",
       arXiv:2504.12856, 2025.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> bumps = PerlinRelief(strength_mm=0.5, threshold=0.3, inward_probability=0)
    >>> layer = bumps.generate(make_surface(), stream(1))
    >>> bool(layer.height[layer.support].min() >= 0.15 - 1e-6)  # threshold times strength
    True
    """

    law: ClassVar[str] = "h = s N where N > t; N = sum p^k P(2^k x / c) / sum p^k"
    source: ClassVar[str] = "Cheng & Du 2025; Perlin 2002"
    has_relief: ClassVar[bool] = True

    kind: Literal["perlin_relief"] = "perlin_relief"
    scale: ShareRange = parameter(
        LogRange(low=0.08, high=0.5), "of part size", "c, cell of the noise's first octave"
    )
    strength_mm: SizeRange = parameter((0.2, 2), "mm", "s, height of a noise of one")
    octaves: PositiveCount = parameter((1, 4), "count", "o, each twice as fine as the one before")
    persistence: UnitRange = parameter((0.3, 0.6), "relative", "p, amplitude of the next octave")
    threshold: UnitRange = parameter((0.15, 0.35), "relative", "t, noise above which points move")
    inward_probability: UnitRange = parameter(
        0.5, "probability", "that the noise goes into the part instead of out of it"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Push the part where the noise is high; raise PlacementError if it is so nowhere."""
        drawn = self.draw_ranges(rng)
        if not surface.allowed.any():
            raise PlacementError("no pixel is allowed for a defect")
        sign = -1 if rng.random() < drawn.inward_probability else 1
        least = min(LEAST_PIXELS, int(np.count_nonzero(surface.allowed)))
        noise, shape = _field(surface, drawn, least, rng)
        box = Box.around(shape) or Box(0, 0, 1, 1)
        support = shape[box.slices]
        strength = np.float32(sign * drawn.strength_mm)
        height = np.where(support, noise[box.slices] * strength, np.float32(0))
        return DefectLayer(
            kind="perlin_relief",
            origin=(box.top, box.left),
            support=support,
            height=height,
            parameters=drawn.numbers,
            measured={
                "area_px": float(np.count_nonzero(support)),
                "highest_mm": float(np.abs(height).max()),
            },
        )


def _field(
    surface: Surface, drawn: PerlinRelief, least: int, rng: np.random.Generator
) -> tuple[Float32, Mask]:
    """Return the noise, (H, W), and where on the part it passes the threshold."""
    part = Box.around(surface.allowed) or Box(0, 0, *surface.shape)
    grid = Grid.over(part, MOST_CELLS)
    for _ in range(TRIES):
        fine = grid.refine(octave_noise(grid, drawn, surface.part_size_px, rng), smooth=True)
        noise = np.zeros(surface.shape, dtype=np.float32)
        noise[part.slices] = fine
        shape: Mask = (noise > drawn.threshold) & surface.allowed
        if np.count_nonzero(shape) >= least:
            return noise, shape
    raise PlacementError("the noise passes the threshold nowhere on the part")


def octave_noise(
    grid: Grid, drawn: PerlinRelief, part_size_px: float, rng: np.random.Generator
) -> Float32:
    """Return the sum of octaves on a grid, float32 in [-1, 1].

    Parameters
    ----------
    grid : Grid
    drawn : PerlinRelief
        With numbers in place of its ranges.
    part_size_px : float
        Reference of `scale`.
    rng : Generator
    """
    down, right = grid.offsets(grid.box.top, grid.box.left)
    cell = max(drawn.scale * part_size_px, FINEST * grid.step)
    total = np.zeros(grid.shape, dtype=np.float32)
    weights = 0.0
    for octave in range(int(drawn.octaves)):
        finer = np.float32(2**octave)
        if octave and cell / finer < FINEST * grid.step:
            break  # finer than the grid, and nearly as fine as pixels
        rows, cols = (np.maximum(axis, 0) * (finer / np.float32(cell)) for axis in (down, right))
        lattice = (int(rows.max()) + 1, int(cols.max()) + 1)
        weight = drawn.persistence**octave
        total += np.float32(weight) * gradient_noise(rows, cols, lattice, rng)
        weights += weight
    total /= np.float32(weights)
    return total
