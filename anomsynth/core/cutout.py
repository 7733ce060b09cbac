"""Real defects to cut out and set into good photos."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from anomsynth.core.types import Mask, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A real defect with some of its surroundings.

    Attributes
    ----------
    pixels : (h, w, C) uint8 or uint16, C in {1, 3}
    mask : (h, w) bool
        The defect, as it was marked.
    part : (h, w) bool
        Where the part is, defects included.
    side : int
        Longer side of the picture that it is from, pixels.
    """

    pixels: Pixels
    mask: Mask
    part: Mask
    side: int


class DefectSource(Protocol):
    """Real defects to cut out and set into good photos."""

    def pick(self, rng: np.random.Generator) -> Cutout:
        """Return one of them; uses one random number."""
        ...
