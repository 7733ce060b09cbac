"""Irregular regions: joined lobes with a ragged outline, on a coarse grid."""

from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field

CELLS = 144  # along the longer side of a region
RIM_HURST = 0.8
SMALLEST_PX = 1.0
MELT = 0.12  # shares over which lobes flow together
# How lobes lie together: by eye, so that they overlap and their outline has bays.
LOBE_SIZES = 0.45, 0.9  # radii of the further lobes over the first one's
LOBE_PLACES = 0.55, 1.05  # their distance from its centre, in its radii
LOBE_STRETCH = 0.7, 1.15  # exponents of the region's aspect
LOBE_TURN = 0.2  # radians by which their direction differs, standard deviation


@dataclass(frozen=True, slots=True)
class Blob:
    """A region made of one large and some smaller lobes.

    Attributes
    ----------
    centre : (float, float)
        Row and column, pixels.
    radius : float
        Radius of a disc with about its area, pixels.
    aspect : float
        Length over width, >= 1.
    angle : float
        Direction of the long axis, radians, 0 = along columns, towards +row.
    lobes : int
        Number of lobes, >= 1.
    irregularity : float in [0, 0.25]
        First harmonic of a lobe's outline, share of its radius.
    ragged : float
        Amplitude of finer noise of the outline, share of the radius.
    """

    centre: tuple[float, float]
    radius: float
    aspect: float = 1.0
    angle: float = 0.0
    lobes: int = 1
    irregularity: float = 0.1
    ragged: float = 0.05

    def box(self, reach: float, shape: tuple[int, int]) -> Box:
        """Return the box of all within `reach` radii (stretched), cut to an image of `shape`."""
        far = max(self.radius, SMALLEST_PX) * reach * np.sqrt(self.aspect)
        row, col = self.centre
        top, left = max(int(row - far), 0), max(int(col - far), 0)
        top, left = min(top, shape[0] - 1), min(left, shape[1] - 1)
        return Box(
            top,
            left,
            max(min(int(row + far) + 2, shape[0]), top + 1),
            max(min(int(col + far) + 2, shape[1]), left + 1),
        )


def blob_share(blob: Blob, grid: Grid, rng: np.random.Generator) -> Float32:
    """Return the distance from the middle in units of the outline, float32 of grid.shape.

    0 at the centre of a lobe, 1 on the outline, growing by about 1 per radius outside.
    """
    count = max(blob.lobes, 1)
    shrink = 1 / np.sqrt(1 + 0.45 * (count - 1))
    sizes = np.concatenate([[1.0], rng.uniform(*LOBE_SIZES, count - 1)]) * shrink
    away = np.concatenate([[0.0], rng.uniform(*LOBE_PLACES, count - 1)]) * shrink
    turns = rng.uniform(0, 2 * np.pi, count)
    radius = max(blob.radius, SMALLEST_PX)
    mouths = Mouths(
        radius=sizes * radius,
        aspect=np.maximum(blob.aspect ** rng.uniform(*LOBE_STRETCH, count), 1.0),
        angle=blob.angle + rng.normal(0, LOBE_TURN, count),
        relative=harmonic_rims(count, blob.irregularity, RIM_HURST, rng),
    )
    cos, sin, stretch = np.cos(blob.angle), np.sin(blob.angle), np.sqrt(blob.aspect)
    total: Float32 | None = None
    for index in range(count):
        along = away[index] * radius * np.cos(turns[index]) * stretch
        across = away[index] * radius * np.sin(turns[index]) / stretch
        row = blob.centre[0] + sin * along + cos * across
        col = blob.centre[1] + cos * along - sin * across
        share, _ = mouth_field(mouths, index, grid.offsets(row, col), rounded=True)
        share = 1 + (share - 1) * np.float32(sizes[index])
        total = share if total is None else _joined(total, share)
    share = total if total is not None else np.ones(grid.shape, np.float32)
    if blob.ragged > 0:
        cell = max(0.3 * radius / grid.step, 2.0)
        share += np.float32(blob.ragged) * value_noise(grid.shape, cell, rng, octaves=4, hurst=0.6)
    return np.maximum(share, 0)


def _joined(first: Float32, second: Float32) -> Float32:
    """Return the smooth minimum of two shares: a polynomial neck where they are close."""
    near = np.clip(0.5 + (second - first) * np.float32(0.5 / MELT), 0, 1)
    joined = second + (first - second) * near - np.float32(MELT) * near * (1 - near)
    return np.asarray(joined, dtype=np.float32)


def edged(share: Float32, level: float, width: float) -> Float32:
    """Return 1 where `share` is below `level`, 0 above it, smooth over `width`, float32."""
    t = np.clip((level + width / 2 - share) * np.float32(1 / max(width, 1e-6)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def trimmed(grid: Grid, used: Mask) -> tuple[Grid, tuple[slice, slice]]:
    """Return the grid cut to the `used` cells and a margin of one, and where these cells lie.

    Keeps at least one cell, also if none is used.
    """
    tight = Box.around(used) or Box(0, 0, 1, 1)
    cells = tight.grown(1, grid.shape)
    whole, step = grid.box, grid.step
    box = Box(
        whole.top + cells.top * step,
        whole.left + cells.left * step,
        min(whole.top + cells.bottom * step, whole.bottom),
        min(whole.left + cells.right * step, whole.right),
    )
    return Grid(box, step), cells.slices


def area_level(share: Float32, inside: Mask, cells: float) -> float:
    """Return the level below which `share` covers `cells` cells of `inside` (all, if too few)."""
    values = share[inside]
    if values.size == 0:
        return 1.0
    wanted = int(np.clip(round(cells), 1, values.size))
    return float(np.partition(values, wanted - 1)[wanted - 1])
