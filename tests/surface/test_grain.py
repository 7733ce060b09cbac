"""The grain runs along the texture."""

import cv2
import numpy as np
import pytest

from anomsynth.core.types import Float32
from anomsynth.fields.structure import gradient_products
from anomsynth.surface.grain import measure_grain


def lines(angle: float, size: int = 200) -> Float32:
    """Render lines at an angle from +col towards +row."""
    row, col = np.mgrid[:size, :size]
    across = row * np.cos(angle) - col * np.sin(angle)
    return (128 + 30 * np.sin(2 * np.pi * across / 9)).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, 2.6])
def test_angle_is_that_of_the_lines(angle: float) -> None:
    levels = lines(angle)

    grain = measure_grain(gradient_products(levels, np.ones(levels.shape, bool)), (200, 200))

    inner = slice(2, -2)
    off = (grain.angle[inner, inner] - angle + np.pi / 2) % np.pi - np.pi / 2
    assert np.abs(off).max() < 0.05
    assert grain.coherence[inner, inner].min() > 0.9
    assert grain.angle.min() >= 0
    assert grain.angle.max() < np.pi


def test_noise_has_no_grain() -> None:
    rng = np.random.default_rng(0)
    levels = (128 + 4 * rng.standard_normal((200, 200))).astype(np.float32)

    grain = measure_grain(gradient_products(levels, np.ones(levels.shape, bool)), (200, 200))

    assert np.quantile(grain.coherence, 0.9) < 0.3


def test_background_has_no_grain_and_lends_none_to_the_part() -> None:
    levels = lines(0.0)
    levels[:, :100] = 10
    inside = np.zeros(levels.shape, dtype=bool)
    inside[:, 100:] = True

    grain = measure_grain(gradient_products(levels, inside), (200, 200))

    assert grain.at(100, 20)[1] == 0
    assert grain.at(100, 112)[1] > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 4096), (4096, 1), (37, 211), (1000, 700)])
def test_grid_covers_the_photo(shape: tuple[int, int]) -> None:
    small = cv2.resize(np.zeros(shape, np.float32), (min(shape[1], 250), min(shape[0], 250)))

    grain = measure_grain(gradient_products(small, np.ones(small.shape, bool)), shape)

    assert grain.angle.shape == grain.coherence.shape
    assert grain.angle.shape == tuple(-(-n // grain.step) for n in shape)
    assert grain.angle.dtype == grain.coherence.dtype == np.float32
