"""Squeeze: soft material pressed out of shape, as wide elsewhere as it is narrow here."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import ShareRange, SignedRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.generators.deform._moved import show_moved
from anomsynth.generators.deform._outline import principal_axis
from anomsynth.generators.deform._squeezing import pure_strain, waist
from anomsynth.generators.deform._warp import least_determinant
from anomsynth.surface.identity import Part, found_once
from anomsynth.surface.sites import pick_site

CELLS = 96
RELIEF = 0.6  # height over half width where material is pressed out
FILLS = 0.85  # of the picture: a part larger than that shows no outline to squeeze
SMALLEST_PX = 6.0
PLACES = -0.45, 0.45  # of the part's length: a waist nearer to an end would have no other side
LEAST_CELLS = 9  # of a part that can be squeezed


class Squeeze(Generator):
    """An area-preserving flow: what gives way in one direction comes out in the other.

    Mode ``body`` squeezes the whole part across its long axis, ``x = S(x'), y = y' / S'(x')``,
    whose Jacobian is one exactly: a waist or a bulge, with the background moving in or out. Mode
    ``region`` follows a divergence-free pure strain within an ellipse, for parts that fill the
    picture; what is pressed together rises.
    """

    law: ClassVar[str] = "x = S(x'), y = y' / S'(x'): det J = 1; or a flow with div v = 0"
    source: ClassVar[str] = "incompressible plane deformation (standard kinematics)"
    has_relief: ClassVar[bool] = True

    kind: Literal["squeeze"] = "squeeze"
    mode: Literal["body", "region", "mixed"] = parameter(
        "mixed", "choice", "the whole part, a region of it, or the part where its outline shows"
    )
    narrowing: SizeRange = parameter((0.04, 0.25), "of width", "body: share that is lost")
    bulge_probability: UnitRange = parameter(
        0.35, "probability", "body: that it bulges instead", was="bulge_share"
    )
    half_length: SizeRange = parameter(
        (0.4, 1.0), "of part length", "body: half length that flows", was="reach"
    )
    place: SignedRange = parameter((-0.3, 0.3), "of part length", "body: where along the part")
    radius: ShareRange = parameter((0.06, 0.3), "of part size", "region: half length", was="extent")
    strain: SizeRange = parameter((0.12, 0.5), "relative", "region: log stretch at its centre")
    aspect: SizeRange = parameter((1.0, 2.0), "ratio", "region: length over width")
    relief: UnitRange = parameter(
        (0.1, 0.8), "relative", "region: how much the pressed-out part rises"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one squeezed part or region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        site = pick_site(surface, rng)
        coin, turn = (float(value) for value in rng.random(2))
        outlined = surface.part_area_px < FILLS * surface.foreground.size
        outlined = outlined and bool((surface.room(overhang=True) & ~surface.foreground).any())
        if self.mode == "body" or (self.mode == "mixed" and outlined):
            return _squeezed_body(surface, drawn, bulge=coin < drawn.bulge_probability)
        return _squeezed_region(surface, drawn, site, math.pi * turn)


def _squeezed_region(
    surface: Surface, drawn: Squeeze, site: tuple[int, int], angle: float
) -> DefectLayer:
    long = max(drawn.radius * surface.part_size_px, SMALLEST_PX)
    wide = max(long / drawn.aspect, SMALLEST_PX / 2)
    far = math.ceil(long) + 1
    box = Box(site[0], site[1], site[0] + 1, site[1] + 1).grown(far, surface.shape)
    grid = Grid.over(box, CELLS)
    down, right = grid.offsets(*site)
    cos, sin = math.cos(angle), math.sin(angle)
    along = (cos * right + sin * down) / long
    across = (cos * down - sin * right) / wide
    from_along, from_across = pure_strain(along, across, drawn.strain)
    to_along, to_across = (along - from_along) * long, (across - from_across) * wide
    moved = np.stack([sin * to_along + cos * to_across, cos * to_along - sin * to_across], axis=2)
    inside = along * along + across * across
    # The crest lies where material came together: across the stretched direction.
    crest = np.clip(1 - inside, 0, 1) ** 3
    height = drawn.relief * RELIEF * drawn.strain * wide * crest
    support = grid.refine(inside.astype(np.float32)) < 1
    displacement = grid.refine(moved.astype(np.float32), smooth=True) * support[..., None]
    relief = grid.refine(height.astype(np.float32), smooth=True) * support
    if not support.any():
        raise PlacementError("the part has no room for a squeezed region")
    return DefectLayer(
        kind="squeeze",
        origin=(box.top, box.left),
        support=support,
        displacement=displacement.astype(np.float32),
        height=(relief * np.float32(surface.mm_per_px)).astype(np.float32),
        parameters=drawn.numbers,
        measured={
            "least_determinant": least_determinant((moved / grid.step).astype(np.float32)),
            "largest_shift_px": float(np.abs(moved).max()),
            "body": 0.0,
        },
    )


@dataclass(frozen=True, slots=True)
class _BodyAxis:
    """The part as a long body: centroid, direction of its axis (radians), extent, pixels."""

    row: float
    col: float
    angle: float
    length: float
    width: float


def _squeezed_body(surface: Surface, drawn: Squeeze, *, bulge: bool) -> DefectLayer:
    """Squeeze the part across its long axis, outline and all."""
    axis = _axis(Part(surface.foreground))
    if axis is None:
        raise PlacementError("the part is too small to be squeezed")
    reach = max(drawn.half_length * axis.length, 4.0)
    middle = float(np.clip(drawn.place, *PLACES)) * axis.length
    narrowing = -drawn.narrowing if bulge else drawn.narrowing
    half = 0.6 * axis.width * (1 + abs(narrowing)) + 4
    box = _zone(axis, (middle - reach, middle + reach), half, surface.shape)
    down = (np.arange(box.top, box.bottom) - axis.row).astype(np.float32)[:, None]
    right = (np.arange(box.left, box.right) - axis.col).astype(np.float32)[None, :]
    cos, sin = math.cos(axis.angle), math.sin(axis.angle)
    along, across = cos * right + sin * down, cos * down - sin * right
    from_along, from_across = waist(along, across, middle, reach, narrowing)
    rows = sin * from_along + cos * from_across + (axis.row - box.top)
    cols = cos * from_along - sin * from_across + (axis.col - box.left)
    flows = np.abs(along - middle) < reach
    valid = flows & (rows >= -0.5) & (rows < box.shape[0]) & (cols >= -0.5) & (cols < box.shape[1])
    in_zone: Mask = surface.foreground[box.slices] & flows
    source = rows.astype(np.float32, copy=False), cols.astype(np.float32, copy=False)
    moved = show_moved(surface, box, in_zone, source, valid)
    changed = moved.changed & flows
    if not changed.any():
        raise PlacementError("squeezing the part would change nothing")
    return DefectLayer(
        kind="squeeze",
        origin=(box.top, box.left),
        support=changed,
        coverage=changed.astype(np.float32),
        exposed=moved.light,
        has_noise=True,
        rigid=True,
        overhang=True,
        parameters=drawn.numbers,
        measured={
            "narrowing": narrowing,
            "width_px": axis.width,
            "length_px": axis.length,
            "angle_deg": math.degrees(axis.angle),
            "body": 1.0,
        },
    )


@found_once()
def _axis(part: Part) -> _BodyAxis | None:
    """Return where the part lies and how it runs; None if it is tiny."""
    step = max(max(part.foreground.shape) // 512, 1)
    cells = np.argwhere(part.foreground[::step, ::step])
    if len(cells) < LEAST_CELLS:
        return None
    axis = principal_axis(cells.astype(np.float64) * step + (step - 1) / 2)
    return _BodyAxis(
        row=float(axis.centre[0]),
        col=float(axis.centre[1]),
        angle=axis.angle,
        length=float(np.ptp(axis.along)) + step,
        width=float(np.ptp(axis.across)) + step,
    )


def _zone(axis: _BodyAxis, span: tuple[float, float], half: float, shape: tuple[int, int]) -> Box:
    """Return the box around what lies between two places along the axis, cut to the picture."""
    cos, sin = math.cos(axis.angle), math.sin(axis.angle)
    ends = [(place, b * half) for place in span for b in (-1, 1)]
    rows = [axis.row + sin * x + cos * y for x, y in ends]
    cols = [axis.col + cos * x - sin * y for x, y in ends]
    box = Box(
        max(math.floor(min(rows)), 0),
        max(math.floor(min(cols)), 0),
        min(math.ceil(max(rows)) + 1, shape[0]),
        min(math.ceil(max(cols)) + 1, shape[1]),
    )
    if box.bottom <= box.top or box.right <= box.left:
        raise PlacementError("the squeezed zone lies outside the picture")
    return box
