"""Warpage: dents, bent plates and material shifted within the surface."""

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator

from anomsynth.core.component import (
    Count,
    LogRange,
    ModeWeights,
    NonNegativeBounds,
    PositiveBounds,
    Probability,
    ShareRange,
    SizeRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field
from anomsynth.fields.relief import (
    DENT_REACH,
    Dent,
    dent_profile,
    fade,
    pile_up_ratio,
    plate_deflection,
    plate_residual,
    sampled,
)
from anomsynth.generators.deform._warp import helmholtz_field, invert, least_determinant, stretch
from anomsynth.surface.sites import pick_calm_site

MODES = ("dent", "bend", "warp")
RIM_HURST = 1.6  # deformed regions have smooth outlines; rough ones would pleat
SMALLEST_PX = 1.5  # radius below which a relief has no slope a camera could see
DENT_CELLS = 320  # grids: a dent has a crease to keep, bent plates and warps are smooth
PLATE_CELLS = 112
WARP_CELLS = 192
BAND_ASPECT = 1.6  # bent regions are longer than they are wide
BORDER_SHARE = 0.8  # of the radius, over which bent and warped regions come to rest
MOST_STRETCH = 0.8
SQUEEZE = 1.2  # relief over squeezing
LOADED = 0.7  # radii within which loads act: beyond, the plate is held
LOAD_TURN = 0.35  # radians by which loads differ from the region's direction, standard deviation


class Warpage(Generator):
    """Plastic deformation: a dent, a plate bent under uneven load, or an in-plane warp.

    A dent's pile-up follows the hardening of the metal [1]_ and holds the displaced volume, or
    leans into a skirt where sheets bend. Bending solves the plate on its foundation [2]_ for
    random loads: broad, soft shading. A warp displaces the material by the gradient and the
    rotation of random potentials and never folds.

    References
    ----------
    .. [1] R. Hill, B. Storakers, A. B. Zdunek, "A theoretical study of the Brinell hardness test",
       Proceedings of the Royal Society A 423, 1989.
    .. [2] S. Timoshenko, S. Woinowsky-Krieger, "Theory of Plates and Shells", 1959.

    Examples
    --------
    A dent a tenth of the part wide from its middle to its rim, a fifth of that deep:

    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> dent = Warpage(mode="dent", radius=0.1, slope=0.2, bulge_probability=0)
    >>> layer = dent.generate(make_surface(mm_per_px=0.1), stream(0))
    >>> layer.height.shape, layer.height.dtype  # of the box at `layer.origin`, millimeters
    ((81, 113), dtype('float32'))
    >>> print(f"{layer.measured['radius_px']:.1f} px, {-layer.height.min():.2f} mm deep")
    16.3 px, 0.33 mm deep
    """

    law: ClassVar[str] = "c^2 = (5/2)(2-n)/(4+n); D lap^2 w + k w = q; det(I - grad u) > 0"
    source: ClassVar[str] = "Hill, Storakers & Zdunek 1989; Timoshenko 1959; Johnson 1985"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure(
            "width", "radius", 2, measured="radius_px", measured_times=2, alone={"mode": "dent"}
        ),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["warpage"] = "warpage"
    mode: Literal["dent", "bend", "warp", "mixed"] = parameter("mixed", "choice", "what happened")
    weights: ModeWeights = parameter(
        (0.5, 0.35, 0.15), "weights", "mixed: how often dent, bend, warp"
    )
    radius: ShareRange = parameter((0.006, 0.2), "of part size", "dent: radius")
    slope: SizeRange = parameter((0.04, 0.25), "of radius", "dent: depth")
    region_radius: ShareRange = parameter(
        (0.04, 0.31), "of part size", "bend, warp: radius of the region", was="extent"
    )
    tilt: SizeRange = parameter((0.06, 0.3), "rms slope", "bend: how steep the plate gets")
    aspect: SizeRange = parameter((1.0, 2.4), "ratio", "length over width of the region")
    irregularity: UnitRange = parameter((0.05, 0.2), "of radius", "first harmonic of the outline")
    asymmetry: UnitRange = parameter((0.0, 0.45), "of depth", "dent: how much deeper on one side")
    hardening: UnitRange = parameter((0.0, 0.3), "exponent", "dent: n of the stress-strain law")
    skirt_probability: UnitRange = parameter(
        0.5, "probability", "dent: that it has a skirt instead of a rim", was="sheet_share"
    )
    skirt_depth: UnitBounds = parameter(
        (0.25, 0.65), "of depth", "dent: how much of it the skirt leans in"
    )
    plate_probability: Probability = parameter(
        0.5, "probability", "dent: that the skirt is a thin plate's, not a thick body's"
    )
    bulge_probability: UnitRange = parameter(
        0.2, "probability", "dent, bend: that it points outwards", was="bulge_share"
    )
    loads: Count = parameter((2, 7), "count", "bend: number of loads")
    load_half_length: PositiveBounds = parameter(
        (0.35, 1.8), "of radius", "bend: half length of a load"
    )
    load_half_width: PositiveBounds = parameter(
        (0.1, 0.4), "of radius", "bend: half width of a load"
    )
    load_force: NonNegativeBounds = parameter((0.4, 1.0), "relative", "bend: force of a load")
    stiffness: SizeRange = parameter((0.15, 0.5), "of radius", "bend: length (D/k)^(1/4)")
    stretch: SizeRange = parameter(
        (0.08, 0.28), "relative", "warp: largest strain; above 0.3 gains may fold"
    )
    feature_size: SizeRange = parameter(
        (0.25, 0.8), "of radius", "warp: size of its features", was="correlation"
    )
    curl: UnitRange = parameter((0.2, 0.8), "share", "warp: rotation in it")

    @field_validator("stretch")
    @classmethod
    def _no_fold(cls, value: LogRange) -> LogRange:
        if value.high > MOST_STRETCH:
            msg = f"must be at most {MOST_STRETCH:g}, or the surface folds; got {value.high:g}"
            raise ValueError(msg)
        return value

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one deformed region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick = float(rng.random()) * sum(self.weights)
        mode: str = self.mode
        if mode == "mixed":
            steps = np.cumsum(self.weights)
            mode = MODES[min(int(np.searchsorted(steps, pick, side="right")), len(MODES) - 1)]
        outward = 1.0 if rng.random() < drawn.bulge_probability else -1.0
        skirted = rng.random() < drawn.skirt_probability
        share = drawn.radius if mode == "dent" else drawn.region_radius
        radius = max(share * surface.part_size_px, SMALLEST_PX)
        site = pick_calm_site(surface, radius, rng)  # threads and ribs do not dent as plates do
        outline = Mouths(
            radius=np.array([radius]),
            aspect=np.array([drawn.aspect * (BAND_ASPECT if mode == "bend" else 1.0)]),
            angle=np.array([rng.uniform(0, np.pi)]),
            relative=harmonic_rims(1, drawn.irregularity, RIM_HURST, rng),
        )
        place = _WarpedRegion(surface, site, outline, drawn)
        if mode == "dent":
            return _dented(place, outward, rng, skirted=skirted)
        if mode == "bend":
            return _bent(place, outward, rng)
        return _warped(place, rng)


class _WarpedRegion:
    """Where a deformed region lies, and how far each of its points is from the centre."""

    def __init__(
        self, surface: Surface, site: tuple[int, int], outline: Mouths, drawn: Warpage
    ) -> None:
        self.surface = surface
        self.site = site
        self.outline = outline
        self.drawn = drawn
        self.radius = float(outline.radius[0])

    def grid(self, reach: float, cells: int) -> Grid:
        """Return a grid over everything within `reach` radii."""
        far = int(np.ceil(self.outline.reach(0) * reach)) + 1
        row, col = self.site
        return Grid.over(
            Box(
                max(row - far, 0),
                max(col - far, 0),
                min(row + far + 1, self.surface.shape[0]),
                min(col + far + 1, self.surface.shape[1]),
            ),
            cells,
        )

    def share(self, grid: Grid) -> Float32:
        """Return the distance from the centre in units of the outline, on the grid."""
        return mouth_field(self.outline, 0, grid.offsets(*self.site))[0]

    def layer(
        self, grid: Grid, support: Mask, height: Float32, measured: dict[str, float]
    ) -> DefectLayer:
        """Return the layer; `height` in pixels on the pixels of the grid's box."""
        return DefectLayer(
            kind="warpage",
            origin=(grid.box.top, grid.box.left),
            support=support,
            height=height * np.float32(self.surface.mm_per_px),
            parameters=self.drawn.numbers,
            measured={"radius_px": self.radius, **measured},
        )


def _dented(
    place: _WarpedRegion, outward: float, rng: np.random.Generator, *, skirted: bool
) -> DefectLayer:
    drawn = place.drawn
    shape = Dent(
        depth=drawn.slope,
        hardening=drawn.hardening,
        balanced=not skirted,
        skirt=drawn.skirt_depth.draw(rng),
        sheet=bool(rng.random() < drawn.plate_probability),
    )
    lean = rng.uniform(0, 2 * np.pi)
    grid = place.grid(DENT_REACH, DENT_CELLS)
    share = place.share(grid)
    height = sampled(dent_profile(shape), share) * np.float32(-outward * place.radius)
    down, right = grid.offsets(*place.site)
    along = (np.float32(np.sin(lean)) * down + np.float32(np.cos(lean)) * right) / np.float32(
        place.radius
    )
    # Odd about the centre: one side gets deeper by what the other loses.
    inner = 1 - np.minimum(share, 1) ** 2
    height *= 1 + np.float32(drawn.asymmetry) * np.clip(along, -1, 1) * inner
    support = grid.refine(share) < DENT_REACH
    fine = _cut(grid.refine(height.astype(np.float32), smooth=True), support)
    cap = float(np.abs(height[share < 1]).sum(dtype=np.float64))
    return place.layer(
        grid,
        support,
        fine,
        {
            "pile_up_ratio": pile_up_ratio(drawn.hardening),
            "volume_balance": float(height.sum(dtype=np.float64)) / cap if cap > 0 else 0.0,
            "depth_over_radius": float(np.abs(height).max()) / place.radius,
        },
    )


def _bent(place: _WarpedRegion, outward: float, rng: np.random.Generator) -> DefectLayer:
    drawn = place.drawn
    grid = place.grid(1.0, PLATE_CELLS)
    share = place.share(grid)
    load = _loads(place, grid, outward, rng).astype(np.float64)
    length = max(drawn.stiffness * place.radius / grid.step, 0.5)
    rigidity = length**4
    deflection = plate_deflection(load, rigidity, 1.0)
    residual = plate_residual(deflection, load, rigidity, 1.0)
    height = deflection.astype(np.float32) * _at_rest(share)
    steepest = _rms_slope(height, grid.step, share < 1)
    if steepest > 0:
        height *= np.float32(drawn.tilt / steepest)
    support = grid.refine(share) < 1
    fine = _cut(grid.refine(height, smooth=True), support)
    return place.layer(
        grid, support, fine, {"plate_residual": residual, "plate_length_px": length * grid.step}
    )


def _loads(place: _WarpedRegion, grid: Grid, outward: float, rng: np.random.Generator) -> Float32:
    """Press and pull on the region along bands of about one direction.

    A single spot would give the smooth bubble that stiff parts never show.
    """
    drawn = place.drawn
    load = np.zeros(grid.shape, dtype=np.float32)
    main = float(place.outline.angle[0])
    for number in range(max(int(drawn.loads), 1)):
        away, turn = LOADED * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        direction = main + rng.normal(0, LOAD_TURN)
        length, width = drawn.load_half_length.draw(rng), drawn.load_half_width.draw(rng)
        force = drawn.load_force.draw(rng) * (1.0 if number == 0 or rng.random() < 0.5 else -1.0)
        row, col = place.site
        shift = away * place.radius
        down, right = grid.offsets(row + shift * np.sin(turn), col + shift * np.cos(turn))
        cos, sin = np.float32(np.cos(direction)), np.float32(np.sin(direction))
        along = (cos * right + sin * down) / np.float32(length * place.radius)
        across = (cos * down - sin * right) / np.float32(width * place.radius)
        load += np.float32(outward * force) * np.exp(-along * along - across * across)
    return load


def _warped(place: _WarpedRegion, rng: np.random.Generator) -> DefectLayer:
    drawn = place.drawn
    grid = place.grid(1.0, WARP_CELLS)
    share = place.share(grid)
    features = drawn.feature_size * place.radius / grid.step
    material, potential = helmholtz_field(_at_rest(share), features, drawn.curl, rng)
    strain = stretch(material)
    if strain > 0:
        scale = np.float32(drawn.stretch / strain)
        material, potential = material * scale, potential * scale
    inverse = invert(material)
    support = grid.refine(share) < 1
    moved = grid.refine(inverse * np.float32(grid.step))
    np.multiply(moved, support[..., None], out=moved)
    # What is squeezed rises: the relief's Laplacian follows the divergence of the displacement.
    squeezed = potential * np.float32(grid.step**2 * SQUEEZE / max(place.radius, 1.0))
    fine = _cut(grid.refine(squeezed.astype(np.float32), smooth=True), support)
    measured = {
        "least_determinant": least_determinant(inverse),
        "largest_shift_px": float(np.abs(inverse).max()) * grid.step,
    }
    layer = place.layer(grid, support, fine, measured)
    return replace(layer, displacement=moved)


def _cut(height: Float32, support: Mask) -> Float32:
    """Set the traces that interpolation left outside the support to 0, in place."""
    np.multiply(height, support, out=height)
    return height


def _at_rest(share: Float32) -> Float32:
    """Return 1 well inside the outline, falling to 0 on it with two flat derivatives."""
    return fade((1 - share) / BORDER_SHARE).astype(np.float32)


def _rms_slope(height: Float32, step: int, inside: Mask) -> float:
    if min(height.shape) < 2 or not inside.any():
        return 0.0
    rows, cols = (np.asarray(part) for part in np.gradient(height, step))
    return float(np.sqrt(np.mean((rows**2 + cols**2)[inside])))
