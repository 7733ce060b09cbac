"""Wrinkles: a coat, film or skin on a soft base gives way to compression in waves."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

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
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.relief import fade
from anomsynth.generators.deform._wrinkling import (
    amplitude,
    critical_strain,
    herringbone,
    wave_field,
    wavelength,
)
from anomsynth.surface.patches import Patch, draw_patch

PATTERNS = ("uniaxial", "labyrinth", "herringbone")
CELLS_PER_WAVE = 7.0
SHORTEST_PX = 5.0  # shorter waves are below what a camera resolves
LONGEST = 0.35  # of the part's size
AMPLITUDES = 0.1, 2  # relative; a region has no spot without wrinkles, and no tower
WAVES = 2.5  # least half width of the region, in wavelengths


def _wrinkled(value: Range) -> Range:
    if value.low < 1:
        msg = f"must be at least 1, or nothing wrinkles; got {value.low:g}"
        raise ValueError(msg)
    return value


StrainRange = Annotated[float, Drawn(LogRange, _wrinkled)]


class Wrinkle(Generator):
    """Wrinkles over a region: parallel, a labyrinth, or a herringbone.

    Wavelength ``2 pi h (Ef / 3 Es)**(1/3)`` and amplitude ``h sqrt(e / ec - 1)`` follow from the
    film's thickness, the stiffness ratio and the strain [1]_ [2]_. The amplitude dies out
    smoothly at the border of the region and wanders within it.

    References
    ----------
    .. [1] N. Bowden et al., Nature 393, 1998.
    .. [2] X. Chen, J. W. Hutchinson, Journal of Applied Mechanics 71, 2004.
    """

    law: ClassVar[str] = "lambda = 2 pi h (Ef / 3 Es)^(1/3); A = h sqrt(e / ec - 1)"
    source: ClassVar[str] = "Allen 1969; Bowden et al. 1998; Chen & Hutchinson 2004"
    has_relief: ClassVar[bool] = True

    kind: Literal["wrinkle"] = "wrinkle"
    pattern: Literal["uniaxial", "labyrinth", "herringbone", "mixed"] = parameter(
        "mixed", "choice", "crests across one direction, in all directions, in zigzag, or any"
    )
    area_share: ShareRange = parameter((0.01, 0.3), "of part area", "area of the region")
    film_thickness_mm: SizeRange = parameter(
        (0.03, 0.25), "mm", "thickness of the film", was="film_mm"
    )
    modulus_ratio: SizeRange = parameter((15, 600), "ratio", "stiffness of film over base")
    strain_ratio: StrainRange = parameter((2, 8), "ratio", "strain over the critical one")
    unevenness: UnitRange = parameter(
        (0.1, 0.5), "relative", "how much the amplitude wanders", was="uneven"
    )
    softness: UnitRange = parameter(
        (0.4, 1.0), "of radius", "over which wrinkles die out at the rim"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one wrinkled region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick, turn = rng.random(2)
        pattern: str = self.pattern
        if pattern == "mixed":
            pattern = PATTERNS[min(int(pick * len(PATTERNS)), len(PATTERNS) - 1)]
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
        relief = _relief(patch, wave, drawn, rng)
        support = patch.grid.refine(patch.depth) > 0
        relief *= np.float32(height * surface.mm_per_px)
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


def _relief(patch: Patch, wave: _Wave, drawn: Wrinkle, rng: np.random.Generator) -> Float32:
    """Return waves of amplitude about one within the region, (h, w) of its box."""
    fine = Grid(patch.box, max(int(wave.length / CELLS_PER_WAVE), 1))
    cells = wave.length / fine.step
    if wave.pattern == "herringbone":
        field = herringbone(fine.shape, cells, wave.angle, rng)
    else:
        one_way = wave.angle if wave.pattern == "uniaxial" else None
        field = wave_field(fine.shape, cells, one_way, rng)
    wander = 1 + np.float32(drawn.unevenness) * value_noise(fine.shape, 3 * cells, rng)
    field *= np.clip(wander, *AMPLITUDES)
    rest = fade(patch.depth / np.float32(max(drawn.softness * patch.size, 1.5)))
    relief = fine.refine(field, smooth=True)
    return relief * patch.grid.refine(rest.astype(np.float32))
