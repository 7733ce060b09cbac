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
from anomsynth.fields.noise import fbm
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


class Imbibition(Generator):
    """Water or oil soaked in from a spill or from the edge; wood, carpet, leather, paper, stone.

    Fronts follow Washburn: straight ones stand at the square root of time, round ones solve
    Darcy's law around the spill. Pores differ from place to place, which roughens the front, and
    along the grain the liquid runs farther. Where pores are full the surface is darker, dark
    places more so; a drying front leaves a tide line.
    """

    law: ClassVar[str] = (
        "L = sqrt(gamma r cos(t) / (2 eta) time); r^2 (ln(r/r0) - 1/2) + r0^2/2 = C t; "
        "rho_wet = rho / (n^2 (1 - rho) + rho)"
    )
    source: ClassVar[str] = "Washburn 1921; Angstrom 1925; Lekner & Dorf 1988"
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
    tide: UnitRange = parameter((0.0, 0.5), "relative", "how much darker the drying front is")
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
            share = blob_share(blob, grid, rng)
        # Wider pores let the front run ahead: a local clock that is fast or slow.
        clock = 1 + np.float32(drawn.pores) * _pores(grid, surface, rng)
        time = np.clip(drawn.age * clock, 0.02, 2.0)
        front = linear_front(time) if at_edge else radial_front(time, drawn.spill_radius)
        share = (share / front).astype(np.float32)
        grid, cells = trimmed(grid, share < 1 + drawn.front_width)
        share = grid.refine(np.ascontiguousarray(share[cells]))
        return _layer(_Soaked(grid.box, share, oily, at_edge), surface, drawn, radius)


@dataclass(frozen=True, slots=True, eq=False)
class _Soaked:
    """A box, and how far each pixel is from the source in units of the front's distance."""

    box: Box
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


def _layer(soaked: _Soaked, surface: Surface, drawn: Imbibition, radius: float) -> DefectLayer:
    share, box = soaked.share, soaked.box
    blur = max(drawn.front_width * (1.0 if soaked.oily else CRISP), 1.2 / radius)
    wet = np.clip((1 - share) * np.float32(1 / blur) + np.float32(0.5), 0, 1)
    wet *= wet * (3 - 2 * wet)
    if drawn.tide > 0:
        near = (share - np.float32(1 - blur)) * np.float32(1 / max(0.6 * blur, 1.0 / radius))
        wet += np.float32(drawn.tide) * np.exp(-(near * near)) * wet
    support = wet > FAINT
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
    return DefectLayer(
        kind="imbibition",
        origin=(box.top, box.left),
        support=support,
        absorbance=depth[..., 0] if surface.channels == 1 else depth,
        roughness=np.clip(wet * np.float32(-SHINE), -1, 0),
        parameters=drawn.numbers,
        measured={
            "at_edge": float(soaked.at_edge),
            "front_px": _front(soaked, radius, drawn),
            "area_px": float(np.count_nonzero(share < 1)),
        },
    )


def _front(soaked: _Soaked, radius: float, drawn: Imbibition) -> float:
    """Return how far the front of average pores has come, pixels."""
    age = np.array([drawn.age])
    return radius * float(
        linear_front(age)[0] if soaked.at_edge else radial_front(age, drawn.spill_radius)[0]
    )
