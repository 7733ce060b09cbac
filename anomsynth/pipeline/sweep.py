"""A sweep: defects of stated sizes and strengths, one a picture, and how the camera is off."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from pydantic import BaseModel, ConfigDict

from anomsynth.core.measure import MeasureName
from anomsynth.core.rng import stream
from anomsynth.synthesis.conditions import Conditions
from anomsynth.synthesis.flaw import FlawOrder


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of a sweep's grid.

    Attributes
    ----------
    kind : str
    measure : {"length", "width", "depth", "area"}
    size_mm : float
    d_prime : float or None
        None where depth, material and light decide.
    """

    kind: str
    measure: MeasureName
    size_mm: float
    d_prime: float | None


class Sweep(BaseModel):
    """The grid of a sweep, and the conditions it is photographed under.

    Attributes
    ----------
    kinds : (kind, measure) of each mechanism
    sizes_mm : tuple of float
        Levels of size, rising.
    d_primes : tuple of float or None
        Levels of visibility; None where depth, material and light decide.
    per_level : int
        Pictures of each kind and size in a category; levels of visibility take turns in them.
    conditions : Conditions
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[tuple[str, MeasureName], ...]
    sizes_mm: tuple[float, ...]
    d_primes: tuple[float, ...] | None
    per_level: int
    conditions: Conditions = Conditions()

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every picture's point of the grid, in order."""
        strengths = self.d_primes or (None,)
        return tuple(
            Cell(kind, measure, size, strengths[turn % len(strengths)])
            for (kind, measure), size, turn in product(
                self.kinds, self.sizes_mm, range(self.per_level)
            )
        )

    def order(self, seed: int, category: str) -> tuple[int, ...]:
        """Return which cell each picture of a category shows, by its number: well mixed.

        So no photo bears only small defects, and a category's photos share all levels.
        """
        mixed = stream(seed, category, "sweep").permutation(len(self.cells))
        return tuple(int(place) for place in mixed)

    def flaw(self, cell: Cell) -> FlawOrder:
        """Return what is ordered for a cell."""
        light = self.conditions.light_deg
        return FlawOrder(cell.kind, cell.measure, cell.size_mm, cell.d_prime, light)
