"""Regions of the part that a finish may differ on: blobs, bands, strips along edges, passes."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import EDGE_PX, grown_polygon, random_polygon
from anomsynth.fields.paths import smooth_noise
from anomsynth.fields.regions import box_around, depth_inside
from anomsynth.surface.sites import pick_edge_site, pick_site

SHAPES = ("blob", "band", "edge")
MOST_CELLS = 200
RIM_HURST = 0.75
THINNEST_PX = 3.0  # width of a band
KNOTS = 48  # of the lines that bound bands, strips and passes
NO_GRAIN = 0.2  # coherence below which the surface has no direction of its own
OPEN_SHARE = 0.6  # of the passes that run out over an end of the part
WIDE_SHARE = 0.5  # of the passes that take the part's whole width


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A region by the depth inside it.

    Attributes
    ----------
    grid : Grid
    depth : float32 of grid.shape, pixels
        Distance to the outline to first order, > 0 inside.
    site : (int, int)
        Allowed pixel the region was placed by.
    size : float
        Typical half width, pixels.
    """

    grid: Grid
    depth: Float32
    site: tuple[int, int]
    size: float

    @property
    def box(self) -> Box:
        """Pixels of the picture around the region."""
        return self.grid.box

    def inner(self, soft_px: float, rng: np.random.Generator) -> Float32:
        """Return how much of each pixel lies inside, (h, w) float32 in [0, 1].

        The outline is as sharp as optics allow in some places and up to `soft_px` wide in others.
        """
        return self.rim(soft_px, rng).cover(self.grid.refine(self.depth))

    def rim(self, soft_px: float, rng: np.random.Generator) -> "Rim":
        """Draw where the outline is sharp and where it fades over up to `soft_px`."""
        if soft_px <= EDGE_PX:
            return Rim(np.float32(1 / EDGE_PX))
        cell = max(1.2 * self.size / self.grid.step, 3.0)
        share = 1 / (1 + np.exp(-2.5 * value_noise(self.grid.shape, cell, rng) - 0.3))
        width = EDGE_PX * np.exp(share * np.float32(math.log(soft_px / EDGE_PX)))
        return Rim(self.grid.refine((1 / width).astype(np.float32)))


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """How steep the outline of a patch is, per pixel: one over its width."""

    steepness: Float32 | np.float32

    def cover(self, depth: Float32) -> Float32:
        """Return the smooth step of the depth, (h, w) float32 in [0, 1]; `depth` is used up."""
        depth *= self.steepness
        depth += np.float32(0.5)
        np.clip(depth, 0, 1, out=depth)
        fall = depth * np.float32(-2)
        fall += 3
        depth *= depth
        depth *= fall
        return depth


def draw_patch(
    surface: Surface, area_share: float, shape: str, angle: float | None, rng: np.random.Generator
) -> Patch:
    """Place a region of about `area_share` of the part.

    Parameters
    ----------
    surface : Surface
    area_share : float in (0, 1]
        Of the part's area; kept exactly unless the region would have to change shape for it.
    shape : {"blob", "band", "edge", "pass", "mixed"}
        An uneven polygon; a band across the part; a strip along the part's outline; the way of a
        tool along `angle`, with ledges where it sets on and lifts off; one of the first three.
    angle : float or None
        Direction of bands and passes, radians, 0 = along columns; None: any.
    rng : Generator

    Raises
    ------
    PlacementError
        If no pixel is allowed.
    """
    site = pick_site(surface, rng)
    share, turn = rng.random(2)
    if shape == "mixed":
        shape = SHAPES[min(int(share * 3), 2)]
    angle = math.pi * float(turn) if angle is None else angle
    area = max(area_share * surface.part_area_px, 4.0)
    if shape == "edge" and len(surface.edge_sites):
        patch = _strip(surface, area, rng)
    elif shape == "band":
        area = max(area, THINNEST_PX * surface.part_size_px)
        patch = _band(surface, site, area, angle, rng)
    elif shape == "pass":
        patch = _pass(surface, site, area, angle, rng)
    else:
        patch = _blob(surface, site, area, angle, rng)
    return _fitted(patch, surface, area)


def main_direction(surface: Surface, otherwise: float) -> float:
    """Return the direction of the part's own grain, radians; `otherwise` if it has none."""
    angle, weight = surface.grain.angle, surface.grain.coherence
    if float(weight.mean()) < NO_GRAIN:
        return otherwise
    twice = 2 * angle.astype(np.float64)
    # Directions are lines: their doubled angles are averaged.
    return 0.5 * math.atan2(
        float((weight * np.sin(twice)).sum()), float((weight * np.cos(twice)).sum())
    )


def _blob(
    surface: Surface, site: tuple[int, int], area: float, angle: float, rng: np.random.Generator
) -> Patch:
    long = math.sqrt(area * math.exp(rng.uniform(0, 1.4)) / math.pi)
    wide = area / (math.pi * long)
    corners = random_polygon(int(rng.integers(5, 12)), (long, wide), angle, rng) + site
    uneven = float(rng.uniform(0.03, 0.22)) * wide
    box = box_around(corners, 2.5 * uneven + 3, surface.shape)
    grid = Grid.over(box, MOST_CELLS)
    growth = np.float32(uneven) * fbm(grid.shape, RIM_HURST, rng)
    rounding = float(rng.uniform(0, 0.5)) * wide
    return Patch(grid, grown_polygon(corners, grid, growth, rounding), site, wide)


def _band(
    surface: Surface, site: tuple[int, int], area: float, angle: float, rng: np.random.Generator
) -> Patch:
    """Cross the whole part; the two borders waver on their own."""
    grid = _over_part(surface)
    half = 0.5 * area / surface.part_size_px
    along, across = _turned(grid, site, angle)
    reach = float(np.abs(along).max()) + 1
    waver = float(rng.uniform(0.03, 0.35)) * half
    low, high = (_line(along, reach, waver, rng) for _ in range(2))
    depth = np.minimum(across + half + low, half + high - across)
    depth += np.float32(0.08 * half) * fbm(grid.shape, RIM_HURST, rng)
    return Patch(grid, depth.astype(np.float32), site, half)


def _strip(surface: Surface, area: float, rng: np.random.Generator) -> Patch:
    """Follow the outline of the part for a while."""
    site, _ = pick_edge_site(surface, rng)
    length = math.sqrt(area) * math.exp(rng.uniform(0.2, 1.6))
    length = min(length, 1.5 * surface.part_size_px)
    half = area / length
    grid = _over_part(surface)
    inwards = depth_inside(grid.pick(surface.foreground[grid.box.slices])) * np.float32(grid.step)
    down, right = grid.offsets(*site)
    away = np.hypot(down, right)
    waver = np.float32(0.3 * half) * fbm(grid.shape, RIM_HURST, rng)
    taper = 1 - (away / np.float32(0.5 * length)) ** 2  # strips run out in a point
    depth = np.float32(half) * np.maximum(taper, -3) + waver - inwards
    return Patch(grid, depth.astype(np.float32), site, half)


def _pass(
    surface: Surface, site: tuple[int, int], area: float, angle: float, rng: np.random.Generator
) -> Patch:
    """Follow a tool: ledges across its way are sharp lines, its sides run along the way."""
    coins = rng.random(3)
    wide, is_open = coins[0] < WIDE_SHARE, coins[1] < OPEN_SHARE
    size = surface.part_size_px
    width = 3 * size if wide else math.sqrt(area) * math.exp(rng.uniform(-0.5, 0.6))
    length = area / min(width, size)
    grid = _over_part(surface)
    along, across = _turned(grid, site, angle)
    if is_open:
        # The site becomes a point near the ledge, the other end lies beyond the part.
        along = along if coins[2] < 0.5 else -along
        span = float(along[grid.pick(surface.allowed[grid.box.slices])].max(initial=0.0))
        along = along - np.float32(span - length)
        length *= 4
    else:
        along = along + np.float32(length / 2)
    tilt = math.tan(math.radians(float(rng.normal(0, 3))))
    reach = float(np.abs(across).max()) + 1
    waver = min(0.012 * size, 0.08 * area / min(width, size))
    ledge = _line(across, reach, waver, rng) + np.float32(tilt) * across
    end = _line(across, reach, waver, rng)
    sides = [_line(along, 4 * reach, 0.03 * size, rng) for _ in range(2)]
    fade = np.float32(math.exp(rng.uniform(0, 2.5)))
    rise = np.minimum(along + ledge, np.float32(length) + end - along)
    run = np.minimum(across + width / 2 + sides[0], width / 2 + sides[1] - across) / fade
    depth = np.minimum(rise, run).astype(np.float32)
    return Patch(grid, depth, site, 0.5 * min(width, length, size))


def _over_part(surface: Surface) -> Grid:
    box = Box.around(surface.foreground) or Box(0, 0, *surface.shape)
    return Grid.over(box, MOST_CELLS)


def _turned(grid: Grid, site: tuple[int, int], angle: float) -> tuple[Float32, Float32]:
    """Return coordinates along and across a direction, from the site, (h, w) float32 pixels."""
    down, right = grid.offsets(*site)
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    return cos * right + sin * down, cos * down - sin * right


def _line(place: Float32, reach: float, waver: float, rng: np.random.Generator) -> Float32:
    """Return a slowly wavering offset as a function of a coordinate, float32 of its shape."""
    knots = waver * smooth_noise(KNOTS, KNOTS / 6, rng)
    index = (place + np.float32(reach)) * np.float32((KNOTS - 1) / (2 * reach))
    np.clip(index, 0, KNOTS - 1.001, out=index)
    low = index.astype(np.int32)
    table = knots.astype(np.float32)
    line: Float32 = table[low] + (index - low) * (table[low + 1] - table[low])
    return line


def _fitted(patch: Patch, surface: Surface, area: float) -> Patch:
    """Shift the outline until the wanted area lies on the part; cut the grid to what is left."""
    grid, depth = patch.grid, patch.depth
    inside = grid.pick(surface.allowed[grid.box.slices])
    held = depth[inside]
    wanted = round(area / grid.step**2)
    if 1 <= wanted < held.size:
        level = float(np.partition(held, held.size - wanted)[held.size - wanted])
        depth = depth - np.float32(np.clip(level, -0.5 * patch.size, 0.7 * patch.size))
    margin = max(patch.size, 2.0 * grid.step)
    near = Box.around(depth > -margin)
    row, col = patch.site
    if near is None or not (depth > 0).any():
        box = Box(row, col, row + 1, col + 1).grown(max(round(patch.size), 1), surface.shape)
        small = Grid.over(box, MOST_CELLS)
        away = np.hypot(*small.offsets(row, col)).astype(np.float32)
        return Patch(small, np.float32(patch.size + 1) - away, patch.site, patch.size)
    step = grid.step
    box = Box(
        grid.box.top + near.top * step,
        grid.box.left + near.left * step,
        min(grid.box.top + near.bottom * step, grid.box.bottom),
        min(grid.box.left + near.right * step, grid.box.right),
    )
    return Patch(Grid(box, step), np.ascontiguousarray(depth[near.slices]), patch.site, patch.size)
