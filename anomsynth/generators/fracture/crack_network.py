"""Crack networks: drying mud, crazed glaze, aged paint, crackled lacquer."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import (
    NonNegativeRange,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.outlines import ANGLES, harmonic_rims
from anomsynth.fields.paths import Float64, smooth_noise
from anomsynth.fields.strokes import Stroke
from anomsynth.generators.fracture._bundles import bundle, resampled, roughened, visible_runs
from anomsynth.generators.fracture._fissures import Gape, open_fissures
from anomsynth.generators.fracture._honeycombs import healed_mosaic
from anomsynth.generators.fracture._mosaics import MOST_ACROSS, dry_mosaic
from anomsynth.surface.sites import pick_site

LLOYD_STEPS = 10
WOBBLE = 0.06  # of a plate: how far healed borders wander
WIDEST = 0.09  # of a plate, widest gap
AGEING = 0.2  # exponent by which younger cracks are narrower [closure]
FADED = 0.45  # of the radius, over which the pattern closes towards its outline
LEAST_WIDTH = 1.0  # pixels, of the first cracks
FINEST = 0.05  # pixels; finer gaps are closed
AMONG = 0.6  # scatter of widths among cracks over that along one
OUTLINE_HURST = 0.7
RAGGED = 0.25  # of the radius, unevenness of where lines close
LIP_REACH = 0.35  # of a plate, how far from its gap it curls
SPACING = 2.0  # pixels between vertices, or a share of a plate if that is longer
SMALLEST_PLATE = 5.0  # pixels


class CrackNetwork(Generator):
    """A film that shrank on its base and came apart in plates.

    Cracks open one after another where no older one relieves the film, and meet at right angles;
    with cycles of wetting and drying the junctions turn towards 120 degrees, in the end into a
    honeycomb. Older cracks are wider. The pattern closes towards a ragged outline.
    """

    law: ClassVar[str] = "no crack opens within l of another; T joints: 90 + 30 (1 - exp(-g/4)) deg"
    source: ClassVar[str] = (
        "Bohn, Pauchard & Couder 2005; Xia & Hutchinson 2000; Goehring et al. 2010"
    )
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("length", "size"),
        SizeMeasure("width", "width_mm", measured="widest_px"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["crack_network"] = "crack_network"
    pattern: Literal["drying", "healed", "mixed"] = parameter(
        "mixed",
        "choice",
        "T junctions by successive cracks, a honeycomb with Y junctions, or either",
    )
    healed_probability: UnitRange = parameter(
        0.3, "probability", "mixed: that it is a honeycomb", was="healed_share"
    )
    size: ShareRange = parameter(
        (0.12, 0.9), "of part size", "diameter of the cracked area", was="extent"
    )
    plate_size_mm: SizeRange = parameter((1.0, 8.0), "mm", "mean side of a plate", was="plate_mm")
    width_mm: SizeRange = parameter((0.08, 0.5), "mm", "width of the first cracks")
    cycles: NonNegativeRange = parameter((0.0, 3.0), "count", "cycles of healing of a dried film")
    irregularity: UnitRange = parameter((0.1, 0.25), "of radius", "outline of the cracked area")
    variation: UnitRange = parameter(
        (0.15, 0.4), "relative", "standard deviation of the log width along a crack"
    )
    roughness: UnitRange = parameter(
        (0.0, 0.03), "of plate size", "self-affine detail of the lines"
    )
    albedo: SizeRange = parameter(
        (0.12, 0.4), "relative", "reflectance of the gaps over the surface's"
    )
    curl: NonNegativeRange = parameter((0.0, 0.04), "of plate size", "how far plates curl up")
    curl_probability: UnitRange = parameter(0.5, "probability", "that they do", was="curl_share")
    halo: NonNegativeRange = parameter((0.0, 0.1), "optical depth", "dirt beside the gaps")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Place one network; raise PlacementError if nothing of it lies on the part."""
        drawn = self.draw_ranges(rng)
        pick, turn, curled = rng.random(3)
        row, col = pick_site(surface, rng)
        healed = self.pattern == "healed" or (
            self.pattern == "mixed" and pick < drawn.healed_probability
        )
        side = max(drawn.size * surface.part_size_px, 3 * SMALLEST_PLATE)
        plate = max(drawn.plate_size_mm / surface.mm_per_px, SMALLEST_PLATE, side / MOST_ACROSS)
        plate = min(plate, side / 1.5)
        if healed:
            seams = healed_mosaic(side / plate, LLOYD_STEPS, rng, WOBBLE)
        else:
            seams = dry_mosaic(side / plate, drawn.cycles, rng)
        if not seams:
            raise PlacementError("the film is too small to crack")
        cos, sin = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
        spin = np.array([[cos, sin], [-sin, cos]]) * side
        spun = [(seam.points - 0.5) @ spin for seam in seams]
        widest = min(drawn.width_mm / surface.mm_per_px, WIDEST * plate)
        ages = np.array([seam.age for seam in seams], dtype=np.float64)
        net = _Net(spun, ages, max(widest, LEAST_WIDTH), side, plate)
        strokes = [
            Stroke(points + np.array([row, col]), width / 2, width / 2)
            for points, width in _open_lines(net, drawn, rng)
        ]
        lips = curled < drawn.curl_probability
        gape = Gape(
            albedo=drawn.albedo,
            variation=drawn.variation,
            lip=drawn.curl * plate if lips else 0.0,
            lip_px=LIP_REACH * plate if lips else 2.0 + widest,
            halo=drawn.halo,
        )
        found = open_fissures(strokes, surface.allowed, gape, rng) if strokes else None
        if found is None:
            raise PlacementError("the crack network lies outside the allowed area")
        height = found.height
        return DefectLayer(
            kind="crack_network",
            origin=(found.box.top, found.box.left),
            support=found.support,
            coverage=found.coverage,
            albedo=found.albedo,
            height=None if height is None else height * np.float32(surface.mm_per_px),
            absorbance=found.absorbance,
            thin=True,
            void=True,
            parameters=drawn.numbers,
            measured={
                "cracks": float(len(seams)),
                "plate_px": plate,
                "widest_px": widest,
                "area_px": found.area,
                "healed": float(healed),
            },
        )


def _spacing(plate: float) -> float:
    return max(SPACING, plate / 20)


@dataclass(frozen=True, slots=True, eq=False)
class _Net:
    """Lines about the origin, their order, the first one's width, and the net's size, pixels."""

    lines: list[Float64]
    ages: Float64
    widest: float
    side: float
    plate: float


def _open_lines(
    net: _Net, drawn: CrackNetwork, rng: np.random.Generator
) -> list[tuple[Float64, Float64]]:
    """Give every line its detail and its width; closed stretches are left out."""
    rim = harmonic_rims(1, drawn.irregularity, OUTLINE_HURST, rng)[0].astype(np.float64)
    width = net.widest * (1.0 + net.ages) ** -AGEING
    width = width * np.exp(AMONG * drawn.variation * rng.standard_normal(len(net.lines)))
    lines = resampled(bundle(net.lines), _spacing(net.plate))
    lines = roughened(lines, drawn.roughness * net.plate, rng)
    points = lines.points
    angle = np.arctan2(points[:, 0], points[:, 1]) * (ANGLES / (2 * np.pi))
    outline = 0.5 * net.side * rim[angle.astype(np.int64) % ANGLES]
    share = np.hypot(points[:, 0], points[:, 1]) / outline
    closing = (1 + RAGGED * smooth_noise(len(points), 8.0, rng) - share) / FADED
    local = np.repeat(width, lines.sizes) * np.sqrt(np.clip(closing, 0, 1))
    local *= np.exp(drawn.variation * smooth_noise(len(points), 6.0, rng))
    local[local < FINEST] = 0
    return visible_runs(lines, local)
