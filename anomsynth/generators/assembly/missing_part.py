"""A missing part: a component that is not there, and what lies behind it."""

from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import NonNegativeRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.regions import depth_inside
from anomsynth.generators.assembly._components import (
    component_areas,
    light_without,
    marked_part,
    soft_mask,
)

LEAST_COVERAGE = 0.01


class MissingPart(Generator):
    """One component that the mask marks is gone.

    A component at the outline of the part reveals the background, one amid the part an empty seat
    with the texture of the part around it, a little darker in its corners than a free surface.
    Needs the masks of the components; its truth are the pixels that visibly changed.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> surface = make_surface()
    >>> marks = np.zeros(surface.shape, np.uint8)
    >>> marks[40:60, 50:80] = 1  # one component of 20 x 30 pixels
    >>> layer = MissingPart().generate(replace(surface, components=marks), stream(0))
    >>> int(layer.measured["component_px"])
    600
    """

    law: ClassVar[str] = "I' = (1 - M) I + M B, B what lies behind; seat: 1 - s exp(-d / (0.15 D))"
    source: ClassVar[str] = "He & Sun 2012 (texture behind); Perez et al. 2003 (seams)"

    needs_components: ClassVar[bool] = True
    has_relief: ClassVar[bool] = True

    kind: Literal["missing_part"] = "missing_part"
    grow_mm: NonNegativeRange = parameter(
        (0, 0.1), "mm", "how much wider than its mask a component is, its contact shadow included"
    )
    shade: SizeRange = parameter(
        (0.8, 1.05), "relative", "brightness of the empty seat over the part's"
    )
    seat: UnitRange = parameter((0, 0.4), "share", "light that is missing in the seat's corners")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Remove one component; raise PlacementError where none is marked."""
        drawn = self.draw_ranges(rng)
        pick = float(rng.random())
        numbers = list(component_areas(surface))
        component = marked_part(surface, numbers[int(pick * len(numbers))])
        grow = min(drawn.grow_mm / surface.mm_per_px, 0.15 * np.sqrt(component.area_px) + 0.5)
        box, coverage = soft_mask(surface, component, float(grow), clear=True)
        support = coverage >= LEAST_COVERAGE
        if not (support & surface.room(overhang=True)[box.slices]).any():
            raise PlacementError("the component lies outside the allowed area")
        light, background = light_without(surface, support, box, rng)
        if not background:
            light *= _occlusion(coverage > 0.5, drawn.seat)[..., None]
            light *= np.float32(drawn.shade)
        return DefectLayer(
            kind="missing_part",
            origin=(box.top, box.left),
            support=support,
            coverage=coverage * support,
            exposed=np.clip(light, 0, 1),
            has_noise=True,
            void=bool(background),
            rigid=True,
            overhang=True,
            parameters=drawn.numbers,
            measured={
                "component": float(component.number),
                "component_px": float(component.area_px),
                "background": float(background),
            },
        )


def _occlusion(inside: Mask, strength: float) -> Float32:
    """Return the share of light at each pixel of a seat: least along its walls."""
    depth = depth_inside(inside)
    size = max(float(depth.max()), 1.0) * 2
    return (1 - np.float32(strength) * np.exp(-depth / np.float32(0.15 * size))).astype(np.float32)
