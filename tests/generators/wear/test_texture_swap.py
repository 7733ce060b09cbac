"""Swapped textures come from elsewhere, in the light of where they are."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.texture_swap import TextureSwap
from anomsynth.testing import check_generator, make_surface

STILL = {"turn_deg": 0, "zoom": 1, "flip_probability": 0, "contrast": 1, "shift": 0}


class Checkered:
    """A texture source of one picture."""

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        rng.random()
        cells = np.indices((90, 70)).sum(axis=0) // 3 % 2
        return np.repeat((60 + 120 * cells)[..., None], 3, axis=2).astype(np.uint8)


def striped(surface: Surface, ramp: float = 0.0) -> Surface:
    """Give the surface vertical stripes of period 6 under light that grows to the right."""
    height, width = surface.shape
    light = 110 + 40 * np.sin(np.arange(width) * 2 * np.pi / 6) + ramp * np.arange(width)
    pixels = np.clip(light[None, :, None] + np.zeros((height, 1, surface.channels)), 0, 255)
    return replace(surface, pixels=pixels.astype(np.uint8))


@pytest.mark.parametrize("shape", ["blob", "band", "edge"])
def test_keeps_the_generator_contract(shape: str) -> None:
    check_generator(TextureSwap(shape=shape))
    check_generator(TextureSwap(shape=shape), make_surface(channels=3))
    check_generator(TextureSwap(shape=shape), make_surface(6, 25, border=0))


def test_a_quarter_turn_turns_the_texture() -> None:
    swap = TextureSwap(shape="blob", area_share=0.2, **STILL | {"turn_deg": 90})
    layer = swap.generate(striped(make_surface(240, 240, border=0)), stream(2))

    inner = layer.exposed[..., 0]
    assert np.abs(np.diff(inner, axis=0)).mean() > 4 * np.abs(np.diff(inner, axis=1)).mean()


def test_zoom_enlarges_the_texture() -> None:
    surface = striped(make_surface(240, 240, border=0))

    def period(zoom: float) -> float:
        layer = TextureSwap(
            shape="blob", area_share=0.4, match=0, **STILL | {"zoom": zoom}
        ).generate(surface, stream(2))
        line = layer.exposed[layer.exposed.shape[0] // 2, :, 0]
        power = np.abs(np.fft.rfft((line - line.mean()) * np.hanning(line.size), 4096))
        return 4096 / float(np.argmax(power[20:]) + 20)

    assert period(1.0) == pytest.approx(6, rel=0.05)
    assert period(1.5) == pytest.approx(9, rel=0.05)


def test_matched_light_is_that_of_the_target() -> None:
    surface = striped(make_surface(240, 240, border=0), ramp=0.35)

    def misfit(match: float) -> float:
        errors = []
        for seed in range(6):
            layer = TextureSwap(area_share=0.15, match=match, **STILL).generate(
                surface, stream(seed)
            )
            target = surface.linear(layer.box)
            errors.append(abs(float(np.log(layer.exposed.mean() / target.mean()))))
        return float(np.mean(errors))

    assert misfit(1.0) < 0.05
    assert misfit(0.0) > 2 * misfit(1.0)


def test_pictures_of_the_user_are_used_and_stay_grey_on_grey_photos() -> None:
    surface = replace(make_surface(240, 240), textures=Checkered())
    layer = TextureSwap(area_share=0.2, foreign_probability=1, match=0).generate(surface, stream(0))

    assert layer.measured["foreign"] == 1
    assert layer.exposed.shape[2] == 1
    assert layer.exposed.std() > 3 * surface.linear(layer.box).std()
    colour = replace(make_surface(60, 60, channels=3), textures=Checkered())
    assert TextureSwap(foreign_probability=1).generate(colour, stream(0)).exposed.shape[2] == 3


def test_background_is_never_pasted() -> None:
    surface = make_surface(200, 200, border=40)
    pixels = surface.pixels.copy()
    pixels[~surface.foreground] = 255
    surface = replace(surface, pixels=pixels)
    for seed in range(10):
        layer = TextureSwap(area_share=0.1, match=0, **STILL).generate(surface, stream(seed))
        shown = layer.exposed[layer.support & surface.foreground[layer.box.slices]]
        assert float(shown.max()) < 0.7


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        TextureSwap().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("shape", "star"), ("zoom", 0), ("match", 2), ("opacity", -0.1), ("zooom", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "texture_swap", field: value})


def test_golden_coverage(golden) -> None:
    layer = TextureSwap(area_share=0.05).generate(make_surface(96, 96), stream(42, "golden"))

    golden("texture_swap_coverage", layer.coverage)
