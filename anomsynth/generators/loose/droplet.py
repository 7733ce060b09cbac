"""Droplets: water drops and condensation, which magnify what lies under them."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    NonNegative,
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
from anomsynth.core.pixels import look_up
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.outlines import Mouths, harmonic_rims
from anomsynth.generators.loose._caps import Caps, cap_volume, glint, lay_caps, merged, slopes
from anomsynth.surface.appearance import tones
from anomsynth.surface.sites import pick_site

REFRACTION = 1 - 1 / 1.33  # of the slope, by which a ray turns on entering water
FACING = 0.02  # share of light that water mirrors at normal incidence
MARGIN = 7.0
MOST_DROPS = 220
RIM_HURST = 1.2
TYPICAL = -0.9  # median log radius of drops over the largest
GATHERED = 0.6  # standard deviation of places over the region's radius
OVAL = 0.2  # how far a patch of condensation is from a circle
LEANING = 6.0  # radians over which its direction is drawn: nearly a whole turn
Float64 = NDArray[np.float64]


class Droplet(Generator):
    """Some drops of water, or a patch of condensation.

    A drop is a spherical cap. By Snell's law a ray through slope grad h turns by
    ``(1 - 1/n) grad h``, so the surface is seen at ``x - u`` with ``u = -(1 - 1/n) h grad h``:
    magnified. The rim turns dark where it mirrors the dark sides of the room (Schlick), the lamp
    shows as a glint, and on the far side the drop gathers the light it took from its front.
    Condensation grows by merging: volumes add where drops touch, so a few large ones stand among
    many small ones [1]_.

    References
    ----------
    .. [1] C. M. Knobler, D. Beysens, "Growth of breath figures on fluid surfaces", Europhysics
       Letters 6, 1988.
    """

    law: ClassVar[str] = "u = -(1 - 1/n) h grad h; F = F0 + (1 - F0)(1 - cos)^5; d^3 adds"
    source: ClassVar[str] = "Snell 1621; Schlick 1994; Knobler & Beysens 1988"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure(
            "width",
            "radius_mm",
            2,
            measured="largest_px",
            measured_times=2,
            alone={"count": 1, "mode": "drops"},
        ),
    )

    kind: Literal["droplet"] = "droplet"
    mode: Literal["drops", "condensation", "mixed"] = parameter(
        "mixed", "choice", "separate drops, a patch of condensation, or either"
    )
    condensation_probability: Probability = parameter(
        0.5, "probability", "mixed: that it is condensation"
    )
    radius_mm: SizeRange = parameter((0.4, 3.0), "mm", "drops: radius of the largest")
    radius_scatter: NonNegative = parameter(
        0.6, "relative", "drops: standard deviation of the others' log radius"
    )
    other_radius: PositiveBounds = parameter(
        (0.1, 1.0), "relative", "drops: least and largest radius of the others over the largest"
    )
    count: SizeRange = parameter((1, 9), "count", "drops: how many, rounded")
    region_radius: ShareRange = parameter(
        (0.05, 0.3), "of part size", "radius of the wet region", was="region"
    )
    fine_radius_mm: SizeRange = parameter(
        (0.15, 0.6), "mm", "condensation: radius of a typical drop", was="fine_mm"
    )
    fine_scatter: NonNegative = parameter(
        0.35, "relative", "condensation: standard deviation of log radii before merging"
    )
    wetness: ShareRange = parameter(
        (0.15, 0.6), "share", "condensation: covered area before merging"
    )
    contact_deg: SignedRange = parameter((25, 80), "degrees", "contact angle")
    aspect_scatter: NonNegative = parameter(
        0.12, "relative", "standard deviation of the log of length over width"
    )
    irregularity: UnitRange = parameter((0.02, 0.15), "of radius", "first harmonic of the outline")
    lamp_deg: SizeRange = parameter((5, 14), "degrees", "half the size of the lamp")
    sky: SizeRange = parameter((0.2, 1.0), "relative", "brightness of the room the rim mirrors")
    caustic: UnitRange = parameter((0.05, 0.35), "optical depth", "light gathered on the far side")
    largest_radius: ShareRange = parameter(
        0.1, "of part size", "no drop has a larger one", was="largest"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Wet one place; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        misty = (
            rng.random() < self.condensation_probability
            if self.mode == "mixed"
            else self.mode == "condensation"
        )
        site = pick_site(surface, rng)
        contact = float(np.deg2rad(np.clip(drawn.contact_deg, 5.0, 88.0)))
        top = drawn.largest_radius * surface.part_size_px
        if misty:
            centres, radii = _condense(surface, contact, drawn, rng)
        else:
            centres, radii = _sprinkle(surface, drawn, rng)
        caps = Caps(
            centres=centres + site + rng.uniform(-0.5, 0.5, 2),
            mouths=Mouths(
                radius=np.clip(radii, 0.6, max(top, 0.8)),
                aspect=np.exp(np.abs(rng.normal(0, drawn.aspect_scatter, len(radii)))),
                angle=rng.uniform(0, np.pi, len(radii)),
                relative=harmonic_rims(
                    len(radii), drawn.irregularity, RIM_HURST, rng, np.maximum(radii, 2.0)
                ),
            ),
            contact=np.full(len(radii), contact),
        )
        return _layer(caps, surface, drawn)


def _sprinkle(
    surface: Surface, drawn: Droplet, rng: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return places about the site and radii, pixels, of separate drops."""
    count = max(round(drawn.count), 1)
    largest = drawn.radius_mm / surface.mm_per_px
    factor = np.exp(rng.normal(TYPICAL, drawn.radius_scatter, count))
    radii = largest * np.clip(factor, drawn.other_radius.low, drawn.other_radius.high)
    radii[0] = largest
    spread = max(drawn.region_radius * surface.part_size_px, 1.5 * largest)
    places = rng.normal(0, GATHERED * spread, (count, 2))
    places[0] = 0
    return places, radii


def _condense(
    surface: Surface, contact: float, drawn: Droplet, rng: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return places and radii, pixels, of drops that nucleated at random and merged."""
    fine = max(drawn.fine_radius_mm / surface.mm_per_px, 0.8)
    spread = drawn.region_radius * surface.part_size_px
    wanted = drawn.wetness * (spread / fine) ** 2
    count = int(np.clip(wanted, 4, MOST_DROPS))
    spread = min(spread, fine * np.sqrt(count / drawn.wetness))
    turn = rng.uniform(0, 2 * np.pi, count)
    away = (
        spread
        * np.sqrt(rng.random(count))
        * (1 + OVAL * np.sin(2 * turn + rng.uniform(0, LEANING)))
    )
    places = np.stack([away * np.sin(turn), away * np.cos(turn)], axis=1)
    places[0] = 0
    sizes = fine * np.exp(rng.normal(0, drawn.fine_scatter, count))
    return merged(places, cap_volume(sizes, np.full(count, contact)), contact)


@dataclass(frozen=True, slots=True, eq=False)
class _Lens:
    """Relief of the water on a box, its slope and where the lamp shows."""

    height: Float32
    slope: tuple[Float32, Float32]
    lamp: Float32


def _layer(caps: Caps, surface: Surface, drawn: Droplet) -> DefectLayer:
    box = caps.box(MARGIN, surface.shape)
    fields = lay_caps(caps, box)
    slope = slopes(fields.height)
    width = float(np.deg2rad(drawn.lamp_deg))
    lamp = glint(slope, surface.light.vector, width) * (fields.height > 0)
    lens = _Lens(fields.height, slope, lamp)
    gathered = _gathered(fields.coverage, lens, surface, drawn.caustic)
    support = (fields.coverage > 0.01) | (np.abs(gathered) > 0.01)
    if not support.any():
        raise PlacementError("the drops lie outside the picture")
    return DefectLayer(
        kind="droplet",
        origin=(box.top, box.left),
        support=support,
        coverage=fields.coverage * support,
        exposed=_seen_through(lens, box, surface, drawn),
        absorbance=gathered * support,
        parameters=drawn.numbers,
        measured={
            "drops": float(len(caps.centres)),
            "largest_px": float(caps.mouths.radius.max()),
            "area_px": float(fields.coverage.sum(dtype=np.float64)),
            "covered": float(fields.coverage.mean(dtype=np.float64)),
        },
    )


def refraction(height: Float32, slope: tuple[Float32, Float32]) -> tuple[Float32, Float32]:
    """Return the inverse map u of a thin lens of water on the surface, rows and columns, pixels."""
    turn = np.float32(-REFRACTION)
    return turn * height * slope[0], turn * height * slope[1]


def _seen_through(lens: _Lens, box: Box, surface: Surface, drawn: Droplet) -> Float32:
    """Return the linear light that comes from the drops: refracted picture, mirrored room, lamp."""
    light = surface.linear(box)
    rows, cols = box.shape
    down, right = refraction(lens.height, lens.slope)
    at_row = np.arange(rows, dtype=np.float32)[:, None] - down
    at_col = np.arange(cols, dtype=np.float32)[None, :] - right
    seen = look_up(light, at_row, at_col, cv2.INTER_LINEAR)
    steep = lens.slope[0] ** 2 + lens.slope[1] ** 2
    facing = 1 / np.sqrt(1 + steep)
    mirrored = FACING + (1 - FACING) * (1 - facing) ** 5
    # Light gathered inside the drop, opposite to the lamp; its own side is in the shade.
    toward_row, toward_col, up = surface.light.vector
    tilt = lens.slope[0] * np.float32(toward_row) + lens.slope[1] * np.float32(toward_col)
    inner = np.exp(np.float32(1.1 * REFRACTION / max(up, 0.3) / 0.5) * tilt * np.float32(1.2))
    part_light = tones(surface, Box(0, 0, *surface.shape))
    room = (drawn.sky * part_light.mean(axis=0)).astype(np.float32)
    bulb = np.float32(min(1.0, 2.5 * float(np.percentile(part_light, 98)) + 0.25))
    # Rays through the rim were turned away from the lamp: it is dark there.
    dim = np.clip(1 - np.float32(0.35) * steep, 0.25, 1)
    out = seen * (inner * dim * (1 - mirrored))[..., None] + room * mirrored[..., None]
    out += (bulb - out) * np.clip(np.float32(1.15) * lens.lamp, 0, 1)[..., None]
    return np.clip(out, 0, 1).astype(np.float32)


def _gathered(coverage: Float32, lens: _Lens, surface: Surface, depth: float) -> Float32:
    """Return the absorbance around drops: a bright caustic behind them, a thin dark foot."""
    down, right, up = surface.light.vector
    length = max(float(np.hypot(down, right)), 1e-6)
    reach = min(0.8 * float(lens.height.max(initial=0.0)) * length / max(up, 0.3), MARGIN - 3)
    shift = np.array(
        [[1, 0, -right / length * reach], [0, 1, -down / length * reach]], dtype=np.float64
    )
    size = (coverage.shape[1], coverage.shape[0])
    moved = cv2.warpAffine(coverage, shift, size, flags=cv2.INTER_LINEAR)
    bright = cv2.GaussianBlur(np.asarray(moved), (0, 0), 0.7 + 0.25 * reach)
    foot = cv2.GaussianBlur(coverage, (0, 0), 0.7)
    field = np.float32(depth) * (np.float32(0.6) * foot - np.float32(0.9) * bright * (1 - foot))
    return np.asarray(field, dtype=np.float32).reshape(coverage.shape)
