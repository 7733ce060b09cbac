"""The background behind a part continues what is around it."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import decode, linear_to_srgb
from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError
from anomsynth.surface.behind import check_room, ground_without, light_behind
from anomsynth.testing import make_surface


def lit_from_the_left(part_level: int) -> np.ndarray:
    ramp = np.linspace(60, 120, 200)[None, :, None].repeat(160, axis=0)
    pixels = ramp.repeat(3, axis=2).astype(np.uint8)
    pixels[40:120, 50:150] = part_level
    return pixels


def surface_of(pixels: np.ndarray):
    foreground = np.zeros((160, 200), bool)
    foreground[40:120, 50:150] = True
    base = make_surface(channels=3)
    return replace(base, pixels=pixels, foreground=foreground, allowed=foreground.copy())


@pytest.mark.parametrize("part_level", [10, 250])
def test_a_gradient_goes_on_behind_the_part(part_level: int) -> None:
    surface = surface_of(lit_from_the_left(part_level))

    light = light_behind(surface, Box(70, 60, 90, 140))

    assert light is not None
    expected = decode(lit_from_the_left(0)[:1, 60:140], "srgb")
    assert light.shape == (20, 80, 3)
    assert np.abs(light - expected).max() < 0.05
    assert light[:, -1].mean() > 1.3 * light[:, 0].mean()


def test_a_part_that_fills_the_picture_has_nothing_behind_it() -> None:
    assert light_behind(make_surface(border=0), Box(0, 0, 10, 10)) is None


def test_one_pixel_of_a_tiny_picture_works() -> None:
    surface = make_surface(24, 24, border=9)

    light = light_behind(surface, Box(11, 11, 12, 12))

    assert light is not None
    assert light.shape == (1, 1, 1)


def on_ground(ground: np.ndarray, part: np.ndarray) -> Surface:
    """Return a dark part on a ground, (H, W) linear light, with no noise but the ground's."""
    light = np.where(part, 0.02, ground).astype(np.float32)
    pixels = np.rint(255 * linear_to_srgb(np.clip(light, 0, 1))).astype(np.uint8)[..., None]
    base = make_surface(*ground.shape)
    return replace(base, pixels=pixels, foreground=part, allowed=part.copy())


def slab(shape: tuple[int, int]) -> np.ndarray:
    part = np.zeros(shape, bool)
    part[60:140, 100:200] = True
    return part


def test_the_ground_keeps_its_texture_and_its_noise_behind_the_part() -> None:
    rng = np.random.default_rng(0)
    ground = 0.3 + 0.03 * rng.standard_normal((240, 320))
    part = slab(ground.shape)
    box = Box(70, 110, 130, 190)

    light = light_behind(on_ground(ground, part), box)

    assert light is not None
    assert light.std() == pytest.approx(0.03, rel=0.1)
    assert light.mean() == pytest.approx(0.3, rel=0.03)


@pytest.mark.parametrize("period", [12, 40])
def test_a_pattern_of_the_ground_goes_on_in_phase(period: int) -> None:
    rows, cols = np.mgrid[:240, :320]
    ground = 0.3 + 0.12 * np.sin(2 * np.pi * cols / period) + 0.0002 * rows
    ground += 0.005 * np.random.default_rng(1).standard_normal(ground.shape)
    part = slab(ground.shape)
    box = Box(55, 95, 145, 205)

    light = light_behind(on_ground(ground, part), box, part[box.slices])

    assert light is not None
    inside = part[box.slices]
    off = light[..., 0][inside] - ground[box.slices][inside]
    assert np.sqrt(np.mean(off**2)) < 0.3 * ground.std()


def test_its_shadow_goes_with_a_piece_and_the_rest_keeps_its_own() -> None:
    rows, cols = np.mgrid[:240, :320]
    part = slab((240, 320))
    away = np.hypot(
        np.clip(abs(rows - 99.5) - 39.5, 0, None), np.clip(abs(cols - 149.5) - 49.5, 0, None)
    )
    ground = 0.4 * (1 - 0.5 * np.exp(-away / 5))
    ground += 0.002 * np.random.default_rng(2).standard_normal(ground.shape)
    surface = on_ground(ground, part)
    box = Box(30, 70, 170, 230)
    gone = (part & (cols >= 160))[box.slices]

    behind = light_behind(surface, box, gone, 12.0)
    assert behind is not None
    found = ground_without(surface, box, gone, behind, 12.0)

    light, after = surface.linear(box)[..., 0], found.light[..., 0]
    beside = np.zeros(part.shape, bool)
    beside[80:120, 200:206] = True
    beside = beside[box.slices]
    assert after[beside].mean() > 0.9 * 0.4 > 1.15 * light[beside].mean()
    assert found.beside[beside].mean() > 0.9
    assert found.shade[beside].mean() < 0.9
    middle = np.zeros(part.shape, bool)
    middle[80:120, 180:195] = True
    assert after[middle[box.slices]].mean() == pytest.approx(0.4, rel=0.05)
    rest = np.zeros(part.shape, bool)
    rest[80:120, 92:100] = True
    assert np.array_equal(after[rest[box.slices]], light[rest[box.slices]])


def test_a_sliver_s_bed_lies_in_the_shadow_that_stays() -> None:
    rows, cols = np.mgrid[:240, :320]
    part = slab((240, 320))
    away = np.hypot(
        np.clip(abs(rows - 99.5) - 39.5, 0, None), np.clip(abs(cols - 149.5) - 49.5, 0, None)
    )
    surface = on_ground(0.4 * (1 - 0.5 * np.exp(-away / 10)), part)
    box = Box(30, 70, 170, 270)
    gone = (part & (cols >= 196))[box.slices]
    behind = light_behind(surface, box, gone, 30.0)
    assert behind is not None

    after = ground_without(surface, box, gone, behind, 30.0).light[..., 0]

    bed, beside = (after[50:90, first : first + 2].mean() for first in (127, 134))
    assert bed == pytest.approx(beside, rel=0.15)
    assert bed < 0.9 * 0.4  # in the open it would be 0.4


def test_what_would_be_cut_off_is_refused() -> None:
    part = slab((240, 320))
    box = Box(30, 70, 170, 230)
    changed = part[box.slices]

    check_room(on_ground(np.full((240, 320), 0.4), part), box, changed)  # nobody said anything
    open_ground = on_ground(np.full((240, 320), 0.4), part)
    check_room(replace(open_ground, reachable=np.ones_like(part)), box, changed)
    half = part & (np.arange(320) < 150)
    with pytest.raises(PlacementError, match="beyond where defects may go"):
        check_room(replace(open_ground, reachable=half), box, changed)
