"""Fray: texture worn off, fibres pulled out of it, edges of hard parts rubbed bright."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    NonNegative,
    NonNegativeRange,
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
from anomsynth.core.types import Float32, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm
from anomsynth.fields.wavelets import starlet
from anomsynth.generators.wear._splat import Lines, splat, worms
from anomsynth.surface.patches import Patch, draw_patch

BANDS = 3  # starlet bands that wear
BAND_WEAR = (1.0, 0.85, 0.5)  # fine texture goes first
MOST_FIBRES = 250


class Fray(Generator):
    """Wear of texture: fine wavelet bands fade, short fibres stand out, edges are polished.

    Mode ``texture`` damps the high starlet bands of the surface to a share of 0.2-0.7 and scatters
    fibres, worm-like chains in the plane with ``<cos> = exp(-s / 2 P)`` [1]_. Mode ``edge`` wears
    a strip along the outline of the part, as on hard materials: texture fades, and what is left
    is brighter or darker and rough where grains broke out.

    References
    ----------
    .. [1] O. Kratky, G. Porod, "Roentgenuntersuchung geloester Fadenmolekuele", Recl. Trav. Chim.
       Pays-Bas 68 (1949) 1106.
    """

    law: ClassVar[str] = "d_j' = g_j d_j for the finest starlet bands; <cos> = exp(-s/2P) of fibres"
    source: ClassVar[str] = "Starck & Murtagh 2002 (bands); Kratky & Porod 1949 (fibres)"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("area", "area_share"),)

    kind: Literal["fray"] = "fray"
    mode: Literal["texture", "edge", "mixed"] = parameter(
        "mixed", "choice", "worn texture with fibres, rubbed edge, or either"
    )
    edge_probability: Probability = parameter(0.5, "probability", "mixed: that it is an edge")
    area_share: ShareRange = parameter((0.001, 0.25), "of part area", "area of the worn region")
    texture: UnitRange = parameter(
        (0.15, 0.65), "relative", "amplitude of the finest texture that is left", was="kept"
    )
    fibre_density: NonNegativeRange = parameter(
        (0.3, 4), "per mm^2", "texture: loose fibres", was="fibres"
    )
    fibre_length_mm: SizeRange = parameter(
        (0.6, 4), "mm", "median length of the fibres", was="fibre_mm"
    )
    fibre_width_mm: SizeRange = parameter((0.03, 0.14), "mm", "median width of the fibres")
    stiffness: SizeRange = parameter((0.12, 0.8), "of length", "persistence length of the fibres")
    fibre_light: SizeRange = parameter((0.4, 2.6), "relative", "median brightness of the fibres")
    fibre_length_scatter: NonNegative = parameter(
        0.4, "relative", "standard deviation of the logarithm of their length"
    )
    fibre_width_scatter: NonNegative = parameter(
        0.25, "relative", "standard deviation of the logarithm of their width"
    )
    fibre_light_scatter: NonNegative = parameter(
        0.2, "log light", "standard deviation of their brightness"
    )
    fibre_turn_deg: NonNegative = parameter(
        math.degrees(0.9), "degrees", "standard deviation of their direction"
    )
    fade: SignedRange = parameter((-0.3, 0.5), "log light", "worn texture is brighter by this")
    rub: SignedRange = parameter((-0.6, 0.9), "log light", "edge: how much brighter it is rubbed")
    grit: UnitRange = parameter((0.1, 0.4), "log light", "edge: spread of broken-out grains")
    softness: UnitRange = parameter((0.1, 0.7), "of radius", "over which the wear fades at its rim")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one worn region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coin, turn = rng.random(2)
        edge = self.mode == "edge" or (self.mode == "mixed" and coin < self.edge_probability)
        edge = edge and len(surface.edge_sites) > 0
        patch = draw_patch(surface, drawn.area_share, "edge" if edge else "blob", None, rng)
        light = surface.linear(patch.box)
        cover = patch.inner(drawn.softness * patch.size, rng)
        worn, left = _worn(light, drawn.texture)
        if edge:
            worn *= np.exp(_grit(patch, drawn, rng))[..., None]
            measured = {"fibres": 0.0}
        else:
            worn *= np.float32(math.exp(drawn.fade))
            fibres = _loose_fibres(surface, drawn, math.pi * turn)
            measured = _add_fibres(worn, cover, patch, fibres, rng)
        return DefectLayer(
            kind="fray",
            origin=(patch.box.top, patch.box.left),
            support=cover > 0,
            coverage=cover,
            exposed=np.clip(worn, 0, 1),
            parameters=drawn.numbers,
            measured={**measured, "finest_kept": left, "at_edge": float(edge)},
        )


def _worn(light: Float32, kept: float) -> tuple[Float32, float]:
    """Damp the finest bands; return the rest and the share of the finest band that is left."""
    *bands, rest = starlet(light, BANDS)
    gains = [1 - (1 - kept) * wear for wear in BAND_WEAR]
    worn = rest.copy()
    for band, gain in zip(bands, gains, strict=True):
        worn += np.float32(gain) * band
    return worn, gains[0]


def _grit(patch: Patch, drawn: Fray, rng: np.random.Generator) -> Float32:
    """Return the log gain of a rubbed edge: strongest at its outer rim, grains broken out."""
    share = np.clip(patch.depth / np.float32(max(patch.size, 1.0)), 0, 1)
    slow = np.float32(drawn.rub) * (0.3 + 0.7 * share)
    fine = Grid(patch.box, max(patch.grid.step // 2, 1))
    grain = np.float32(drawn.grit) * fbm(fine.shape, 0.25, rng)
    log_gain = patch.grid.refine(slow.astype(np.float32))
    return log_gain + fine.refine(grain)


@dataclass(frozen=True, slots=True)
class _Fibres:
    """The loose fibres of a region: what was drawn, and what it means in pixels and radians."""

    drawn: Fray
    length: float
    width: float
    density: float
    turn: float


def _loose_fibres(surface: Surface, drawn: Fray, turn: float) -> _Fibres:
    """Return fibres of sizes that the picture can show."""
    scale, size = surface.mm_per_px, max(surface.part_size_px, 2.0)
    return _Fibres(
        drawn,
        length=min(max(drawn.fibre_length_mm / scale, 3.0), 0.5 * size),
        width=min(max(drawn.fibre_width_mm / scale, 0.3), 0.02 * size + 0.5),
        density=drawn.fibre_density * scale**2,
        turn=turn,
    )


def _add_fibres(
    worn: Float32, cover: Float32, patch: Patch, fibres: _Fibres, rng: np.random.Generator
) -> dict[str, float]:
    """Lay fibres over the worn light, in place; they rest within the region."""
    drawn = fibres.drawn
    weight = np.clip(patch.depth.ravel(), 0, None).astype(np.float64)
    region_px = float(np.count_nonzero(weight)) * patch.grid.step**2
    count = int(np.clip(rng.poisson(fibres.density * region_px), 2, MOST_FIBRES))
    cells = rng.choice(weight.size, count, p=weight / weight.sum())
    row, col = np.divmod(cells, patch.depth.shape[1])
    middles = np.column_stack([row, col]) * float(patch.grid.step) + (patch.box.top, patch.box.left)
    lengths = fibres.length * np.exp(rng.normal(0, drawn.fibre_length_scatter, count))
    widths = fibres.width * np.exp(rng.normal(0, drawn.fibre_width_scatter, count))
    angles = fibres.turn + rng.normal(0, math.radians(drawn.fibre_turn_deg), count)
    lines = Lines(middles, angles, lengths, widths)
    points, area, line = worms(lines, drawn.stiffness * lengths, rng)
    tones = math.log(drawn.fibre_light) + rng.normal(0, drawn.fibre_light_scatter, count)
    optical, tone = splat(points, area, patch.box, tones[line.astype(np.intp)])
    opaque = (1 - np.exp(-optical)) * (cover > 0)
    mean = cv2.blur(worn, (15, 15), borderType=cv2.BORDER_REFLECT).reshape(worn.shape)
    worn += opaque[..., None] * (mean * np.exp(tone)[..., None] - worn)
    np.maximum(cover, opaque, out=cover)
    return {"fibres": float(count), "fibre_px": float(opaque.sum(dtype=np.float64))}
