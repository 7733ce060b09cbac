"""Imbibition: liquid that porous material has drawn in."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    Count,
    ShareRange,
    SizeBounds,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.pigments import LUMINANCE
from anomsynth.generators.colour._blobs import Blob, blob_share, trimmed
from anomsynth.generators.colour._wicking import (
    OIL,
    WATER,
    linear_front,
    radial_front,
    wetting_depth,
)
from anomsynth.surface.appearance import tones
from anomsynth.surface.bearing import read_bearing
from anomsynth.surface.sites import pick_edge_site, pick_site

CELLS = 176
FRONT_HURST = 0.55  # roughness of imbibition fronts, 0.5-0.6
OIL_TINT = np.array([0.0, 0.02, 0.12])  # optical depth of the oil itself
LANES = 9.0  # length over width of the lanes along a clear grain
SHINE = 0.25  # how much smoother a wet surface is
CRISP = 0.4  # width of a front of water over one of oil, which creeps on
GRAIN_TURN = 0.03  # radians by which a front's direction differs from a clear grain's
RAGGED = 0.02  # radii; pores roughen the front, not the spill's own outline
FAINT = 0.01
RELIEF = 0.02  # of the part's size: relief is finer than that
LED = 0.12  # of the front's distance, by one standard deviation of height and all of the pores
FULL = 0.2  # optical depth of wetness, about
BROWN = 0.55, 0.95, 1.5  # optical depth of what water leaves: dust, tannin, size
RING = 0.05  # of the front's distance: width of a tide line
DRY_CELL = 0.5  # of the radius: size of places that dry sooner
DRY_PATCHY = 0.35  # how much sooner
SPLASH_FAR = 0.25  # radii: mean distance of drops from the spill's outline
SPLASH_SIZES = 0.03, 0.16  # of the radius


class Imbibition(Generator):
    """Water or oil soaked in from a spill or from the edge; wood, carpet, leather, paper, stone.

    Fronts follow Washburn: straight ones stand at the square root of time, round ones solve
    Darcy's law around the spill. Pores differ from place to place, which roughens the front, and
    along the grain the liquid runs farther; low places of the surface's own relief, its grooves and
    gaps between fibres, lead it on, and high ones hold it back. Where pores are full the surface
    is darker, dark places more so. Water dries again: it gives back the surface's own tone and
    leaves what it carried at the line where its front was held, all that dried away there and no
    more [1]_. Its strength is its own: no visibility is solved for.

    References
    ----------
    .. [1] R. D. Deegan et al., "Capillary flow as the cause of ring stains from dried liquid
       drops", Nature 389, 1997.
    """

    law: ClassVar[str] = (
        "L = sqrt(gamma r cos(t) / (2 eta) time); r^2 (ln(r/r0) - 1/2) + r0^2/2 = C t; "
        "rho_wet = rho / (n^2 (1 - rho) + rho); what it carries dries at the edge, its sum kept"
    )
    source: ClassVar[str] = "Washburn 1921; Angstrom 1925; Lekner & Dorf 1988; Deegan et al. 1997"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("width", "radius", 2),)

    kind: Literal["imbibition"] = "imbibition"
    liquid: Literal["water", "oil", "mixed"] = parameter("mixed", "choice", "what was spilt")
    radius: ShareRange = parameter(
        (0.03, 0.32), "of part size", "where the front ends up", was="extent"
    )
    age: UnitRange = parameter((0.3, 1.0), "of time", "when the photo was taken, till it ends up")
    spill_radius: ShareRange = parameter(
        (0.08, 0.5), "of radius", "radius of the spill that feeds it", was="spill"
    )
    edge_probability: UnitRange = parameter(
        0.2, "probability", "that it came in over the edge", was="edge_share"
    )
    edge_half_length: SizeBounds = parameter(
        (math.exp(-0.2), math.exp(1.5)), "of radius", "half length of the wet stretch of an edge"
    )
    aspect: SizeRange = parameter((1.0, 1.6), "ratio", "length over width without any grain")
    grain: SizeRange = parameter(
        (1.0, 6.0), "ratio", "how much farther it runs along a clear grain"
    )
    lobes: Count = parameter((1, 3), "count", "spills that ran together")
    irregularity: UnitRange = parameter((0.04, 0.2), "of radius", "first harmonic of the outline")
    pores: UnitRange = parameter((0.08, 0.4), "of time", "how much the pores differ")
    front_width: SizeRange = parameter((0.02, 0.35), "of radius", "width of the front", was="blur")
    tide: UnitRange = parameter(
        (0.0, 0.5), "relative", "water: darkening by what it carries, over that by wetness"
    )
    drying: UnitRange = parameter((0.0, 1.0), "share", "water: how much has dried again")
    splashes: Count = parameter((0, 5), "count", "drops beside a spill")
    albedo: SizeRange = parameter((0.25, 0.6), "share", "mean albedo of the dry surface")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Soak one region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        at_edge, oily = rng.random() < drawn.edge_probability, rng.random() < 0.5
        oily = oily if self.liquid == "mixed" else self.liquid == "oil"
        radius = max(drawn.radius * surface.part_size_px, 2.0)
        if at_edge and len(surface.edge_sites) > 0:
            grid, share = _from_edge(surface, radius, drawn, rng)
        else:
            at_edge = False
            blob = _spilt(surface, radius, drawn, rng)
            grid = Grid.over(blob.box(1.7, surface.shape), CELLS)
            share = _splashed(blob_share(blob, grid, rng), grid, blob, int(drawn.splashes), rng)
        # Wider pores let the front run ahead: a local clock that is fast or slow.
        clock = 1 + np.float32(drawn.pores) * _pores(grid, surface, rng)
        time = np.clip(drawn.age * clock, 0.02, 2.0)
        front = linear_front(time) if at_edge else radial_front(time, drawn.spill_radius)
        share = (share / front).astype(np.float32)
        grid, cells = trimmed(grid, share < 1 + drawn.front_width)
        share = grid.refine(np.ascontiguousarray(share[cells]))
        # What lies low is wet first.
        bearing = read_bearing(surface, grid.box, RELIEF * surface.part_size_px)
        share += np.float32(LED * drawn.pores) * bearing.height
        return _layer(_Soaked(grid, share, oily, at_edge), surface, drawn, radius, rng)


@dataclass(frozen=True, slots=True, eq=False)
class _Soaked:
    """A grid, and how far each pixel is from the source in units of the front's distance."""

    grid: Grid
    share: Float32
    oily: bool
    at_edge: bool


def _spilt(surface: Surface, radius: float, drawn: Imbibition, rng: np.random.Generator) -> Blob:
    """Return the outline of a round front, stretched along the grain as far as there is one."""
    row, col = pick_site(surface, rng)
    along, coherence = surface.grain.at(row, col)
    turn = rng.uniform(0, np.pi)
    clear = min(1.5 * coherence, 1.0)
    stretch = drawn.aspect * drawn.grain**clear
    angle = along + rng.normal(0, GRAIN_TURN) if rng.random() < clear else turn
    return Blob(
        centre=(row, col),
        radius=radius,
        aspect=float(min(stretch, 10.0)),
        angle=float(angle),
        lobes=int(drawn.lobes),
        irregularity=drawn.irregularity,
        ragged=RAGGED,
    )


def _pores(grid: Grid, surface: Surface, rng: np.random.Generator) -> Float32:
    """Return how permeable each cell is, mean 0, sd 1: in lanes along the grain, if there is any.

    Fibres are continuous, so a front runs ahead in fingers along them.
    """
    rows, cols = grid.shape
    noise = fbm((rows, cols), FRONT_HURST, rng)
    middle = (grid.box.top + grid.box.bottom) / 2, (grid.box.left + grid.box.right) / 2
    along, coherence = surface.grain.at(*middle)
    lanes = 1 + (LANES - 1) * min(1.5 * coherence, 1.0)
    if lanes < 1.5 or min(rows, cols) < 4:
        return noise
    cos, sin = np.cos(along), np.sin(along)
    # Read along the grain `lanes` times more slowly than across it.
    turn = np.array([[cos / lanes, sin / lanes, 0.0], [-sin, cos, 0.0]])
    turn[:, 2] = (cols / 2, rows / 2) - turn[:, :2] @ (cols / 2, rows / 2)
    lane = cv2.warpAffine(
        noise,
        turn,
        (cols, rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(lane, dtype=np.float32).reshape(rows, cols)


def _from_edge(
    surface: Surface, radius: float, drawn: Imbibition, rng: np.random.Generator
) -> tuple[Grid, Float32]:
    """Return a grid and the depth below the edge in units of `radius`, for a wet stretch of it."""
    (row, col), (in_row, in_col) = pick_edge_site(surface, rng)
    wide = radius * drawn.edge_half_length.draw(rng)
    box = Blob(centre=(row, col), radius=max(1.5 * radius, wide)).box(1.2, surface.shape)
    grid = Grid.over(box, CELLS)
    down, right = grid.offsets(row, col)
    depth = (np.float32(in_row) * down + np.float32(in_col) * right) / np.float32(radius)
    aside = (np.float32(in_row) * right - np.float32(in_col) * down) / np.float32(wide)
    # The ends of the wet stretch round off; in its middle the front is straight.
    share = (np.maximum(depth, 0) ** 4 + aside**4) ** 0.25
    return grid, share.astype(np.float32)


def _splashed(
    share: Float32, grid: Grid, blob: Blob, count: int, rng: np.random.Generator
) -> Float32:
    """Add drops beside a spill: ever fewer with the distance, a few of them large."""
    away = 1.1 + rng.exponential(SPLASH_FAR, count)
    turns = rng.uniform(0, 2 * math.pi, count)
    low, high = SPLASH_SIZES
    sizes = low * (high / low) ** rng.random(count)
    stretch = math.sqrt(blob.aspect)
    for far, turn, size in zip(away, turns, sizes, strict=True):
        along, across = far * stretch * math.cos(turn), far / stretch * math.sin(turn)
        cos, sin = math.cos(blob.angle), math.sin(blob.angle)
        row = blob.centre[0] + blob.radius * (sin * along + cos * across)
        col = blob.centre[1] + blob.radius * (cos * along - sin * across)
        down, right = grid.offsets(row, col)
        # One radius of the spill farther out it is dry, as anywhere else.
        drop = np.hypot(down, right) / np.float32(blob.radius) + np.float32(1 - size)
        np.minimum(share, drop, out=share)
    return share


def _layer(
    soaked: _Soaked, surface: Surface, drawn: Imbibition, radius: float, rng: np.random.Generator
) -> DefectLayer:
    share, grid = soaked.share, soaked.grid
    box = grid.box
    blur = max(drawn.front_width * (1.0 if soaked.oily else CRISP), 1.2 / radius)
    reached = np.clip((1 - share) * np.float32(1 / blur) + np.float32(0.5), 0, 1)
    reached *= reached * (3 - 2 * reached)
    wet = reached
    carried = 0.0 if soaked.oily else drawn.tide
    dried = 0.0 if soaked.oily else drawn.drying
    if dried > 0:
        cell = max(DRY_CELL * radius / grid.step, 2.0)
        patchy = 1 + np.float32(DRY_PATCHY) * value_noise(grid.shape, cell, rng, octaves=2)
        wet = reached * grid.refine(np.clip(1 - np.float32(dried) * patchy, 0, 1))
    support = wet > FAINT
    left: Float32 | None = None
    if carried > 0:
        left = _left(reached, share, blur, dried)
        left *= np.float32(carried * FULL)
        support |= left > FAINT
        left *= support
    if not support.any():
        raise PlacementError("the liquid reached no allowed pixel")
    wet *= support
    light = tones(surface, Box(0, 0, *surface.shape)).mean(axis=0)
    bright = float(light @ LUMINANCE) if surface.channels == 3 else float(light[0])
    dry = surface.linear(box) * np.float32(drawn.albedo / max(bright, 1e-3))
    depth = wetting_depth(dry, OIL if soaked.oily else WATER)
    if soaked.oily and surface.channels == 3:
        depth += OIL_TINT.astype(np.float32)
    depth *= wet[..., None]
    if left is not None:
        for channel, brown in enumerate(BROWN if surface.channels == 3 else (1.0,)):
            depth[..., channel] += left * np.float32(brown)
    return DefectLayer(
        kind="imbibition",
        origin=(box.top, box.left),
        support=support,
        absorbance=depth[..., 0] if surface.channels == 1 else depth,
        roughness=np.clip(wet * np.float32(-SHINE), -1, 0),
        rigid=True,
        parameters=drawn.numbers,
        measured={
            "at_edge": float(soaked.at_edge),
            "front_px": _front(soaked, radius, drawn),
            "area_px": float(np.count_nonzero(share < 1)),
        },
    )


def _left(reached: Float32, share: Float32, blur: float, dried: float) -> Float32:
    """Return where what the liquid carried is, one of it per wet pixel over all of them.

    As much as has dried was drawn to the line where the front is held, and its sum stays.
    """
    # The fourth power of a ramp falls off nearly as an exponential, at the cost of a product.
    ring = np.clip(1 - (1 - share) * np.float32(0.25 / max(RING, blur / 2)), 0, 1)
    ring *= ring
    ring *= ring
    ring *= reached
    over = float(reached.sum(dtype=np.float64)) / max(float(ring.sum(dtype=np.float64)), 1e-6)
    return reached * np.float32(1 - dried) + ring * np.float32(dried * over)


def _front(soaked: _Soaked, radius: float, drawn: Imbibition) -> float:
    """Return how far the front of average pores has come, pixels."""
    age = np.array([drawn.age])
    return radius * float(
        linear_front(age)[0] if soaked.at_edge else radial_front(age, drawn.spill_radius)[0]
    )
