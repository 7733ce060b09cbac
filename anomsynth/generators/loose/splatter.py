"""Splatter: weld spatter, solder, glue and wax that landed on the part and set."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeBounds,
    PositiveBounds,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims
from anomsynth.fields.pigments import relative_albedo
from anomsynth.generators.loose._caps import Caps, glint, lay_caps, slopes
from anomsynth.surface.appearance import mean_light
from anomsynth.surface.sites import pick_site

RIM_HURST = 1.0  # surface tension rounds outlines
SMALLEST_PX = 0.6
MOST_CAPS = 48
BEAD_STEP = 0.7  # of the radius, between the drops that a bead is made of
FAN = 0.4, 3.2  # radians: satellites fly to one side or all around, by the angle of impact
TYPICAL = -1.5  # median log radius of satellites over the drop's
WETTING = 0.08  # radians by which contact angles differ on one surface
MARGIN = 6.0
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Matter:
    """What splattered: albedo, opacity, contact angles, flatness, how much brighter a glint is."""

    albedo: tuple[float, float, float]
    opacity: float
    contact_deg: tuple[float, float]
    flatness: float
    shine: float
    rough: float


MATTERS = {
    "weld": _Matter((0.16, 0.15, 0.14), 1.0, (50, 110), 0.0, 2.2, 0.25),
    "solder": _Matter((0.55, 0.55, 0.54), 1.0, (20, 70), 0.1, 2.6, 0.05),
    "glue": _Matter((0.62, 0.56, 0.40), 0.45, (15, 50), 0.5, 2.4, 0.03),
    "wax": _Matter((0.75, 0.70, 0.58), 0.8, (20, 60), 0.6, 1.4, 0.12),
}


class Splatter(Generator):
    """A drop or a bead of foreign matter with its satellites, set into shiny caps.

    Drops of diameter d that hit with Weber number We spread to ``D = d We**(1/4)`` [1]_ and set;
    satellites fly exponential distances and are lognormal in size. Caps are spherical where
    surface tension rules and level puddles where gravity does; each mirrors the lamp in one place
    and shades what lies behind it. Clear glue lets the surface shine through.

    References
    ----------
    .. [1] C. Clanet et al., "Maximal deformation of an impacting drop", Journal of Fluid Mechanics
       517, 2004.
    """

    law: ClassVar[str] = "D / d = We^(1/4); h = sqrt(R^2 - q^2) - R cos(t)"
    source: ClassVar[str] = "Clanet et al. 2004; Young 1805"
    has_relief: ClassVar[bool] = True

    kind: Literal["splatter"] = "splatter"
    matter: Literal["weld", "solder", "glue", "wax", "mixed"] = parameter(
        "mixed", "choice", "what landed there"
    )
    size_mm: SizeRange = parameter(
        (0.15, 5.0), "mm", "diameter of the largest drop in flight", was="drop_mm"
    )
    weber: SizeRange = parameter(
        (2, 120), "ratio", "Weber number of the impact; more spreads wider"
    )
    satellites: Count = parameter((0, 12), "count", "smaller drops around it")
    satellite_distance: SizeRange = parameter(
        (1.5, 8.0), "of radius", "mean distance of the satellites", was="scatter"
    )
    satellite_radius: PositiveBounds = parameter(
        (0.04, 0.7), "of radius", "least and largest radius of the satellites"
    )
    satellite_scatter: NonNegative = parameter(
        0.6, "relative", "standard deviation of their log radius"
    )
    bead_probability: UnitRange = parameter(
        0.25, "probability", "that it is a bead instead of a drop", was="bead_share"
    )
    bead_length: SizeRange = parameter((3, 14), "of radius", "length of a bead")
    bead_radius: PositiveBounds = parameter(
        (0.45, 1.2), "of radius", "least and largest radius along a bead"
    )
    bead_turn_deg: NonNegative = parameter(
        math.degrees(0.12), "degrees", "how much a bead turns from drop to drop"
    )
    irregularity: UnitRange = parameter((0.02, 0.16), "of radius", "first harmonic of the outline")
    aspect: SizeRange = parameter((1.0, 1.7), "ratio", "length over width of a drop")
    aspect_scatter: NonNegativeBounds = parameter(
        (0.0, 1.3), "exponent", "power of that ratio for each drop"
    )
    tone: SizeRange = parameter(
        (0.75, 1.3), "relative", "brightness of the matter over its usual one"
    )
    shadow: UnitRange = parameter((0.05, 0.3), "optical depth", "shade behind the caps")
    reflectance: SizeRange = parameter((0.3, 0.6), "share", "of light that the part reflects")
    largest_radius: ShareRange = parameter(
        0.12, "of part size", "no drop has a larger one", was="largest"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Splatter one place; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick, beaded = rng.random(), rng.random() < drawn.bead_probability
        site = pick_site(surface, rng)
        names = tuple(MATTERS)
        name: str = names[int(pick * len(names))] if self.matter == "mixed" else self.matter
        matter = MATTERS[name]
        drop = drawn.size_mm / surface.mm_per_px
        spread = max(drawn.weber, 1.0) ** 0.25
        radius = max(
            min(drop * spread / 2, drawn.largest_radius * surface.part_size_px), SMALLEST_PX
        )
        case = _Splash(drawn, matter, radius, beaded)
        caps = _caps(site, case, rng)
        box = caps.box(MARGIN, surface.shape)
        measured = {
            "spread": spread,
            "radius_px": radius,
            "caps": float(len(caps.centres)),
            "bead": float(beaded),
            "matter": float(names.index(name)),
        }
        return replace(_layer(caps, box, surface, case, rng), measured=measured)


@dataclass(frozen=True, slots=True)
class _Splash:
    """One splatter: what was drawn, of what matter, the main radius (px), drop or bead."""

    drawn: Splatter
    matter: _Matter
    radius: float
    beaded: bool


def _caps(site: tuple[int, int], case: _Splash, rng: np.random.Generator) -> Caps:
    """Place the main drop or bead on the site, and satellites around it, more to one side."""
    drawn, radius, matter = case.drawn, case.radius, case.matter
    places, radii = np.zeros((1, 2)), np.array([radius])
    if case.beaded:
        count = min(max(int(drawn.bead_length / BEAD_STEP), 3), MOST_CAPS)
        turn = rng.uniform(0, 2 * np.pi) + np.cumsum(
            rng.normal(0, math.radians(drawn.bead_turn_deg), count)
        )
        step = BEAD_STEP * radius * np.stack([np.sin(turn), np.cos(turn)], axis=1)
        places = np.cumsum(step, axis=0)
        places -= places[count // 2]
        slow = np.convolve(rng.standard_normal(count + 6), np.ones(7) / 7, "valid")
        radii = radius * np.clip(0.8 + 0.5 * slow, drawn.bead_radius.low, drawn.bead_radius.high)
    extra = int(drawn.satellites)
    away = radius * (1.2 + rng.exponential(drawn.satellite_distance, extra))
    aim, fan = rng.uniform(0, 2 * np.pi), rng.uniform(*FAN)
    turn = aim + rng.normal(0, fan, extra)
    limits = drawn.satellite_radius.low, drawn.satellite_radius.high
    small = radius * np.clip(np.exp(rng.normal(TYPICAL, drawn.satellite_scatter, extra)), *limits)
    around = np.stack([away * np.sin(turn), away * np.cos(turn)], axis=1)
    places, radii = np.concatenate([places, around]), np.concatenate([radii, small])
    count = len(radii)
    low, high = np.deg2rad(matter.contact_deg)
    contact = np.clip(rng.uniform(low, high) + rng.normal(0, WETTING, count), 0.1, 1.9)
    # Satellites that land at a slant are drawn out along their way.
    stretch = np.maximum(drawn.aspect ** drawn.aspect_scatter.uniform(rng, count), 1.0)
    angle = np.concatenate([rng.uniform(0, np.pi, count - extra), turn])
    return Caps(
        centres=places + site + rng.uniform(-0.5, 0.5, 2),
        mouths=Mouths(
            radius=np.maximum(radii, 0.35),
            aspect=stretch,
            angle=angle,
            relative=harmonic_rims(
                count, drawn.irregularity, RIM_HURST, rng, np.maximum(radii, 2.0)
            ),
        ),
        contact=contact,
        flatness=matter.flatness,
    )


def _layer(
    caps: Caps, box: Box, surface: Surface, case: _Splash, rng: np.random.Generator
) -> DefectLayer:
    drawn, matter, radius = case.drawn, case.matter, case.radius
    fields = lay_caps(caps, box)
    crust = value_noise(box.shape, max(0.3 * radius, 1.6), rng, octaves=2)
    slope = slopes(fields.height * (1 + np.float32(matter.rough) * crust))
    lamp = glint(slope, surface.light.vector, 0.16 + 0.5 * matter.rough)
    colour = np.array(matter.albedo) * drawn.tone
    base = relative_albedo(colour, mean_light(surface, box), drawn.reflectance)
    # Steep flanks send light to the side: darker towards the rim.
    steep = np.minimum(np.hypot(*slope), 2)
    shade = (1 - np.float32(0.22) * steep) * np.exp(np.float32(matter.rough) * crust)
    lit = np.float32(matter.shine) * lamp * (fields.height > 0)
    if base.ndim > 0:
        shade, lit = shade[..., None], lit[..., None]
    albedo = base * shade + lit
    # A glint hides what lies under clear glue as well.
    coverage = fields.coverage * np.clip(matter.opacity + lamp, 0, 1)
    shadow = _shadow(fields.height, fields.coverage, surface, drawn.shadow)
    support = (coverage > 0.01) | (shadow > 0.01)
    if not support.any():
        coverage = np.maximum(coverage, fields.coverage)
        support = coverage > 0
    height = fields.height * np.float32(0.5 * surface.mm_per_px)
    return DefectLayer(
        kind="splatter",
        origin=(box.top, box.left),
        support=support,
        coverage=(coverage * support).astype(np.float32),
        albedo=np.maximum(albedo, 0.02).astype(np.float32),
        height=(height * support).astype(np.float32),
        absorbance=shadow * support,
        parameters=drawn.numbers,
    )


def _shadow(height: Float32, coverage: Float32, surface: Surface, depth: float) -> Float32:
    """Return the shade that caps throw away from the lamp, and the dark line at their foot."""
    down, right, up = surface.light.vector
    top = float(height.max(initial=0.0))
    reach = min(0.6 * top * float(np.hypot(down, right)) / max(up, 0.2), MARGIN - 2)
    length = max(float(np.hypot(down, right)), 1e-6)
    shift = np.array(
        [[1, 0, -right / length * reach], [0, 1, -down / length * reach]], dtype=np.float64
    )
    size = (coverage.shape[1], coverage.shape[0])
    moved = cv2.warpAffine(coverage, shift, size, flags=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(np.asarray(moved), (0, 0), 0.5 + 0.2 * reach)
    foot = cv2.GaussianBlur(coverage, (0, 0), 0.8)
    shade = np.float32(depth) * (soft + np.float32(0.5) * foot)
    return np.asarray(shade, dtype=np.float32).reshape(coverage.shape)
