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
