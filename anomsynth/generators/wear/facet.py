"""Facets: flats and grazes that a tool cut by mistake, with its parallel grooves."""

import math
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    NonNegative,
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
from anomsynth.fields.pigments import paint, relative_albedo
from anomsynth.fields.regions import box_around
from anomsynth.generators.wear._feed_marks import FINE, feed_marks
from anomsynth.surface.appearance import mean_light
from anomsynth.surface.rims import pick_rim_or_edge
from anomsynth.surface.sites import pick_site

SMALLEST_PX = 3.0
FINEST_PX = 2.0  # grooves closer than that are one tone
EDGE_PX = 1.4
RIM_HURST = 0.9
ASKEW = 0.2  # radians between the grooves and the flat's own axes, standard deviation
ACROSS = 0.4  # probability that a flat at an edge was cut across it
SHALLOW = 0.5  # of the depth: highest cusps of even grooves
INSIDE = 0.6  # half widths that a flat at an edge lies inside it, at most
WAVY = 0.2  # of the depth: how uneven the old surface is
REACH = 1.35  # of the outline, as far as the deepest grooves run out
FRESH = 0.03  # log light: unevenness of the fresh face
BARE_SATURATION = 0.15  # of what lies below a coat
LEAST_SLOPE = 0.02  # of the floor against the old surface, for the sharpness of its outline


class Facet(Generator):
    """A flat cut from a convex place, or a graze on a level one: a sharp outline, uneven grooves.

    A plane through a convex place, and a round wheel on a level one, cut off ``d (1 - q^2)``, q
    the distance from the middle in units of the outline. What the tool leaves, g(y), is the lower
    envelope of its passes: round cuts of radius R, of uneven pitch p and depth, with cusps
    ``p^2 / 8R`` between them. Material goes where ``-d (1 - q^2) + g < 0`` and nowhere else, so
    that grooves run out one by one at their ends. The fresh face is brighter or darker than the
    old one as it faces the lamp, or another stuff below a coat. Its strength is its own: no
    visibility is solved for.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> flat = Facet(length=0.4, depth=0.06, edge_probability=0, pitch=0.03, tool_radius=4)
    >>> layer = flat.generate(make_surface(), stream(0))
    >>> round(layer.measured["cusp_px"] / layer.measured["pitch_px"], 4)  # 1 / (8 x 4)
    0.0312
    """

    law: ClassVar[str] = "z = min(0, -d (1 - q^2) + g(y)); g = min_k (y - y_k)^2 / 2R - a_k"
    source: ClassVar[str] = "geometry of a plane through a paraboloid, and of feed marks"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("length", "length"),)
    has_relief: ClassVar[bool] = True

    kind: Literal["facet"] = "facet"
    length: ShareRange = parameter((0.03, 0.6), "of part size", "length of the flat")
    aspect: SizeRange = parameter((1.3, 6), "ratio", "length over width")
    irregularity: UnitRange = parameter((0.0, 0.15), "of radius", "first harmonic of its outline")
    depth: UnitRange = parameter((0.008, 0.06), "of width", "d, how deep the middle lies")
    pitch: ShareRange = parameter((0.004, 0.03), "of part size", "p, from groove to groove")
    tool_radius: SizeRange = parameter((1.5, 10), "ratio", "R over the pitch; small is rough")
    scatter: UnitRange = parameter((0.15, 0.55), "relative", "how unlike the grooves are")
    unevenness: UnitRange = parameter((0.02, 0.25), "of width", "of a groove: how far it wavers")
    fresh: UnitRange = parameter((0.6, 1.0), "share", "of the old face that is cut away")
    tone: SizeRange = parameter((1.08, 1.6), "relative", "brightness over the old face's, or below")
    brighter_probability: Probability = parameter(
        0.6, "probability", "that it faces the lamp, and is the brighter for it"
    )
    streaks: NonNegative = parameter(0.07, "log light", "how unlike the grooves' brightness is")
    bare_probability: Probability = parameter(
        0.3, "probability", "that another stuff shows: what lies below a coat"
    )
    bare_tone: ShareRange = parameter((0.15, 0.7), "share", "of light which that reflects")
    reflectance: ShareRange = parameter((0.3, 0.7), "share", "of light that the old face reflects")
    edge_probability: Probability = parameter(
        0.5, "probability", "that it lies at an edge of the part"
    )
    rim_probability: Probability = parameter(
        0.4, "probability", "that this edge lies inside the part"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Cut one flat; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(6)
        half = max(0.5 * drawn.length * surface.part_size_px, SMALLEST_PX)
        width = max(half / drawn.aspect, SMALLEST_PX)
        along = 0.0
        if coins[0] < self.edge_probability and len(surface.edge_sites):
            (row, col), (down, right), _ = pick_rim_or_edge(surface, self.rim_probability, rng)
            inside = INSIDE * width * float(coins[1])
            centre = row + inside * down, col + inside * right
            angle = math.atan2(right, -down)
            along = 0.5 * math.pi if coins[2] < ACROSS else 0.0
        else:
            row, col = pick_site(surface, rng)
            centre, angle = (float(row), float(col)), math.pi * float(coins[1])
        mouths = Mouths(
            radius=np.array([math.sqrt(half * width)]),
            aspect=np.array([half / width]),
            angle=np.array([angle]),
            relative=harmonic_rims(1, drawn.irregularity, RIM_HURST, rng),
        )
        reach = REACH * mouths.reach(0) + 3
        grid = Grid(box_around(np.array([centre]), reach, surface.shape))
        share, _ = mouth_field(mouths, 0, grid.offsets(*centre))
        pitch = max(drawn.pitch * surface.part_size_px, FINEST_PX)
        deep = drawn.depth * 2 * width
        # A tool too round for the depth would leave separate pits and no flat.
        cusp = min(pitch / (8 * drawn.tool_radius), SHALLOW * deep)
        askew = angle + along + ASKEW * float(rng.standard_normal())
        marks, grain = _marks(grid, centre, (askew, pitch, cusp), drawn, rng)
        wavy = value_noise(grid.box.shape, max(0.5 * width, 3.0), rng, octaves=2)
        floor = np.float32(-deep) * (1 - share * share) + marks
        floor += np.float32(WAVY * drawn.irregularity / 0.15 * deep) * wavy
        slope = max(2 * deep / math.sqrt(half * width), LEAST_SLOPE)
        coverage = np.clip(np.float32(0.5) - floor * np.float32(1 / (slope * EDGE_PX)), 0, 1)
        support = (coverage > 0) & surface.foreground[grid.box.slices]
        if not support.any():
            raise PlacementError("the flat lies outside the part")
        coverage *= support
        tone = np.exp(
            np.float32(self.streaks) * grain
            + np.float32(FRESH) * value_noise(grid.box.shape, 2.0, rng)
        )
        albedo = tone[..., None] * _face(surface, drawn, coins[3:], grid)
        return DefectLayer(
            kind="facet",
            origin=(grid.box.top, grid.box.left),
            support=support,
            coverage=(np.float32(drawn.fresh) * coverage).astype(np.float32),
            albedo=albedo.astype(np.float32, copy=False),
            height=(np.minimum(floor, 0) * support * np.float32(surface.mm_per_px)).astype(
                np.float32
            ),
            thin=True,
            rigid=True,
            parameters=drawn.numbers,
            measured={
                "pitch_px": pitch,
                "cusp_px": cusp,
                "depth_px": deep,
                "area_share": float(coverage.sum()) / max(surface.part_area_px, 1),
            },
        )


def _face(surface: Surface, drawn: Facet, coins: np.ndarray, grid: Grid) -> Float32:
    """Return the brightness of the fresh face over the old one, (C,) or (1,)."""
    tone = drawn.tone if coins[0] < drawn.brighter_probability else 1 / drawn.tone
    if coins[1] >= drawn.bare_probability:
        return np.array([tone], np.float32)
    colour = paint(drawn.bare_tone, BARE_SATURATION, float(coins[2]))
    light = mean_light(surface, grid.box)
    return np.atleast_1d(relative_albedo(colour, light, drawn.reflectance))


def _marks(
    grid: Grid,
    centre: tuple[float, float],
    grooves: tuple[float, float, float],
    drawn: Facet,
    rng: np.random.Generator,
) -> tuple[Float32, Float32]:
    """Return the height of feed marks over the deepest of even ones, and their grain, (h, w)."""
    angle, pitch, cusp = grooves
    radius = pitch * pitch / (8 * max(cusp, 1e-6))
    down, right = grid.offsets(*centre)
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    across, along = cos * down - sin * right, cos * right + sin * down
    reach = math.ceil(math.hypot(*grid.box.shape)) + math.ceil(2 * pitch) + 2
    waver = drawn.unevenness * pitch * smooth_noise(2 * reach + 1, 4 * pitch, rng)
    line = waver.astype(np.float32).take(np.clip(along.astype(np.int32) + reach, 0, 2 * reach))
    height, grain = feed_marks(reach, pitch, radius, drawn.scatter, rng)
    place = ((across + line + np.float32(reach)) * np.float32(FINE)).astype(np.int32)
    np.clip(place, 0, len(height) - 1, out=place)
    return height.take(place), grain.take(place)
