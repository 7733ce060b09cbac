"""Perlin shapes are filled with a foreign texture, blended as in DRAEM."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import decode, linear_to_srgb
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Pixels
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.baselines._perlin import gradient_noise
from anomsynth.generators.baselines.perlin_texture import PerlinTexture
from anomsynth.testing import check_generator, make_surface


class OnePicture:
    """A texture source of one picture."""

    def __init__(self, picture: Pixels) -> None:
        self.picture = picture

    def pick(self, rng: np.random.Generator) -> Pixels:
        rng.random()
        return self.picture


def stripes(channels: int, dtype: type = np.uint8) -> Pixels:
    top = np.iinfo(dtype).max
    picture = np.zeros((64, 64, channels), dtype)
    picture[:, ::2, 0] = top
    return picture


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    surface = make_surface(channels=channels)
    check_generator(PerlinTexture(), surface)
    check_generator(PerlinTexture(), replace(surface, textures=OnePicture(stripes(3))))
    check_generator(PerlinTexture(), make_surface(24, 30, border=2, channels=channels))


def test_the_texture_is_blended_in_encoded_levels() -> None:
    surface = replace(make_surface(), textures=OnePicture(stripes(1)))

    def encoded(opacity: float) -> np.ndarray:
        layer = PerlinTexture(opacity=opacity).generate(surface, stream(3))
        return linear_to_srgb(layer.exposed[layer.support].astype(float))

    own = encoded(0.0)
    whole, half = encoded(1.0), encoded(0.5)

    assert np.abs(half - (own + whole) / 2).max() < 1e-3
    assert np.abs(whole - own).max() > 0.1


def test_no_opacity_shows_the_photo() -> None:
    surface = make_surface()
    layer = PerlinTexture(opacity=0).generate(surface, stream(3))

    before = decode(surface.pixels)[layer.box.slices]
    assert np.allclose(layer.exposed[layer.support], before[layer.support], atol=1e-4)


def test_finer_lattices_make_more_and_smaller_pieces() -> None:
    surface = make_surface(256, 256, border=0)

    def border(octaves: int) -> float:
        found = []
        for seed in range(8):
            inside = (
                PerlinTexture(row_octaves=octaves, col_octaves=octaves)
                .generate(surface, stream(seed))
                .support
            )
            rim = (inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum()
            found.append(rim / inside.sum())
        return float(np.median(found))

    assert border(5) > 3 * border(2)


def test_shapes_are_where_the_noise_is_above_a_half() -> None:
    surface = make_surface(256, 256, border=0)
    areas, above = [], []
    for seed in range(12):
        texture = PerlinTexture(row_octaves=5, col_octaves=5, turn_deg=0)
        areas.append(texture.generate(surface, stream(seed)).support.sum() / 256**2)
        axis = np.linspace(0, 32, 256, dtype=np.float32)
        noise = gradient_noise(axis[:, None], axis[None], (32, 32), np.random.default_rng(seed))
        above.append((noise > 0.5).mean())

    assert np.mean(areas) == pytest.approx(np.mean(above), rel=0.12)


def test_a_colour_texture_is_grey_on_a_grey_photo() -> None:
    surface = replace(make_surface(), textures=OnePicture(stripes(3, np.uint16)))

    assert PerlinTexture().generate(surface, stream(0)).exposed.shape[2] == 1


def test_shapes_meet_the_part() -> None:
    surface = make_surface(200, 200, border=80)
    for seed in range(6):
        layer = PerlinTexture().generate(surface, stream(seed))
        assert (layer.support & surface.allowed[layer.box.slices]).sum() >= 16


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        PerlinTexture().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("opacity", 1.2), ("row_octaves", -1), ("col_octaves", 8), ("row_octaves", 1.5), ("turn", 3)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "perlin_texture", field: value})


def test_golden_light(golden) -> None:
    layer = PerlinTexture().generate(make_surface(), stream(42, "golden"))

    golden("perlin_texture_light", layer.exposed[..., 0])


def sampled(lattice: tuple[int, int], side: int, seed: int = 0) -> np.ndarray:
    rows = np.linspace(0, lattice[0], side, dtype=np.float32)[:, None]
    cols = np.linspace(0, lattice[1], side, dtype=np.float32)[None]
    return gradient_noise(rows, cols, lattice, np.random.default_rng(seed))


def test_noise_is_zero_at_the_lattice_s_points() -> None:
    assert np.abs(sampled((4, 4), 5)).max() < 1e-6


def test_noise_stays_within_one_and_uses_most_of_it() -> None:
    noise = sampled((16, 16), 400)

    assert np.abs(noise).max() <= 1
    assert np.abs(noise).max() > 0.7
    assert abs(noise.mean()) < 0.05


def test_noise_is_smooth_across_cells() -> None:
    noise = sampled((4, 4), 401)
    steps = np.abs(np.diff(noise, axis=1))

    assert steps.max() < 0.03
    # Slopes at the borders of cells are no kinks.
    bend = np.abs(np.diff(noise, n=2, axis=1))
    assert bend[:, 98:101].max() < 3 * np.percentile(bend, 99)


def test_axes_have_their_own_lattice() -> None:
    noise = sampled((2, 32), 256)
    crossings = [(np.diff(np.sign(noise), axis=axis) != 0).sum() for axis in (0, 1)]

    assert crossings[1] > 5 * crossings[0]


def test_amplitude_and_fade_are_perlin_s() -> None:
    middles = np.arange(120, dtype=np.float32)
    rng = np.random.default_rng(1)
    noise = gradient_noise(middles[:, None] + 0.5, middles[None] + 0.5, (120, 120), rng)

    # Four gradients of a quarter's weight each, their projections of variance 1/4, times sqrt(2).
    assert noise.std() == pytest.approx(np.sqrt(2 * 4 / 16 / 4), rel=0.03)
    # One gradient ramp alone: g x (1 - fade(x)) + g' (x - 1) fade(x) on the edge of a cell.
    x = np.float32([[0.25]])
    row, near = np.float32([[0.0]]), np.float32([[0.001, 0.999]])
    ends = gradient_noise(row, near, (1, 1), np.random.default_rng(3))
    left, right = ends[0] / np.float32([0.001, -0.001])
    fade = 6 * 0.25**5 - 15 * 0.25**4 + 10 * 0.25**3
    expected = left * 0.25 * (1 - fade) + right * -0.75 * fade
    found = gradient_noise(row, x, (1, 1), np.random.default_rng(3))
    assert float(found[0, 0]) == pytest.approx(float(expected), rel=0.01)
