"""A dark disc on a known surface, marked as tightly or loosely as a test wants."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from anomsynth.core.types import Mask, Pixels, Surface
from anomsynth.fitting.defect import Defect, find_defects
from anomsynth.testing import make_surface

Disc = tuple[int, int, int]  # row, column, radius


def drawn(shape: tuple[int, int], *discs: Disc) -> Mask:
    mask = np.zeros(shape, np.uint8)
    for row, col, radius in discs:
        cv2.circle(mask, (col, row), radius, 1, cv2.FILLED)
    return mask > 0


@pytest.fixture(scope="session")
def surface() -> Surface:
    return make_surface(160, 200)


@pytest.fixture
def defects_of(surface) -> Callable[..., tuple[Defect, ...]]:
    """Darken discs and mark them so many pixels too wide."""

    def make(*discs: Disc, wider: int = 0, darker: float = 0.5) -> tuple[Defect, ...]:
        pixels: Pixels = surface.pixels.copy()
        inside = drawn(surface.shape, *discs)
        pixels[inside] = (pixels[inside] * darker).astype(pixels.dtype)
        loose = drawn(surface.shape, *((row, col, radius + wider) for row, col, radius in discs))
        return find_defects(surface, pixels, loose)

    return make
