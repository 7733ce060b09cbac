"""The roles a component can play. A plugin subclasses one of them."""

import warnings
from abc import ABC, abstractmethod
from typing import ClassVar, Self, Unpack

import numpy as np
from pydantic import ConfigDict

from anomsynth.core.component import Component, Range, drawn_fields
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.types import Float32, Surface
from anomsynth.errors import PlacementError, RenamedWarning


class Generator(Component, ABC):
    """Says what a defect does to the surface; never paints pixels, never labels.

    Attributes
    ----------
    needs_components : bool
        True if it works on components only; it is passed over where `Surface.components` is None.
    needs_defects : bool
        True if it takes real defects from `Surface.defects`; it is passed over where that is None.
    needs_fibers : bool
        True if it works on bristles and fibres of the part; it is passed over where a photo shows
        none.
    has_relief : bool
        True if its defects have a height or an opening; others only colour the part, and are
        passed over where nothing but depth was measured.
    measures : tuple of SizeMeasure
        By which sizes in mm its defects can be ordered, the usual one first; none if by none.
    """

    needs_components: ClassVar[bool] = False
    needs_defects: ClassVar[bool] = False
    needs_fibers: ClassVar[bool] = False
    has_relief: ClassVar[bool] = False
    measures: ClassVar[tuple[SizeMeasure, ...]] = ()
    needs_parts: ClassVar[bool] = False  # old name, which plugins may set

    def __init_subclass__(cls, **arguments: Unpack[ConfigDict]) -> None:
        super().__init_subclass__(**arguments)
        if "needs_parts" in vars(cls):
            new = "needs_components"
            warnings.warn(f"{cls.__name__}: needs_parts is called {new} now", RenamedWarning, 2)
            cls.needs_components = bool(vars(cls)["needs_parts"])

    @property
    def least_share(self) -> float:
        """Share of the allowed pixels that each of its defects surely covers, often 0.

        Where earlier defects leave no room for that, none is drawn only to be thrown away.
        """
        return 0.0

    @property
    def ranges(self) -> dict[str, Range]:
        """The parameters that are drawn, in field order."""
        values = vars(self)
        return {name: values[name] for name in drawn_fields(type(self))}

    def draw_ranges(self, rng: np.random.Generator) -> Self:
        """Draw every range, one number each, in field order: the first thing `generate` does.

        Returns
        -------
        Generator
            A copy that holds the numbers in place of the ranges: ``drawn.width_mm`` is a number.
        """
        return self.model_copy(
            update={name: value.draw(rng) for name, value in self.ranges.items()}
        )

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of a drawn copy by name, in field order, as a layer records them."""
        values = vars(self)
        return {name: values[name] for name in drawn_fields(type(self))}

    @abstractmethod
    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one defect.

        All randomness comes from `rng`: first `draw_ranges`, then the site, then fields. Every
        drawn range is recorded in `parameters` under its name (`numbers` of the drawn copy).

        Raises
        ------
        PlacementError
            If the part has no room for the defect.
        """

    def transmit(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one defect as a radiograph shows it: a layer with a `chord` and nothing else.

        What is dug into the part or stands on it changes its thickness by its height; a mechanism
        whose voids or inclusions lie inside overrides this.

        Raises
        ------
        PlacementError
            If the part has no room for the defect, or it changes no thickness.
        """
        layer = self.generate(surface, rng)
        if layer.height is None or not layer.height.any():
            raise PlacementError(f"{self.kind}: no change of thickness that rays would show")
        return layer.transmitted(-layer.height)


class Refiner(Component, ABC):
    """Makes a defect look photographed; changes pixels of the support only.

    The pipeline calls the hooks in order: `relax` on the defect's physical fields before
    rendering, `refine` on the rendered light, `finish` on the encoded grey levels. Each does
    nothing unless a refiner overrides it; one that overrides none is abstract.

    Attributes
    ----------
    random : bool
        False if the hooks draw nothing: making a stream for them is then saved.
    """

    random: ClassVar[bool] = True

    def __new__(cls, *args: object, **values: object) -> Self:
        """Refuse to make a refiner without any effect."""
        del args, values  # they go to __init__
        hooks = ("relax", "refine", "finish")
        if all(getattr(cls, hook) is getattr(Refiner, hook) for hook in hooks):
            msg = f"{cls.__name__} is abstract: it overrides none of {', '.join(hooks)}"
            raise TypeError(msg)
        return super().__new__(cls)

    def relax(
        self, layer: DefectLayer, surface: Surface, rng: np.random.Generator
    ) -> tuple[DefectLayer, dict[str, float]]:
        """Return the layer with its fields at rest, and the residuals measured."""
        del surface, rng
        return layer, {}

    def refine(self, change: Change, surface: Surface, rng: np.random.Generator) -> Change:
        """Return the change with new `after` and `residuals`; nothing outside the support."""
        del surface, rng
        return change

    def finish(
        self, levels: Float32, change: Change, surface: Surface, rng: np.random.Generator
    ) -> Float32:
        """Return grey levels as the camera would have saved them.

        Parameters
        ----------
        levels : (n, C) float32, 0..255
            Encoded result at the pixels `change.index`.
        change : Change
        surface : Surface
        rng : numpy.random.Generator

        Returns
        -------
        (n, C) float32
        """
        del change, surface, rng
        return levels
