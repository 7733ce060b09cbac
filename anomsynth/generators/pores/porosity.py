"""Porosity: gas that was trapped while a part solidified, now open at its surface."""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    NonNegative,
    NonNegativeBounds,
    Positive,
    PositiveBounds,
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
from anomsynth.fields.outlines import Mouths, harmonic_rims
from anomsynth.generators.pores._chords import chords
from anomsynth.generators.pores._pits import PitFields, Pits, sink_pits
from anomsynth.generators.pores._points import Points, scatter_clusters, scatter_independent
from anomsynth.generators.pores._sizes import cut_spheres, draw_coarsened, draw_lognormal
from anomsynth.surface.sites import are_allowed, pick_site

RIM_HURST = 1.3  # surface tension smooths the wall of a bubble
MOST_RADIUS = 0.2  # of the part's size
SPHERES = 256  # buried ones that a cut chooses from
DEEPEST = 2.5  # radii of the mouth; deeper down nothing is seen
FACING = 0.55, 0.95  # cosine to the light between which a smooth wall begins to glint
ALIGNED = 0.25  # radians, scatter of the long axes about the flow
Float64 = NDArray[np.float64]


class Porosity(Generator):
    """Blowholes and voids: smooth, dark, deep, one alone or many in a cloud.

    Radii are those of bubbles coarsened by diffusion [1]_ or lognormal; where the surface was
    ground or machined it cuts buried spheres [2]_, and small mouths may open into large voids.
    Bubbles that a flow has stretched are long and lie parallel. Their walls are smooth: opposite
    the light they show a crescent.

    In a radiograph they lie inside, as ellipsoids whose axis along the ray is the shorter one of
    their outline: the chord at q, in units of the outline, is ``2 b sqrt(1 - q^2)``. Filled with
    something that absorbs the `filling` of the material's they are inclusions, over ``1 - filling``
    of the chord.

    References
    ----------
    .. [1] I. M. Lifshitz, V. V. Slyozov, Journal of Physics and Chemistry of Solids 19, 1961.
    .. [2] S. D. Wicksell, "The corpuscle problem", Biometrika 17, 1925.
    """

    law: ClassVar[str] = (
        "g(u) = 4/9 u^2 (3/(3+u))^(7/3) (1.5/(1.5-u))^(11/3) exp(-u/(1.5-u)); r^2 = R^2 - z^2"
    )
    source: ClassVar[str] = "Lifshitz & Slyozov 1961; Wagner 1961; Wicksell 1925"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure(
            "width",
            "radius_mm",
            2,
            measured="largest_radius_px",
            measured_times=2,
            alone={"count": 1},
        ),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["porosity"] = "porosity"
    sizes: Literal["coarsened", "lognormal", "mixed"] = parameter(
        "mixed", "choice", "law of the radii, or either"
    )
    coarsened_probability: Probability = parameter(
        0.5, "probability", "mixed: that radii are those of coarsened bubbles"
    )
    count: SizeRange = parameter((1, 40), "count", "pores, rounded; log-uniform")
    radius_mm: SizeRange = parameter((0.12, 2.5), "mm", "mean (coarsened) or median radius")
    spread: UnitRange = parameter(
        (0.3, 0.6), "relative", "lognormal: standard deviation of the radii's logarithm"
    )
    cut_probability: UnitRange = parameter(
        0.5, "probability", "that the surface cuts buried spheres", was="cut_share"
    )
    size: ShareRange = parameter(
        (0.03, 0.8), "of part size", "side of the porous area", was="region"
    )
    cloud_width: PositiveBounds = parameter(
        (0.35, 1.0), "of length", "width of that area, at the same number of pores per area"
    )
    cluster_probability: UnitRange = parameter(
        0.5, "probability", "that pores lie in clusters", was="cluster_share"
    )
    per_cluster: Positive = parameter(5.0, "count", "pores of a cluster in the mean")
    stretch: SizeRange = parameter((1.0, 4.0), "ratio", "length over width of the longest pores")
    stretch_scatter: PositiveBounds = parameter(
        (0.3, 1.0), "exponent", "power of that ratio for each pore"
    )
    irregularity: UnitRange = parameter((0.0, 0.16), "of radius", "first harmonic of the mouth")
    depth_ratio: SizeRange = parameter((0.4, 1.6), "of radius", "depth where nothing was cut")
    depth_scatter: PositiveBounds = parameter(
        (0.8, 1.2), "relative", "factor of that depth for each pore"
    )
    section: PositiveBounds = parameter(
        (2.0, 5.0), "exponent", "e of the section of each pore: 2 bowl, 5 flat"
    )
    albedo: SizeRange = parameter(
        (0.22, 0.6), "relative", "reflectance of the wall over the surface's"
    )
    albedo_scatter: NonNegative = parameter(
        0.1, "relative", "standard deviation of its logarithm among pores"
    )
    softness: SizeRange = parameter((0.05, 0.45), "of radius", "width of the mouth's edge")
    glint: UnitRange = parameter(
        (0.0, 0.6), "share", "of the way to full brightness, in the crescent opposite the light"
    )
    wall_roughness: SizeRange = parameter((0.05, 0.25), "rms slope", "facets of the walls")
    filling: NonNegativeBounds = parameter(
        0.0, "relative", "radiographs: what fills them absorbs this of the material's; 0 gas"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one group of pores; raise PlacementError if nothing is allowed."""
        drawn, pits, measured = self._group(surface, rng)
        box = pits.box(surface.shape)
        fields = sink_pits(pits, box, rng)
        return DefectLayer(
            kind="porosity",
            origin=(box.top, box.left),
            support=(fields.coverage > 0) | (fields.height < 0),
            coverage=fields.coverage,
            albedo=_with_crescents(fields, drawn.glint, surface),
            height=fields.height * np.float32(surface.mm_per_px),
            openness=fields.openness,
            parameters=drawn.numbers,
            measured={**measured, "area_px": float(fields.coverage.sum(dtype=np.float64))},
        )

    def transmit(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one group of voids or inclusions; raise PlacementError if nothing is allowed."""
        drawn, pits, measured = self._group(surface, rng)
        box = pits.box(surface.shape)
        chord = chords(pits.centres, pits.mouths, box) * np.float32(surface.mm_per_px)
        missing = chord * np.float32(1 - drawn.filling.draw(rng))
        return DefectLayer(
            kind="porosity",
            origin=(box.top, box.left),
            support=missing != 0,
            chord=missing,
            parameters=drawn.numbers,
            measured={
                **measured,
                "area_px": float(np.count_nonzero(chord)),
                "volume_mm3": float(chord.sum(dtype=np.float64)) * surface.mm_per_px**2,
            },
        )

    def _group(
        self, surface: Surface, rng: np.random.Generator
    ) -> tuple["Porosity", Pits, dict[str, float]]:
        """Return what was drawn, the pores, and what is measured of them."""
        drawn = self.draw_ranges(rng)
        law, cut, clustered, axis = rng.random(4)
        coarsened = self.sizes == "coarsened" or (
            self.sizes == "mixed" and law < drawn.coarsened_probability
        )
        site = pick_site(surface, rng)
        count = max(round(drawn.count), 1)
        cut_open = bool(cut < drawn.cut_probability)
        radii, depth = _bubbles(count, drawn, rng, coarsened=coarsened, cut=cut_open)
        largest = MOST_RADIUS * max(surface.part_size_px, 4.0)
        scale = min(1 / surface.mm_per_px, largest / float(radii.max()))
        radii, depth = radii * scale, depth * scale
        centres = _places(radii, drawn, surface, clustered < drawn.cluster_probability, rng)
        centres += site + rng.uniform(-0.5, 0.5, 2)  # anywhere in a pixel
        kept = are_allowed(centres, surface)
        kept[0] = True
        radii, depth, number = radii[kept], depth[kept], int(kept.sum())
        pits = Pits(
            centres=centres[kept],
            mouths=Mouths(
                radius=radii,
                aspect=drawn.stretch ** drawn.stretch_scatter.uniform(rng, number),
                angle=np.pi * axis + rng.normal(0, ALIGNED, number),
                relative=harmonic_rims(number, drawn.irregularity, RIM_HURST, rng, radii),
            ),
            depth=depth,
            exponent=drawn.section.uniform(rng, number),
            albedo=drawn.albedo * np.exp(rng.normal(0, drawn.albedo_scatter, number)),
            softness=drawn.softness,
            roughness=drawn.wall_roughness,
        )
        measured = {
            "pores": float(number),
            "mean_radius_mm": float(radii.mean()) * surface.mm_per_px,
            "largest_radius_px": float(radii.max()),
        }
        return drawn, pits, measured


def _bubbles(
    count: int, drawn: Porosity, rng: np.random.Generator, *, coarsened: bool, cut: bool
) -> tuple[Float64, Float64]:
    """Return radius of the mouth and depth of `count` pores, millimeters."""
    many = SPHERES if cut else count
    if coarsened:
        radii = draw_coarsened(many, drawn.radius_mm, rng)
    else:
        radii = draw_lognormal(many, drawn.radius_mm, drawn.spread, rng)
    if not cut:
        return radii, radii * drawn.depth_ratio * drawn.depth_scatter.uniform(rng, count)
    mouth, depth, _ = cut_spheres(radii, count, rng)
    return mouth, np.clip(depth, 0.1 * mouth, DEEPEST * mouth)


def _places(
    radii: Float64, drawn: Porosity, surface: Surface, clustered: bool, rng: np.random.Generator
) -> Points:
    """Return centres relative to the first one, pixels; the cloud is longer than it is wide."""
    room = float(np.sqrt(np.pi * (radii**2).sum()))
    side = max(drawn.size * surface.part_size_px, 2.5 * room)
    slim, turn = drawn.cloud_width.draw(rng), np.pi * rng.random()
    if clustered:
        spread = min(3 * float(radii.max()), side / 6)
        points = scatter_clusters(
            len(radii), (side, side), per_cluster=drawn.per_cluster, spread=spread, rng=rng
        )
    else:
        points = scatter_independent(len(radii), (side, side), rng)
    points = (points - points[0]) * np.array([np.sqrt(slim), 1 / np.sqrt(slim)])
    cos, sin = np.cos(turn), np.sin(turn)
    return points @ np.array([[cos, sin], [-sin, cos]])


def _with_crescents(fields: PitFields, glint: float, surface: Surface) -> Float32:
    """Brighten the walls that face the light: a smooth wall mirrors some of it."""
    if glint == 0 or min(fields.height.shape) < 2:
        return fields.albedo
    down, across, _ = surface.light.vector
    flat = max(float(np.hypot(down, across)), 1e-6)
    rows, cols = (np.asarray(part, dtype=np.float32) for part in np.gradient(fields.height))
    steep = np.sqrt(rows * rows + cols * cols)
    # Heights rise towards the viewer: a wall faces where it falls off to.
    facing = -(rows * np.float32(down / flat) + cols * np.float32(across / flat))
    facing /= np.maximum(steep, np.float32(1e-6))
    lit = np.clip((facing - FACING[0]) / (FACING[1] - FACING[0]), 0, 1)
    lit *= np.clip(2 * steep - np.float32(0.3), 0, 1) * np.float32(glint)
    return np.asarray(fields.albedo + (1 - fields.albedo) * lit, dtype=np.float32)
