"""Impacts: a star of cracks on a brittle part, a dent with a raised rim on a ductile one."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator

from anomsynth.core.component import (
    Bounds,
    Count,
    PositiveBounds,
    PositiveCount,
    PositiveRange,
    Probability,
    Range,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.noise import fbm
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_coverage, mouth_field
from anomsynth.fields.strokes import Stroke
from anomsynth.generators.fracture._blows import Strike, strike
from anomsynth.generators.fracture._fissures import Fissures, Gape, open_fissures
from anomsynth.generators.fracture._stars import (
    Blow,
    Ray,
    concentric_arcs,
    radial_cracks,
    ring_radii,
)
from anomsynth.surface.sites import pick_calm_site, pick_site

SMALLEST_DENT = 1.8  # pixels, radius: a smaller one has no slope to see
SMALLEST = 3.0  # pixels, reach of the radial cracks
WIDEST = 0.06  # of the reach
LEAST_WIDTH = 0.6  # pixels
CRUSH_HURST = 0.5  # powder and splinters are rougher than a clean fracture face
HALO = 1.6  # contact radii within which splinters lie about
BRIGHTER = -0.4  # power of the reflectance that shining cracks have
POWDER = -0.5  # the same of the crushed contact
UNEVEN_GAP = 0.4  # standard deviation of the log reflectance along the cracks


class Impact(Generator):
    """What a blow leaves: on brittle matter a star of cracks, on ductile matter a dent.

    Brittle: radial cracks run out from the contact at about even angles, more of them the harder
    the blow [1]_, and fork into branches that share their opening. A cone crack rings the contact
    at 1.1 to 1.3 of its radius; further arcs, at radii that grow geometrically, join neighbouring
    radial cracks. The contact itself is crushed to powder or knocked out.

    Ductile, as metals, plastics and leather are: nothing cracks. The tool's outline is pressed in,
    the volume that it displaces piles up around it by the hardening of the stuff [2]_, more on the
    side that the blow went to, and its struck face loses gloss and texture. It is as deep as it is
    drawn: no visibility is solved for.

    References
    ----------
    .. [1] N. Vandenberghe, R. Vermorel, E. Villermaux, "Star-shaped crack pattern of broken
       windows", Physical Review Letters 110, 2013.
    .. [2] R. Hill, B. Storakers, A. B. Zdunek, "A theoretical study of the Brinell hardness test",
       Proceedings of the Royal Society A 423, 1989.
    """

    law: ClassVar[str] = "r_k = r_1 q^k; w_1^2 + w_2^2 = w^2; ductile c^2 = (5/2)(2-n)/(4+n)"
    source: ClassVar[str] = "Roesler 1956; Quinn 2020; Vandenberghe et al. 2013; Hill et al. 1989"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "length", alone={"mode": "brittle"}),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["impact"] = "impact"
    mode: Literal["brittle", "ductile", "mixed"] = parameter(
        "mixed", "choice", "cracks, a dent with a rim, or either: no photo tells which it would be"
    )
    ductile_probability: Probability = parameter(
        0.8, "probability", "mixed: that the stuff is ductile"
    )
    length: ShareRange = parameter(
        (0.02, 0.7), "of part size", "length of the longest crack", was="reach"
    )
    contact_radius: ShareRange = parameter(
        (0.05, 0.2), "of length", "radius of the crushed contact", was="contact"
    )
    contact_aspect: PositiveBounds = parameter(
        (1.0, 1.4), "ratio", "length over width of the contact"
    )
    radials: PositiveCount = parameter((5, 12), "count", "radial cracks")
    scatter: UnitRange = parameter((0.3, 0.8), "relative", "irregularity of directions and lengths")
    forks: UnitRange = parameter((0.1, 0.7), "count", "branches of a radial crack in the mean")
    fork_place: UnitBounds = parameter(
        (0.25, 0.8), "of length", "how far along its crack each branch begins"
    )
    fork_length: UnitBounds = parameter(
        (0.4, 1.0), "relative", "length of each over what is left of its crack"
    )
    half_angle_deg: PositiveRange = parameter((15, 30), "degrees", "half the angle of a fork")
    rings: Count = parameter((0, 4), "count", "rounds of arcs")
    growth: SizeRange = parameter((1.4, 2.2), "ratio", "radius of a round over the one inside it")
    width_mm: SizeRange = parameter((0.05, 0.4), "mm", "widest crack")
    arc_width: PositiveBounds = parameter((0.35, 0.85), "of width", "width of each arc")
    albedo: SizeRange = parameter(
        (0.15, 0.5), "relative", "reflectance of the gaps over the surface's"
    )
    bright_probability: UnitRange = parameter(
        0.0,
        "probability",
        "that cracks and powder shine, as in glass and enamel",
        was="bright_share",
    )
    crushed_albedo: SizeRange = parameter(
        (0.3, 0.8), "relative", "reflectance of the crushed contact over the surface's"
    )
    depth_ratio: SizeRange = parameter((0.1, 0.5), "of radius", "depth of the contact")
    halo: UnitRange = parameter((0.0, 0.08), "optical depth", "damage beside the cracks")

    dent_radius: ShareRange = parameter(
        (0.006, 0.08), "of part size", "ductile: radius of the dent"
    )
    dent_slope: SizeRange = parameter((0.15, 0.6), "of radius", "ductile: depth of the dent")
    dent_aspect: SizeRange = parameter(
        (1.0, 2.5), "ratio", "ductile: length over width of the tool"
    )
    dent_irregularity: UnitRange = parameter(
        (0.02, 0.2), "of radius", "ductile: first harmonic of the tool's outline"
    )
    hardening: UnitRange = parameter((0.0, 0.3), "exponent", "ductile: n of the stress-strain law")
    oblique: UnitRange = parameter((0.0, 0.7), "relative", "ductile: how lopsided the blow was")
    scuff: UnitRange = parameter((0.1, 0.5), "relative", "ductile: gloss and texture that are lost")
    face_dark: SignedRange = parameter(
        (-0.08, 0.15), "optical depth", "ductile: how much darker the struck face is"
    )

    @field_validator("growth")
    @classmethod
    def _outwards(cls, value: Range) -> Range:
        if value.low <= 1:
            msg = f"must be above 1, got {value.low:g}"
            raise ValueError(msg)
        return value

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one impact; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coin = float(rng.random())
        if self.mode == "ductile" or (self.mode == "mixed" and coin < self.ductile_probability):
            return _dented(surface, drawn, rng)
        shines = rng.random() < drawn.bright_probability
        site = pick_site(surface, rng)
        reach = max(drawn.length * surface.part_size_px, SMALLEST)
        width = min(drawn.width_mm / surface.mm_per_px, WIDEST * reach)
        blow = Blow(
            contact=drawn.contact_radius * reach,
            radials=int(drawn.radials),
            reach=reach,
            scatter=drawn.scatter,
            fork_deg=drawn.half_angle_deg,
            forks=drawn.forks,
            rings=int(drawn.rings),
            growth=drawn.growth,
            width=max(width, LEAST_WIDTH),
            fork_place=drawn.fork_place,
            fork_length=drawn.fork_length,
            arc_width=drawn.arc_width,
        )
        rays, branches = radial_cracks(blow, rng)
        radii = ring_radii(blow, rng)
        arcs = concentric_arcs(blow, rays, radii, rng)
        strokes = [_stroke(ray, site) for ray in (*rays, *branches, *arcs)]
        dark = drawn.albedo ** (BRIGHTER if shines else 1.0)
        gape = Gape(albedo=dark, variation=UNEVEN_GAP, halo=drawn.halo, lip_px=2 + 2 * blow.width)
        found = open_fissures(strokes, surface.allowed, gape, rng)
        tone = drawn.crushed_albedo ** (POWDER if shines else 1.0)
        crush = _Crush(site, max(blow.contact, 0.6), drawn.contact_aspect, tone, drawn.depth_ratio)
        measured = {
            "reach_px": blow.reach,
            "contact_px": blow.contact,
            "radials": float(len(rays)),
            "ring_ratio": float(radii[0]) / blow.contact if len(radii) else 0.0,
            "arcs": float(len(arcs)),
        }
        box, fields = _joined(found, crush, surface, rng)
        if not fields.support.any():
            raise PlacementError("the impact lies outside the allowed area")
        return DefectLayer(
            kind="impact",
            origin=(box.top, box.left),
            support=fields.support,
            coverage=fields.coverage,
            albedo=fields.albedo,
            height=fields.height,
            absorbance=fields.absorbance,
            thin=True,
            parameters=drawn.numbers,
            measured=measured,
        )


def _dented(surface: Surface, drawn: Impact, rng: np.random.Generator) -> DefectLayer:
    radius = max(drawn.dent_radius * surface.part_size_px, SMALLEST_DENT)
    site = pick_calm_site(surface, radius, rng)  # threads and ribs are no level ground
    blow = Strike(
        radius=radius,
        slope=drawn.dent_slope,
        aspect=drawn.dent_aspect,
        irregularity=drawn.dent_irregularity,
        hardening=drawn.hardening,
        oblique=drawn.oblique,
        scuff=drawn.scuff,
        dark=drawn.face_dark,
    )
    struck = strike(surface, site, blow, rng)
    return DefectLayer(
        kind="impact",
        origin=(struck.box.top, struck.box.left),
        support=struck.support,
        height=struck.height * np.float32(surface.mm_per_px),
        roughness=struck.roughness,
        absorbance=struck.absorbance,
        rigid=True,  # as deep as it is: an amplified one would be a lens
        parameters=drawn.numbers,
        measured={"radius_px": radius, "volume_balance": struck.balance, "radials": 0.0},
    )


@dataclass(frozen=True, slots=True)
class _Crush:
    """The crushed contact: where, radius in pixels, shape, reflectance, depth over radius."""

    site: tuple[int, int]
    radius: float
    aspect: Bounds
    albedo: float
    depth_ratio: float


def _stroke(ray: Ray, site: tuple[int, int]) -> Stroke:
    return Stroke(ray.points + np.array(site), ray.width / 2, ray.width / 2)


def _joined(
    found: Fissures | None, crush: _Crush, surface: Surface, rng: np.random.Generator
) -> tuple[Box, Fissures]:
    """Return the crushed contact laid over the cracks, on the box of both; height in mm."""
    mouths = Mouths(
        radius=np.array([crush.radius]),
        aspect=np.array([crush.aspect.draw(rng)]),
        angle=np.array([np.pi * float(rng.random())]),
        relative=harmonic_rims(1, 0.25, 0.4, rng),
    )
    row, col = crush.site
    far = int(np.ceil(mouths.reach(0) * HALO)) + 2
    height, width = surface.shape
    own = Box(max(row - far, 0), max(col - far, 0), row + far + 1, col + far + 1)
    own = own.grown(0, (height, width))
    box = own
    if found is not None:
        box = Box(
            min(own.top, found.box.top),
            min(own.left, found.box.left),
            max(own.bottom, found.box.bottom),
            max(own.right, found.box.right),
        )
    coverage = _placed(None if found is None else found.coverage, found, box, 0.0)
    albedo = _placed(None if found is None else found.albedo, found, box, 1.0)
    absorbance = _placed(None if found is None else found.absorbance, found, box, 0.0)
    relief = np.zeros(box.shape, dtype=np.float32)
    down = np.arange(own.top - row, own.bottom - row, dtype=np.float32)[:, None]
    right = np.arange(own.left - col, own.right - col, dtype=np.float32)[None, :]
    share, outside = mouth_field(mouths, 0, (down, right))
    # Splinters: where self-affine noise tops a level that rises with the distance.
    rough = fbm(share.shape, CRUSH_HURST, rng)
    loose = mouth_coverage(mouths, 0, outside, 1.0)
    spall = np.clip((rough - 3.5 * (share - 0.8)) * 1.5, 0, 1) * (share < HALO)
    cover = np.maximum(loose * np.clip(0.85 + 0.25 * rough, 0, 1), 0.7 * spall)
    cover = (cover * surface.allowed[own.slices]).astype(np.float32)
    tone = np.float32(crush.albedo) * np.exp(np.float32(0.22) * rough)
    part = tuple(
        slice(start - edge, stop - edge)
        for start, stop, edge in ((own.top, own.bottom, box.top), (own.left, own.right, box.left))
    )
    total = coverage[part] + cover * (1 - coverage[part])
    mixed = albedo[part] * coverage[part] * (1 - cover) + tone * cover
    weight = coverage[part] * (1 - cover) + cover
    albedo[part] = np.where(weight > 1e-6, mixed / np.maximum(weight, 1e-6), albedo[part])
    coverage[part] = np.clip(total, 0, 1)
    bowl = np.clip(1 - share * share, 0, 1) * (1 + 0.2 * rough)
    deep = np.float32(crush.depth_ratio * crush.radius * surface.mm_per_px)
    relief[part] = -deep * bowl * surface.allowed[own.slices]
    support = (coverage > 0) | (relief != 0) | (absorbance > 0)
    shown = absorbance if found is not None and found.absorbance is not None else None
    return box, Fissures(box, support, coverage, albedo, relief, shown, 0.0)


def _placed(field: Float32 | None, found: Fissures | None, box: Box, fill: float) -> Float32:
    whole = np.full(box.shape, fill, dtype=np.float32)
    if field is not None and found is not None:
        top, left = found.box.top - box.top, found.box.left - box.left
        whole[top : top + field.shape[0], left : left + field.shape[1]] = field
    return whole
