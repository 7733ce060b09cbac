"""Pitting: pores and corrosion pits that nucleate and grow, and surface broken away in regions."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeBounds,
    PositiveBounds,
    Probability,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm
from anomsynth.fields.outlines import (
    Mouths,
    grown_polygon,
    harmonic_rims,
    joined_rims,
    random_polygon,
    squared_rims,
)
from anomsynth.fields.regions import box_around
from anomsynth.generators.pores._broken_regions import BrokenRegion, break_away
from anomsynth.generators.pores._pits import Pits, sink_pits
from anomsynth.generators.pores._points import (
    Points,
    clark_evans,
    scatter_clusters,
    scatter_independent,
    scatter_repelling,
)
from anomsynth.surface.sites import (
    are_allowed,
    pick_calm_site,
    pick_edge_site,
    pick_site,
)

PROCESSES = ("csr", "thomas", "inhibited")
RIM_HURST = 0.8
MOST_RADIUS = 0.25  # of the part's size: a larger "pit" would be a missing part
MOST_CELLS = 256  # grid of a region's slow fields
PER_CLUSTER = 6.0  # pits of a cluster in the mean [closure]
CLUSTER_SPREAD = 2.5  # standard deviation of a cluster over the largest radius [closure]
ALIGNED = 0.5  # radians, scatter of the mouths' long axes about their common direction
BITE = -0.35, 0.9  # where regions at the outline begin and how far on they go inwards, half widths
ROUNDING = 0.0, 0.2  # radius of their corners over the half width, before a power
SHARP = 1.5  # that power: most corners are sharp
ASKEW = 0.12  # radians, standard deviation from the direction of the outline


class Pitting(Generator):
    """Pits by nucleation and growth, or (mode polygon) the paper's Pitting Loss.

    Pits nucleate uniformly in time as a point process and grow as ``r = K age**n``, so that radii
    follow ``F(r) = (r / r_max)**(1/n)`` [1]_ [2]_; one pit alone is a pore or blowhole. In mode
    ``polygon`` one region of the surface is lost: a random polygon whose border has grown
    unevenly, often biting into the outline of the part, with a fracture surface as floor [3]_.

    References
    ----------
    .. [1] P. C. Pistorius, G. T. Burstein, "Metastable pitting corrosion of stainless steel and
       the transition to stability", Philosophical Transactions A 341, 1992.
    .. [2] J. L. Velazquez et al., "Predictive model for pitting corrosion in buried oil and gas
       pipelines", Corrosion 65, 2009.
    .. [3] E. Bouchaud, G. Lapasset, J. Planes, Europhysics Letters 13, 1990.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> surface = make_surface(300, 300, mm_per_px=0.1)
    >>> layer = Pitting(count=8, radius_mm=1, depth_ratio=0.5).generate(surface, stream(0))
    >>> layer.parameters["radius_mm"], layer.measured["largest_radius_px"]
    (1.0, 10.0)
    >>> bool(layer.height.min() < -0.4)  # millimeters
    True
    """

    law: ClassVar[str] = "r = K age^n, F(r) = (r/r_max)^(1/n); z = -d (1 - q^e)"
    source: ClassVar[str] = "Pistorius & Burstein 1992; Velazquez et al. 2009; ASTM G46"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure(
            "width",
            "radius_mm",
            2,
            measured="largest_radius_px",
            measured_times=2,
            alone={"count": 1, "mode": "nucleated"},
        ),
        SizeMeasure(
            "depth", "depth_ratio", of="radius_mm", alone={"count": 1, "mode": "nucleated"}
        ),
        SizeMeasure("area", "area_share", measured="area_share", alone={"mode": "polygon"}),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["pitting"] = "pitting"
    mode: Literal["nucleated", "polygon", "mixed"] = parameter(
        "nucleated", "choice", "pits that grow, one grown polygon, or either"
    )
    polygon_probability: Probability = parameter(0.5, "probability", "mixed: that a region is lost")
    process: Literal["csr", "thomas", "inhibited", "mixed"] = parameter(
        "mixed", "choice", "independent, clustered or mutually protecting pits, or any"
    )
    count: SizeRange = parameter((1, 30), "count", "pits, rounded; log-uniform")
    radius_mm: SizeRange = parameter((0.3, 1.6), "mm", "radius of the oldest pit's mouth")
    growth_exponent: SignedRange = parameter((1 / 3, 0.7), "exponent", "n of r = K age^n")
    size: ShareRange = parameter(
        (0.05, 0.5), "of part size", "side of the area that is pitted", was="region"
    )
    aspect: SizeRange = parameter((1.0, 2.6), "ratio", "length over width of the mouths")
    aspect_scatter: PositiveBounds = parameter(
        (0.7, 1.1), "exponent", "power of that ratio for each mouth"
    )
    irregularity: UnitRange = parameter((0.05, 0.2), "of radius", "first harmonic of the mouth")
    squareness: SizeRange = parameter((1.8, 3.6), "exponent", "of the mouth's superellipse")
    squareness_scatter: PositiveBounds = parameter(
        (0.9, 1.1), "relative", "factor of that exponent for each mouth"
    )
    depth_ratio: SizeRange = parameter((0.12, 0.9), "of radius", "depth")
    section: SizeRange = parameter((1.8, 8.0), "exponent", "e of the section: 2 bowl, 8 flat")
    section_scatter: PositiveBounds = parameter(
        (0.85, 1.15), "relative", "factor of that exponent for each pit"
    )
    albedo: SizeRange = parameter(
        (0.42, 0.8), "relative", "reflectance of the bottom over the surface's"
    )
    albedo_scatter: NonNegative = parameter(
        0.08, "relative", "standard deviation of its logarithm among pits"
    )
    softness: SizeRange = parameter((0.08, 0.7), "of radius", "width of the mouth's edge")
    halo: UnitRange = parameter((0.0, 0.05), "optical depth", "stain around the mouths")
    halo_width: PositiveBounds = parameter(
        (0.4, 1.2), "of radius", "distance over which the stain fades"
    )
    area_share: ShareRange = parameter((0.001, 0.3), "of part area", "polygon: area of the region")
    vertices: Count = parameter((5, 11), "count", "polygon: corners")
    elongation: SizeRange = parameter((1.0, 5.0), "ratio", "polygon: length over width")
    growth: UnitRange = parameter((0.02, 0.22), "of radius", "polygon: uneven growth of its border")
    edge_probability: UnitRange = parameter(
        0.55, "probability", "polygon: that it bites into the outline", was="edge_share"
    )
    corner_probability: Probability = parameter(
        0.3, "probability", "polygon at the outline: that it lies at a corner"
    )
    floor_albedo: SizeRange = parameter(
        (0.4, 0.85), "relative", "polygon: reflectance of the floor over the surface's"
    )
    bright_probability: UnitRange = parameter(
        0.15, "probability", "polygon: that its floor is brighter", was="bright_share"
    )
    opacity: UnitRange = parameter((0.55, 1.0), "share", "polygon: of the surface that is gone")
    roughness: SizeRange = parameter((0.03, 0.15), "rms slope", "polygon: relief of the floor")
    rim_slope: SizeRange = parameter((0.03, 0.5), "ratio", "polygon: slope of the step at the rim")
    rim_width: NonNegativeBounds = parameter(
        (0.0, 0.03), "of radius", "polygon: width of that step, beside 1.5 pixels"
    )
    wall_roughness: SizeRange = parameter((0.05, 0.25), "rms slope", "facets of the pits' walls")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return pits or one lost region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        nucleated = rng.random() < 1 - drawn.polygon_probability
        any_process = PROCESSES[int(rng.random() * len(PROCESSES))]
        if self.mode == "polygon" or (self.mode == "mixed" and not nucleated):
            return _lost_region(surface, drawn, rng)
        process = any_process if self.process == "mixed" else self.process
        return _nucleated_pits(surface, drawn, process, rng)


def grow_radii(
    count: int, largest: float, exponent: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nucleate uniformly in time and grow: ``r = largest * age**exponent``.

    The first pit's nucleation starts the clock.

    Returns
    -------
    ages : (count,) float64 in (0, 1], the first one 1
    radii : (count,) float64, in the unit of `largest`
    """
    ages = 1 - rng.random(count)
    ages[0] = 1.0
    return ages, largest * ages**exponent


def place_pits(
    process: str, count: int, side: float, radius: float, rng: np.random.Generator
) -> Points:
    """Return at most `count` points in a square of `side` for pits of `radius`, same unit."""
    extent = (side, side)
    if process == "thomas":
        return scatter_clusters(
            count,
            extent,
            per_cluster=PER_CLUSTER,
            spread=min(CLUSTER_SPREAD * radius, side / 6),
            rng=rng,
        )
    if process == "inhibited":
        return scatter_repelling(count, extent, min(3 * radius, 0.7 * side / np.sqrt(count)), rng)
    return scatter_independent(count, extent, rng)


def _nucleated_pits(
    surface: Surface, drawn: Pitting, process: str, rng: np.random.Generator
) -> DefectLayer:
    site = pick_site(surface, rng)
    largest = min(drawn.radius_mm / surface.mm_per_px, MOST_RADIUS * max(surface.part_size_px, 4.0))
    count = max(round(drawn.count), 1)
    # No denser than pits that have hardly begun to merge: petals are no pits.
    side = max(drawn.size * surface.part_size_px, largest * np.sqrt(2 * np.pi * (count + 1)))
    points = place_pits(process, count, side, largest, rng)
    regularity, z_score = clark_evans(points, (side, side))
    ages, radii = grow_radii(len(points), largest, drawn.growth_exponent, rng)
    centres = points - points[0] + site + rng.uniform(-0.5, 0.5, 2)  # anywhere in a pixel
    kept = are_allowed(centres, surface)
    kept[0] = True
    number = int(kept.sum())
    mouths = _draw_mouths(radii[kept], drawn, rng)
    pits = Pits(
        centres=centres[kept],
        mouths=mouths,
        depth=radii[kept] * drawn.depth_ratio,
        exponent=np.maximum(drawn.section * drawn.section_scatter.uniform(rng, number), 1.2),
        albedo=drawn.albedo * np.exp(rng.normal(0, drawn.albedo_scatter, number)),
        softness=drawn.softness,
        roughness=drawn.wall_roughness,
        halo=drawn.halo if drawn.halo > 0.02 else 0.0,
        halo_width=drawn.halo_width.draw(rng),
    )
    box = pits.box(surface.shape)
    fields = sink_pits(pits, box, rng)
    support = (fields.coverage > 0) | (fields.height < 0)
    if fields.absorbance is not None:
        support |= fields.absorbance > 0
    return DefectLayer(
        kind="pitting",
        origin=(box.top, box.left),
        support=support,
        coverage=fields.coverage,
        albedo=fields.albedo,
        height=fields.height * np.float32(surface.mm_per_px),
        openness=fields.openness,
        absorbance=fields.absorbance,
        parameters=drawn.numbers,
        measured={
            "pits": float(number),
            "growth_exponent": _slope(np.log(ages), np.log(radii)),
            "clark_evans": regularity,
            "clark_evans_z": z_score,
            "largest_radius_px": float(radii.max()),
            "area_px": float(fields.coverage.sum(dtype=np.float64)),
        },
    )


def _draw_mouths(radii: NDArray[np.float64], drawn: Pitting, rng: np.random.Generator) -> Mouths:
    """Draw outlines that share a family likeness but differ in stretch and direction."""
    count = len(radii)
    rims = harmonic_rims(count, drawn.irregularity, RIM_HURST, rng, radii)
    squares = squared_rims(
        np.clip(drawn.squareness * drawn.squareness_scatter.uniform(rng, count), 1.5, 6)
    )
    axis = rng.uniform(0, np.pi)
    return Mouths(
        radius=radii,
        aspect=np.maximum(drawn.aspect ** drawn.aspect_scatter.uniform(rng, count), 1.0),
        angle=axis + rng.normal(0, ALIGNED, count),
        relative=joined_rims(rims, squares),
    )


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    spread = x - x.mean()
    power = float((spread**2).sum())
    return float((spread * (y - y.mean())).sum() / power) if power > 0 else 0.0


def _lost_region(surface: Surface, drawn: Pitting, rng: np.random.Generator) -> DefectLayer:
    seat = _seat(surface, drawn, rng)
    area = max(drawn.area_share * surface.part_area_px / seat.shown, 9.0)
    long = min(np.sqrt(area * drawn.elongation / np.pi), 0.7 * max(surface.part_size_px, 4.0))
    wide = area / (np.pi * long)
    corners = random_polygon(int(drawn.vertices), (long, wide), seat.angle, rng)
    corners += np.asarray(seat.site) + np.asarray(seat.shift) * wide
    uneven = drawn.growth * min(long, wide)
    box = box_around(corners, 2.5 * uneven + 2, surface.shape)
    grid = Grid.over(box, MOST_CELLS)
    growth = np.float32(uneven) * fbm(grid.shape, RIM_HURST, rng)
    rounding = float(rng.uniform(*ROUNDING) ** SHARP) * min(long, wide)
    phi = grown_polygon(corners, grid, growth, rounding)
    if not (phi > 0).any():
        down, right = grid.offsets(*np.clip(corners.mean(axis=0), 0, np.asarray(surface.shape) - 1))
        phi = (np.float32(min(long, wide) + 1) - np.hypot(down, right)).astype(np.float32)
    size = min(long, wide)
    bright = rng.random() < drawn.bright_probability
    region = BrokenRegion(
        albedo=drawn.floor_albedo ** (-0.7 if bright else 1.0),
        opacity=drawn.opacity,
        roughness=drawn.roughness,
        rim_slope=drawn.rim_slope,
        rim_px=1.5 + drawn.rim_width.draw(rng) * size,
        size_px=size,
    )
    fields = break_away(phi, region, grid, rng)
    np.multiply(fields.height, np.float32(surface.mm_per_px), out=fields.height)
    every = (slice(None, None, grid.step), slice(None, None, grid.step))
    lost = surface.foreground[box.slices][every] & (fields.coverage[every] > 0)
    return DefectLayer(
        kind="pitting",
        origin=(box.top, box.left),
        support=fields.support,
        coverage=fields.coverage,
        albedo=fields.albedo,
        height=fields.height,
        openness=fields.openness,
        thin=True,
        parameters=drawn.numbers,
        measured={
            "area_share": np.count_nonzero(lost) * grid.step**2 / max(surface.part_area_px, 1),
            "at_outline": float(seat.shown < 1),
        },
    )


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a region lies.

    `site` is a place (row, col) of the part, `shift` how far from it the middle lies in half
    widths (row, col), `angle` the direction of the long axis in radians, `shown` roughly the share
    in (0, 1] of the region that lies on the part.
    """

    site: tuple[int, int]
    shift: tuple[float, float]
    angle: float
    shown: float


def _seat(surface: Surface, drawn: Pitting, rng: np.random.Generator) -> _Seat:
    """Choose where a region lies: anywhere, or biting into the outline."""
    at_outline = rng.random() < drawn.edge_probability and len(surface.edge_sites) > 0
    at_corner = rng.random() < drawn.corner_probability
    turn, shift = rng.uniform(0, np.pi), rng.random()
    if not at_outline:
        # A broken region needs a body to break from: tufts and threads have none.
        reach = 0.5 * np.sqrt(drawn.area_share) * surface.part_size_px
        return _Seat(pick_calm_site(surface, float(reach), rng), (0.0, 0.0), turn, 1.0)
    (row, col), (in_row, in_col) = pick_edge_site(surface, rng)
    if at_corner:
        toward = np.array([np.cos(2 * turn), np.sin(2 * turn)])
        far = int((surface.edge_sites @ toward).argmax())
        row, col = (int(part) for part in surface.edge_sites[far])
        in_row, in_col = (float(part) for part in surface.edge_normals[far])
    depth = BITE[0] + BITE[1] * shift
    angle = float(np.arctan2(in_col, -in_row)) + float(rng.normal(0, ASKEW))
    return _Seat((row, col), (in_row * depth, in_col * depth), angle, 0.55 + 0.4 * depth)
