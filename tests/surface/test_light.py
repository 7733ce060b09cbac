"""The axis of the light is measured where there is relief, and only there."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from anomsynth.core.types import Float32, Light
from anomsynth.fields.structure import StructureTensor, gradient_products
from anomsynth.surface.light import cell_tensors, measure_light


def shade(azimuth_deg: float, seed: int, size: int = 200) -> Float32:
    """Render isotropic relief under Lambert's law, lit from the azimuth at 45 degrees, sRGB."""
    rough = np.random.default_rng(seed).standard_normal((size, size))
    height = cv2.GaussianBlur(rough, (0, 0), 3.0)
    down, across = np.gradient(height)
    scale = 0.08 / np.sqrt((down**2 + across**2).mean())
    slope_row, slope_col = scale * down, scale * across
    row, col, up = Light(azimuth_deg, 45).vector
    cosine = (up - row * slope_row - col * slope_col) / np.sqrt(1 + slope_row**2 + slope_col**2)
    return (255 * (0.3 * np.maximum(cosine, 0) / up) ** (1 / 2.2)).astype(np.float32)


def tensor_of(levels: NDArray[np.floating]) -> StructureTensor:
    return gradient_products(levels.astype(np.float32), np.ones(levels.shape, dtype=bool))


def off_axis(found_deg: float, true_deg: float) -> float:
    return abs((found_deg - true_deg + 90) % 180 - 90)


def test_axis_and_eigenvalue_ratio_follow_from_lambert() -> None:  # RE5
    errors, ratios, sure = [], [], []
    for seed in range(40):
        azimuth = (37 * seed) % 180
        tensor = tensor_of(shade(azimuth, seed))
        light = measure_light(tensor)
        low, high = np.linalg.eigvalsh(cell_tensors(tensor).sum(axis=0))
        errors.append(off_axis(light.azimuth_deg, azimuth))
        ratios.append(high / low)
        sure.append(light.confidence)

    assert np.quantile(errors, 0.9) < 4
    assert min(ratios) > 2.3
    assert max(ratios) < 3.5
    assert min(sure) > 0.5


@pytest.mark.parametrize(
    ("ratio", "sure"),
    [(1.25, 0), (1.35, 0.05), (1.8, 0.5), (2.2, 0.9), (3.0, 1), (3.35, 5 / 6), (3.55, 1 / 6)],
)
def test_confidence_is_that_of_the_eigenvalues_ratio(ratio: float, sure: float) -> None:
    one, none = np.ones((64, 64), np.float32), np.zeros((64, 64), np.float32)

    light = measure_light(StructureTensor(one, none, np.float32(ratio) * one))

    assert light.confidence == pytest.approx(sure, abs=0.02)
    assert off_axis(light.azimuth_deg, 0) < 1e-3


@pytest.mark.parametrize("azimuth", [20.0, 45.0, 110.0])
def test_axis_of_a_known_tensor_is_found(azimuth: float) -> None:
    row, col = -np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    one = np.ones((64, 64), np.float32)

    # Lambert on isotropic relief: J = m (|l|^2 Id + 2 l l^T).
    parts = ((1 + 2 * row * row), 2 * row * col, (1 + 2 * col * col))
    light = measure_light(StructureTensor(*(np.float32(part) * one for part in parts)))

    assert off_axis(light.azimuth_deg, azimuth) < 0.1


def test_opposite_lights_have_one_axis_below_180() -> None:
    one, other = (measure_light(tensor_of(shade(azimuth, 5))) for azimuth in (160, 340))

    assert off_axis(one.azimuth_deg, other.azimuth_deg) < 3
    assert 0 <= one.azimuth_deg < 180


def test_noise_does_not_hide_the_light() -> None:
    levels = shade(60, 1) + 2 * np.random.default_rng(0).standard_normal((200, 200))

    light = measure_light(tensor_of(levels))

    assert off_axis(light.azimuth_deg, 60) < 8
    assert light.confidence > 0


def test_a_flat_surface_tells_nothing() -> None:
    assert measure_light(tensor_of(np.full((200, 200), 90.0))).confidence == 0


def test_noise_alone_tells_nothing() -> None:
    levels = 128 + 5 * np.random.default_rng(0).standard_normal((200, 200))

    assert measure_light(tensor_of(levels)).confidence == 0


def test_brushed_metal_tells_nothing() -> None:
    rough = np.random.default_rng(0).standard_normal((200, 200))
    brushed = cv2.GaussianBlur(rough, (0, 0), sigmaX=12, sigmaY=0.6)

    assert measure_light(tensor_of(128 + 200 * brushed)).confidence == 0


@pytest.mark.parametrize("name", ["brick", "grass", "gravel"])
def test_textures_without_one_light_tell_little(name: str) -> None:
    texture = getattr(data, name)()[:256, :256]

    assert measure_light(tensor_of(texture)).confidence < 0.2


def test_a_few_pixels_tell_nothing() -> None:
    assert measure_light(tensor_of(shade(60, 1)[:20, :20])).confidence == 0


def test_the_outline_of_the_part_does_not_count() -> None:
    levels = np.full((200, 200), 20.0)
    levels[:, 100:] = shade(90, 2)[:, 100:]
    inside = np.zeros((200, 200), dtype=bool)
    inside[:, 100:] = True

    light = measure_light(gradient_products(levels.astype(np.float32), inside))

    assert off_axis(light.azimuth_deg, 90) < 8
