"""Dust: particles that settled on the part, and chips of metal from machining."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeRange,
    PositiveBounds,
    Probability,
    ShareRange,
    SizeRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, joined_rims, squared_rims
from anomsynth.generators.loose._particles import (
    AREA_MM2,
    Bodies,
    Spots,
    convex_rims,
    draw_sizes,
    particles_above,
    rasterise,
)
from anomsynth.generators.loose._tints import neutral_gain, tint_of
from anomsynth.surface.sites import pick_site

FINEST_PX = 0.7  # a particle below this size is not seen
MOST = 400  # particles of one defect; the rest would be a film
LARGEST = 0.12  # of the part's size
FACETED_PX = 1.6  # radius from which facets and caps show
GATHERED = 0.29  # standard deviation of places over the patch's side: that of an even square
SPLINTERED = 0.45  # standard deviation of the logarithm of splinters' aspects
# Of dust and of chips: first harmonic of the outline over the radius; log light among facets.
ROUGH = 0.12, 0.06
UNEQUAL = 0.12, 0.7
RIM_HURST = 0.6
GLINT = 0.9  # log light by which one facet of a splinter mirrors more than the others
BRIGHTEST = 8.0  # times the part's own brightness
UNEVEN = 0.22  # log light: how uneven the faces of larger bodies are; none is polished
UNEVEN_PX = 1.7
RIDGE_AWAY = 0.6  # farthest a ridge between facets lies from the middle, of the radius


class Dust(Generator):
    """Particles on a patch of the part, with the shadows they cast.

    Mode ``dust``: sizes and number follow the cleanliness standard CC1246 [1]_ for its level and
    the area of the patch, cut where particles are too small to be seen; they gather towards the
    middle of the patch. Mode ``chips``: a few flat, angular splinters of metal whose facets either
    mirror the light or turn dark. ``mixed`` is either.

    References
    ----------
    .. [1] IEST-STD-CC1246, "Product cleanliness levels and contamination control program".

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> chips = Dust(mode="chips", chips=3, chip_length_mm=1.5, shadow=0)
    >>> layer = chips.generate(make_surface(mm_per_px=0.1), stream(0))
    >>> int(layer.measured["particles"]), layer.absorbance is None
    (3, True)
    """

    law: ClassVar[str] = "log10 N(>x) = 0.926 (log10(level)^2 - log10(x)^2) per 0.1 m^2, x in um"
    source: ClassVar[str] = "IEST-STD-CC1246"
    has_relief: ClassVar[bool] = True

    kind: Literal["dust"] = "dust"
    mode: Literal["dust", "chips", "mixed"] = parameter(
        "mixed", "choice", "settled particles, splinters of metal, or either"
    )
    chips_probability: Probability = parameter(0.3, "probability", "mixed: that it is chips")
    level: SizeRange = parameter((300, 1500), "um", "dust: cleanliness level, its largest particle")
    size: ShareRange = parameter(
        (0.05, 0.6), "of part size", "dust: side of the dusty patch", was="region"
    )
    chips: Count = parameter((1, 5), "count", "chips: how many")
    chip_length_mm: SizeRange = parameter(
        (0.4, 6), "mm", "chips: length of the largest", was="chip_mm"
    )
    chip_length_scatter: UnitBounds = parameter(
        (0.25, 1.0), "relative", "chips: factor of the length of each other, to the power 2/3"
    )
    chip_distance: PositiveBounds = parameter((1, 4), "of length", "chips: how far they lie apart")
    aspect: SizeRange = parameter((1.1, 1.9), "ratio", "median length over width")
    aspect_scatter: NonNegative = parameter(
        0.25, "relative", "dust: standard deviation of the aspect's logarithm"
    )
    squareness: SizeRange = parameter(
        (1.4, 4), "exponent", "of the superellipse; 1.4 diamond, 4 block"
    )
    squareness_scatter: PositiveBounds = parameter(
        (0.8, 1.25), "relative", "factor of that exponent for each particle"
    )
    broken_probability: Probability = parameter(
        0.6, "probability", "dust: that a particle is an angular fragment instead"
    )
    contrast: SizeRange = parameter(
        (0.35, 1.3), "log light", "how far brightness is from the part's"
    )
    contrast_scatter: NonNegative = parameter(
        0.25, "relative", "standard deviation of its logarithm among particles"
    )
    bright_probability: UnitRange = parameter(
        (0, 1), "probability", "that a particle is brighter than the part", was="bright_share"
    )
    opacity: UnitRange = parameter((0.7, 1), "share", "light that they do not let through")
    saturation: UnitRange = parameter((0, 0.2), "relative", "strength of colours, on colour photos")
    saturation_scatter: NonNegative = parameter(
        0.5, "relative", "standard deviation of its logarithm among particles"
    )
    hue_deg: NonNegativeRange = parameter((0, 360), "degrees", "hue most of them have")
    hue_scatter_deg: NonNegative = parameter(
        25, "degrees", "standard deviation of hues among particles"
    )
    glint: UnitRange = parameter((0.3, 1), "relative", "chips: how unequal their facets are")
    thickness: UnitRange = parameter((0.05, 0.5), "of width", "height over the surface")
    thickness_scatter: NonNegative = parameter(
        0.3, "relative", "standard deviation of its logarithm among particles"
    )
    shadow: UnitRange = parameter((0.2, 0.6), "share", "light that is missing in the shadows")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Scatter the particles; raise PlacementError if no pixel is allowed."""
        drawn = self.draw_ranges(rng)
        metal = (
            rng.random() < self.chips_probability if self.mode == "mixed" else self.mode == "chips"
        )
        site = pick_site(surface, rng)
        case = _DustSite(surface, drawn, metal, site)
        bodies, expected = _chips(case, rng) if metal else _settled(case, rng)
        return _layer(bodies, case, rng, expected)


@dataclass(frozen=True, slots=True)
class _DustSite:
    """One dusty patch on one surface."""

    surface: Surface
    drawn: Dust
    metal: bool
    site: tuple[int, int]


def _settled(case: _DustSite, rng: np.random.Generator) -> tuple[Bodies, float]:
    """Return dust by the cleanliness standard, and how many particles it expects."""
    drawn, scale = case.drawn, case.surface.mm_per_px
    side = max(drawn.size * max(case.surface.part_size_px, 4.0), 2.0)
    smallest = max(FINEST_PX * scale * 1000, 1.0)
    area = (side * scale) ** 2 / AREA_MM2
    expected = particles_above(smallest, drawn.level) * area
    count = int(np.clip(rng.poisson(min(expected, 1e6)), 1, MOST))
    length = draw_sizes(count, smallest, drawn.level, rng) / 1000 / scale
    # Denser in the middle, as a puff of dust or a touched spot is.
    centres = case.site + rng.normal(0, GATHERED * side, (count, 2))
    centres[0] = case.site
    # The site is seen: of all particles the largest lies there.
    length[[0, int(length.argmax())]] = length[[int(length.argmax()), 0]]
    return _shaped(centres, length, case, rng), expected


def _chips(case: _DustSite, rng: np.random.Generator) -> tuple[Bodies, float]:
    drawn = case.drawn
    count = max(int(drawn.chips), 1)
    longest = max(drawn.chip_length_mm / case.surface.mm_per_px, 1.5)
    length = longest * drawn.chip_length_scatter.uniform(rng, count) ** 1.5
    length[0] = longest
    centres = case.site + rng.normal(0, 1, (count, 2)) * longest * drawn.chip_distance.draw(rng)
    centres[0] = case.site
    return _shaped(centres, length, case, rng), float(count)


def _shaped(
    centres: NDArray[np.float64],
    length: NDArray[np.float64],
    case: _DustSite,
    rng: np.random.Generator,
) -> Bodies:
    """Give bodies of some longest dimension, pixels, a shape."""
    drawn, count = case.drawn, len(centres)
    length = np.minimum(length, LARGEST * max(case.surface.part_size_px, 4.0) + 1)
    # Aspect is lognormal around its median, as ground material is; splinters are longer.
    spread = SPLINTERED if case.metal else drawn.aspect_scatter
    aspect = np.clip(drawn.aspect * np.exp(rng.normal(0, spread, count)), 1, 6)
    if case.metal:
        aspect = np.clip(aspect * 1.3, 1, 7)
    radius = length / (2 * np.sqrt(aspect))
    squares = squared_rims(
        np.clip(drawn.squareness * drawn.squareness_scatter.uniform(rng, count), 1.2, 6)
    )
    broken = convex_rims(count, rng)
    angular = rng.random(count) < (1.0 if case.metal else drawn.broken_probability)
    rough = harmonic_rims(count, ROUGH[case.metal], RIM_HURST, rng, 2 + 2 * radius)
    rims = joined_rims(rough, np.where(angular[:, None], broken, squares))
    outlines = Mouths(radius, aspect, rng.uniform(0, 2 * np.pi, count), rims)
    return Bodies(centres + rng.uniform(-0.5, 0.5, (count, 2)), outlines)


def _layer(
    bodies: Bodies, case: _DustSite, rng: np.random.Generator, expected: float
) -> DefectLayer:
    surface, drawn = case.surface, case.drawn
    count = len(bodies.centres)
    width = 2 * bodies.outlines.radius / np.sqrt(bodies.outlines.aspect)
    rise = (
        np.clip(drawn.thickness * np.exp(rng.normal(0, drawn.thickness_scatter, count)), 0.03, 0.8)
        * width
    )
    away, blur = _cast(rise, surface)
    box = _cut(bodies.box(float(2 * blur.max() + np.abs(away).max() + 2)), surface)
    spots = rasterise(bodies, box, np.zeros(count))
    if spots.flat.size == 0:
        raise PlacementError("the particles lie outside the picture")
    coverage = spots.painted(spots.coverage * np.float32(drawn.opacity), box)
    height = _caps(spots, rise, bodies, box)
    tau = _shadows(bodies.moved(away), blur, box, drawn.shadow)
    support = coverage > 0
    if tau is not None:
        support |= tau > 0
    return DefectLayer(
        kind="dust",
        origin=(box.top, box.left),
        support=support,
        coverage=coverage,
        albedo=_albedo(spots, case, count, rng, box),
        height=None if height is None else height * np.float32(surface.mm_per_px),
        absorbance=tau,
        thin=True,
        parameters=drawn.numbers,
        measured={
            "particles": float(count),
            "expected": expected,
            "metal": float(case.metal),
            "largest_px": float(
                (2 * bodies.outlines.radius * np.sqrt(bodies.outlines.aspect)).max()
            ),
            "area_px": float(coverage.sum(dtype=np.float64)),
        },
    )


def _cut(box: Box, surface: Surface) -> Box:
    """Cut a box to the picture, never empty."""
    height, width = surface.shape
    top, left = min(max(box.top, 0), height - 1), min(max(box.left, 0), width - 1)
    return Box(
        top, left, min(max(box.bottom, top + 1), height), min(max(box.right, left + 1), width)
    )


def _cast(
    rise: NDArray[np.float64], surface: Surface
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each body's shadow lies from it, (N, 2), and how soft it is, pixels."""
    down, across, up = surface.light.vector
    away = -rise[:, None] * np.array([down, across]) / max(up, 0.2)
    return away, 0.2 * np.hypot(away[:, 0], away[:, 1]) + 0.5


def _shadows(bodies: Bodies, blur: NDArray[np.float64], box: Box, depth: float) -> Float32 | None:
    """Return the optical depth of all shadows; a Gaussian edge spans about 3.5 deviations."""
    if depth <= 0:
        return None
    spots = rasterise(bodies, box, 3.5 * blur)
    shade = spots.painted(spots.coverage, box)
    tau = np.float32(-0.5) * np.log1p(np.float32(-min(depth, 0.95)) * shade)
    tau[tau < 0.004] = 0
    return tau if tau.any() else None


def _caps(spots: Spots, rise: NDArray[np.float64], bodies: Bodies, box: Box) -> Float32 | None:
    """Return the relief of bodies large enough to show it, pixels."""
    wide = bodies.outlines.radius > FACETED_PX
    if not wide.any():
        return None
    cap = np.sqrt(np.clip(1 - spots.share**4, 0, 1)) * spots.coverage
    cap *= (0.5 * rise * wide).astype(np.float32)[spots.body]
    return spots.painted(cap, box)


def _albedo(
    spots: Spots, case: _DustSite, count: int, rng: np.random.Generator, box: Box
) -> Float32:
    """Return the relative reflectance of the particles: one tone each, facets on splinters."""
    drawn = case.drawn
    sign = np.where(rng.random(count) < drawn.bright_probability, 1.0, -1.0)
    log_tone = sign * drawn.contrast * np.exp(rng.normal(0, drawn.contrast_scatter, count))
    facets = rng.normal(0, UNEQUAL[case.metal], (count, 4))
    # A splinter mirrors the lamp somewhere: its brightest facet glints.
    facets[:, 0] += GLINT if case.metal else 0.0
    facet = np.zeros(spots.body.size, dtype=np.intp)
    for cut in (1, 2):  # two straight ridges, anywhere on the body, make two to four facets
        turn, offset = rng.uniform(0, 2 * np.pi, count), rng.uniform(-RIDGE_AWAY, RIDGE_AWAY, count)
        beyond = spots.share * np.cos(spots.angle - turn[spots.body]) > offset[spots.body]
        facet += cut * beyond
    strength = drawn.glint if case.metal else 1.0
    log_tone = log_tone[spots.body] + strength * facets[spots.body, facet]
    rough = value_noise(box.shape, UNEVEN_PX, rng, octaves=1).ravel()[spots.flat]
    log_tone = log_tone + UNEVEN * rough
    tone = np.clip(np.exp(log_tone), 0.05, BRIGHTEST).astype(np.float32)
    grey = spots.painted(tone, box, fill=1.0)
    if case.surface.channels == 1:
        return grey
    hue = drawn.hue_deg + rng.normal(0, drawn.hue_scatter_deg, count)
    saturation = np.clip(
        drawn.saturation * np.exp(rng.normal(0, drawn.saturation_scatter, count)), 0, 1
    )
    if case.metal:
        saturation *= 0.3
    pairs = zip(hue, saturation, strict=True)
    gain = np.stack([tint_of(math.fmod(h, 360), float(s)) for h, s in pairs]).astype(np.float32)
    planes = [spots.painted(gain[spots.body, c], box, fill=1.0) for c in range(3)]
    neutral = neutral_gain(case.surface.linear(box), case.surface.foreground[box.slices])
    return grey[..., None] * np.stack(planes, axis=2) * neutral
