"""Facets: flats that a tool cut by mistake, with its parallel grooves."""

import math
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    Probability,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field
from anomsynth.fields.paths import smooth_noise
from anomsynth.fields.regions import box_around
from anomsynth.surface.rims import pick_rim_or_edge
from anomsynth.surface.sites import pick_site

SMALLEST_PX = 3.0
FINEST_PX = 2.0  # grooves closer than that are one tone
EDGE_PX = 1.4
RIM_HURST = 0.9
ASKEW = 0.25  # radians between the grooves and the flat's own axes, standard deviation
INSIDE = 0.6  # half widths that a flat at an edge lies inside it, at most
FRESH = 0.05  # log light: unevenness of the fresh face


class Facet(Generator):
    """A flat cut from a convex place: level floor, sharp outline, grooves of one pitch.

    A plane cuts a cap off, so that relative to the old surface the floor is ``-d (1 - q^2)``, q
    the distance from the middle in units of the outline: nothing steps at the outline, but the
    shading turns there. A tool of radius R that moves on by p leaves cusps ``p^2 / 8R`` high.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> flat = Facet(length=0.4, edge_probability=0, pitch=0.05, tool_radius=2)
    >>> layer = flat.generate(make_surface(), stream(0))
    >>> round(layer.measured["cusp_px"] / layer.measured["pitch_px"], 4)  # 1 / (8 x 2)
    0.0625
    """

    law: ClassVar[str] = "z = -d (1 - q^2); cusps p^2 / (8 R)"
    source: ClassVar[str] = "geometry of a plane through a paraboloid, and of feed marks"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("length", "length"),)
    has_relief: ClassVar[bool] = True

    kind: Literal["facet"] = "facet"
    length: ShareRange = parameter((0.03, 0.6), "of part size", "length of the flat")
    aspect: SizeRange = parameter((1.0, 4), "ratio", "length over width")
    irregularity: UnitRange = parameter((0.0, 0.12), "of radius", "first harmonic of its outline")
    depth: UnitRange = parameter((0.01, 0.1), "of width", "d, how deep the middle lies")
    pitch: ShareRange = parameter((0.006, 0.05), "of part size", "p, from groove to groove")
    tool_radius: SizeRange = parameter((0.8, 6), "ratio", "R over the pitch; small is rough")
    unevenness: UnitRange = parameter((0.02, 0.25), "of width", "of a groove: how far it wavers")
    fresh: UnitRange = parameter((0.5, 1.0), "share", "of the old face that is cut away")
    tone: SizeRange = parameter((0.7, 1.5), "relative", "brightness of the fresh face")
    edge_probability: Probability = parameter(
        0.5, "probability", "that it lies at an edge of the part"
    )
    rim_probability: Probability = parameter(
        0.4, "probability", "that this edge lies inside the part"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Cut one flat; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(3)
        half = max(0.5 * drawn.length * surface.part_size_px, SMALLEST_PX)
        width = max(half / drawn.aspect, SMALLEST_PX)
        if coins[0] < self.edge_probability and len(surface.edge_sites):
            (row, col), (down, right), _ = pick_rim_or_edge(surface, self.rim_probability, rng)
            inside = INSIDE * width * float(coins[1])
            centre = row + inside * down, col + inside * right
            angle = math.atan2(right, -down)
        else:
            row, col = pick_site(surface, rng)
            centre, angle = (float(row), float(col)), math.pi * float(coins[1])
        mouths = Mouths(
            radius=np.array([math.sqrt(half * width)]),
            aspect=np.array([half / width]),
            angle=np.array([angle]),
            relative=harmonic_rims(1, drawn.irregularity, RIM_HURST, rng),
        )
        grid = Grid(box_around(np.array([centre]), mouths.reach(0) + 3, surface.shape))
        share, outside = mouth_field(mouths, 0, grid.offsets(*centre))
        coverage = np.clip(np.float32(0.5) - outside / np.float32(EDGE_PX), 0, 1)
        support = (coverage > 0) & surface.foreground[grid.box.slices]
        if not support.any():
            raise PlacementError("the flat lies outside the part")
        pitch = max(drawn.pitch * surface.part_size_px, FINEST_PX)
        cusp = pitch / (8 * drawn.tool_radius)
        askew = angle + ASKEW * float(rng.standard_normal())
        floor = np.float32(-drawn.depth * 2 * width) * (1 - np.minimum(share, 1) ** 2)
        height = floor + np.float32(cusp) * _cusps(grid, askew, pitch, drawn.unevenness, rng)
        tone = np.float32(drawn.tone) * np.exp(
            np.float32(FRESH) * value_noise(grid.box.shape, 2.0, rng)
        )
        cover = (np.float32(drawn.fresh) * coverage * support).astype(np.float32)
        return DefectLayer(
            kind="facet",
            origin=(grid.box.top, grid.box.left),
            support=support,
            coverage=cover,
            albedo=tone.astype(np.float32),
            height=(height * coverage * support * np.float32(surface.mm_per_px)).astype(np.float32),
            thin=True,
            parameters=drawn.numbers,
            measured={
                "pitch_px": pitch,
                "cusp_px": cusp,
                "depth_px": drawn.depth * 2 * width,
                "area_share": float(support.sum()) / max(surface.part_area_px, 1),
            },
        )


def _cusps(
    grid: Grid, angle: float, pitch: float, waver: float, rng: np.random.Generator
) -> Float32:
    """Return feed marks, 0 in the grooves and 1 on the cusps between them, (h, w) float32."""
    box = grid.box
    down, right = grid.offsets(box.top, box.left)
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    across, along = cos * down - sin * right, cos * right + sin * down
    reach = math.ceil(math.hypot(*box.shape)) + 2
    line = (waver * pitch * smooth_noise(2 * reach, 4 * pitch, rng)).astype(np.float32)
    place = np.clip(along.astype(np.intp) + reach, 0, 2 * reach - 1)
    phase = (across + line[place]) / np.float32(pitch) + np.float32(rng.random())
    return np.asarray((2 * (phase - np.floor(phase)) - 1) ** 2, dtype=np.float32)
