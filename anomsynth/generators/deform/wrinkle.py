"""Wrinkles: a coat, film or skin on a soft base gives way to compression in waves."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    Drawn,
    LogRange,
    Range,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.relief import fade
from anomsynth.generators.deform._wrinkling import (
    amplitude,
    bent,
    critical_strain,
    focused,
    herringbone,
    star,
    wave_field,
    wavelength,
)
from anomsynth.surface.patches import Patch, draw_patch

PATTERNS = ("uniaxial", "radial", "labyrinth", "herringbone")
OFTEN = (0.5, 0.75, 0.9)  # mixed: shares up to the first, second and third of them
UPWARDS = 0.6  # of the wrinkles are ridges, the others furrows
CELLS_PER_WAVE = 7.0
SHORTEST_PX = 5.0  # shorter waves are below what a camera resolves
LONGEST = 0.35  # of the part's size
CALM = 3.0  # wavelengths: size of places of more and of less strain
FAINT = 4e-3  # of the amplitude
SETTLED = 1.2  # how much sooner the film holds waves than it is strained in full
ONSET = 0.25  # wavelengths over which waves set in
MOST_STRAIN = 2.5  # relative
INSIDE = 0.8  # of the region's half width: where waves have merged
ASIDE = 0.8  # of it: how far from its middle lies what wrinkles run out from
WAVES = 2.5  # least half width of the region, in wavelengths


def _wrinkled(value: Range) -> Range:
    if value.low < 1:
        msg = f"must be at least 1, or nothing wrinkles; got {value.low:g}"
        raise ValueError(msg)
    return value


StrainRange = Annotated[float, Drawn(LogRange, _wrinkled)]


class Wrinkle(Generator):
    """Wrinkles over a region: side by side, out from a point, a labyrinth, or a herringbone.

    Wavelength ``2 pi h (Ef / 3 Es)**(1/3)`` and amplitude ``h sqrt(e / ec - 1)`` follow from the
    film's thickness, the stiffness ratio and the strain [1]_ [2]_. The strain falls off towards the
    border of the region and differs within it: where it is below the critical one, the film stays
    flat. Away from the border waves merge two by two [3]_, and far above the threshold they gather
    in narrow ridges [4]_, upwards or down.

    References
    ----------
    .. [1] N. Bowden et al., Nature 393, 1998.
    .. [2] X. Chen, J. W. Hutchinson, Journal of Applied Mechanics 71, 2004.
    .. [3] H. Vandeparre et al., "Wrinkling hierarchy in constrained thin sheets from suspended
       graphene to curtains", Physical Review Letters 106, 2011.
    .. [4] L. Pocivavsek et al., Science 320, 2008.
    """

    law: ClassVar[str] = (
        "lambda = 2 pi h (Ef / 3 Es)^(1/3), 2 lambda inside; A = h sqrt(e / ec - 1); "
        "ridges e^(s sin)"
    )
    source: ClassVar[str] = (
        "Allen 1969; Bowden et al. 1998; Chen & Hutchinson 2004; Pocivavsek et al. 2008; "
        "Vandeparre et al. 2011"
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["wrinkle"] = "wrinkle"
    pattern: Literal["uniaxial", "radial", "labyrinth", "herringbone", "mixed"] = parameter(
        "mixed",
        "choice",
        "crests across one direction, out from a point, in all directions, in zigzag, or any",
    )
    area_share: ShareRange = parameter((0.01, 0.3), "of part area", "area of the region")
    film_thickness_mm: SizeRange = parameter(
        (0.03, 0.25), "mm", "thickness of the film", was="film_mm"
    )
    modulus_ratio: SizeRange = parameter((15, 600), "ratio", "stiffness of film over base")
    strain_ratio: StrainRange = parameter((2, 8), "ratio", "strain over the critical one")
    unevenness: UnitRange = parameter(
        (0.3, 1.0), "relative", "how much the strain differs", was="uneven"
    )
    focus: UnitRange = parameter((0.2, 1.0), "relative", "0: sines; 1: narrow ridges")
    bending: UnitRange = parameter(
        (0.1, 0.6), "relative", "how far crests leave their line, in wavelengths"
    )
    merging: UnitRange = parameter((0.0, 1.0), "share", "of the waves, inside, that have merged")
    softness: UnitRange = parameter(
        (0.4, 1.0), "of radius", "over which wrinkles die out at the rim"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one wrinkled region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick, turn, down = rng.random(3)
        pattern: str = self.pattern
        if pattern == "mixed":
            pattern = PATTERNS[int(np.searchsorted(OFTEN, pick, side="right"))]
        physical = wavelength(drawn.film_thickness_mm, drawn.modulus_ratio)
        longest = max(LONGEST * surface.part_size_px, SHORTEST_PX)
        length = min(max(physical / surface.mm_per_px, SHORTEST_PX), longest)
        # Waves that had to be cut keep their slope.
        height = amplitude(drawn.film_thickness_mm, drawn.strain_ratio) / surface.mm_per_px
        height *= length * surface.mm_per_px / physical
        area = max(drawn.area_share * surface.part_area_px, math.pi * (WAVES * length) ** 2)
        share = min(area / max(surface.part_area_px, 1), 0.6)
        patch = draw_patch(surface, share, "blob", None, rng)
        wave = _Wave(pattern, length, math.pi * float(turn))
        strength = patch.grid.refine(_strength(patch, wave, drawn, rng))
        relief = _waves(patch, wave, drawn, rng)
        relief *= strength
        support = (strength > FAINT) & (patch.grid.refine(patch.depth) > 0)
        if not support.any():
            raise PlacementError("the strain is nowhere large enough for wrinkles")
        relief *= np.float32((height if down < UPWARDS else -height) * surface.mm_per_px)
        relief *= support
        return DefectLayer(
            kind="wrinkle",
            origin=(patch.box.top, patch.box.left),
            support=support,
            height=relief,
            parameters=drawn.numbers,
            measured={
                "wavelength_mm": physical,
                "wavelength_px": length,
                "amplitude_px": height,
                "critical_strain": critical_strain(drawn.modulus_ratio),
                "pattern": float(PATTERNS.index(pattern)),
            },
        )


@dataclass(frozen=True, slots=True)
class _Wave:
    """Wrinkles of one pattern: wavelength, pixels, and direction of compression, radians."""

    pattern: str
    length: float
    angle: float


def _strength(patch: Patch, wave: _Wave, drawn: Wrinkle, rng: np.random.Generator) -> Float32:
    """Return the amplitude over that at the drawn strain, on the cells of the patch."""
    share = patch.depth / np.float32(max(drawn.softness * patch.size, 1.5))
    cell = max(CALM * wave.length / patch.grid.step, 2.0)
    differs = 1 + np.float32(drawn.unevenness) * value_noise(patch.grid.shape, cell, rng)
    strain = np.float32(drawn.strain_ratio) * fade(share) * np.clip(differs, 0, MOST_STRAIN)
    most = max(amplitude(1.0, drawn.strain_ratio), 1e-6)
    # Bending stiffness carries waves on beyond where they are driven, and rounds their onset.
    onset = max(ONSET * wave.length / patch.grid.step, 0.5)
    inner = np.sqrt(np.maximum(strain - 1, 0)) * np.float32(1 / most)
    inner = np.asarray(cv2.GaussianBlur(inner, (0, 0), onset), dtype=np.float32)
    return inner * fade(share * np.float32(SETTLED)).astype(np.float32)


def _waves(patch: Patch, wave: _Wave, drawn: Wrinkle, rng: np.random.Generator) -> Float32:
    """Return waves of amplitude about one, (h, w) of the patch's box."""
    fine = Grid(patch.box, max(int(wave.length / CELLS_PER_WAVE), 1))
    cells = wave.length / fine.step
    if wave.pattern == "herringbone":
        field = herringbone(fine.shape, cells, wave.angle, rng)
    elif wave.pattern == "radial":
        away = patch.size / fine.step
        row, col = patch.site
        middle = (
            (row - patch.box.top) / fine.step + away * float(rng.normal(0, ASIDE)),
            (col - patch.box.left) / fine.step + away * float(rng.normal(0, ASIDE)),
        )
        field = star(fine.shape, cells, middle, away, rng)
    else:
        one_way = wave.angle if wave.pattern == "uniaxial" else None
        field = wave_field(fine.shape, cells, one_way, rng)
        if drawn.merging > 0:
            # Twice as long and, at the same strain, twice as high; half the cells do.
            half = tuple(-(-side // 2) for side in fine.shape)
            long = wave_field((half[0], half[1]), cells, one_way, rng)
            inside = fade(patch.depth / np.float32(max(INSIDE * patch.size, 1.5)))
            merged = np.float32(drawn.merging) * _on(fine, inside.astype(np.float32))
            field = field * np.sqrt(np.maximum(1 - merged, 0)) + 2 * np.sqrt(merged) * _on(
                fine, long
            )
    if drawn.bending > 0:
        field = bent(field, cells, drawn.bending, rng)
    return fine.refine(focused(field, drawn.focus), smooth=True)


def _on(fine: Grid, field: Float32) -> Float32:
    """Return a field on the cells of a patch on those of another grid over its box."""
    size = fine.shape[::-1]
    return np.asarray(cv2.resize(field, size), dtype=np.float32).reshape(fine.shape)
