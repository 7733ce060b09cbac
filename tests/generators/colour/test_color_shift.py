"""Discoloured regions have the area asked for, a vague edge, and possible colours."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.color_shift import ColorShift
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    for change in ("pigment", "age", "tone"):
        check_generator(ColorShift(change=change), make_surface(channels=channels))
    check_generator(ColorShift(), make_surface(30, 34, border=4, channels=channels))


@pytest.mark.parametrize("share", [0.002, 0.03, 0.2])
def test_covers_the_share_of_the_part_asked_for(share: float) -> None:
    surface = make_surface(300, 300)
    shift = ColorShift(area_share=share, softness=0.3, mottle=0, ragged=0.02)

    found = [shift.generate(surface, stream(seed)).measured["area_share"] for seed in range(12)]

    assert np.median(found) == pytest.approx(share, rel=0.2)


def test_area_does_not_depend_on_resolution() -> None:
    shift = ColorShift(area_share=0.05, softness=0.4, mottle=0)
    means = []
    for scale in (1, 3):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [shift.generate(surface, stream(seed)) for seed in range(10)]
        means.append(np.mean([layer.measured["area_share"] for layer in layers]))

    assert means[1] == pytest.approx(means[0], rel=0.15)


def test_the_edge_is_vague() -> None:
    layer = ColorShift(change="tone", area_share=0.1, mottle=0, ragged=0.02, softness=0.6).generate(
        make_surface(300, 300), stream(3)
    )

    depth = np.abs(layer.absorbance)
    steepest = max(np.abs(np.diff(depth, axis=axis)).max() for axis in (0, 1))
    assert steepest < 0.12 * depth.max()


def test_pigment_fades_and_deepens_in_its_own_hue() -> None:
    plain = make_surface(120, 120, channels=3)
    pixels = (plain.pixels * np.array([1.0, 0.7, 0.4])).astype(np.uint8)
    brown = replace(plain, pixels=pixels)
    common = {"change": "pigment", "area_share": 0.1}

    deeper = ColorShift(**common, fade_probability=0).generate(brown, stream(0))
    paler = ColorShift(**common, fade_probability=1).generate(brown, stream(0))

    red, green, blue = deeper.absorbance[deeper.support].mean(axis=0)
    assert 0 < red < green < blue  # what a brown surface absorbs
    light = brown.linear(paler.box)
    assert (paler.exposed >= light - 1e-6).all()
    ratio = (paler.exposed / light)[paler.support].mean(axis=0)
    assert ratio[2] > ratio[0] >= 1  # towards white


def test_faded_pigment_keeps_its_share_of_the_density() -> None:
    plain = make_surface(120, 120, channels=3)
    pixels = (plain.pixels * np.array([1.0, 0.7, 0.4])).astype(np.uint8)
    brown = replace(plain, pixels=pixels)
    fading = ColorShift(change="pigment", area_share=0.1, fade_probability=1, fading=0.5)

    layer = fading.generate(brown, stream(0))

    light, paler = (
        array[layer.support].astype(float) for array in (brown.linear(layer.box), layer.exposed)
    )
    white = np.percentile(brown.linear(Box(8, 8, 112, 112)), 99.5)
    shown = light < 0.7 * white
    left = np.log(paler[shown] / white) / np.log(light[shown] / white)
    assert np.median(left) == pytest.approx(1 - 0.5, abs=0.03)


def test_old_surfaces_turn_yellow() -> None:
    layer = ColorShift(change="age").generate(make_surface(channels=3), stream(1))

    red, green, blue = layer.absorbance[layer.support].mean(axis=0)
    assert 0 < red < green < blue


def test_the_brightest_part_of_a_photo_only_gets_darker() -> None:
    plain = make_surface(200, 200)
    pixels = plain.pixels // 3
    pixels[60:140, 60:140] = plain.pixels[60:140, 60:140]
    sites = np.array([[100, 100]], dtype=np.int32)
    surface = replace(plain, pixels=pixels, sites=sites)
    shift = ColorShift(change="tone", area_share=0.02, aspect=1, softness=0.3, fade_probability=1)

    layer = shift.generate(surface, stream(0))

    assert layer.absorbance.min() >= 0
    assert layer.absorbance.max() > 0


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        ColorShift().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("change", "hue"),
        ("area_share", 0),
        ("softness", -1),
        ("fading", 1.5),
        ("lobes", 1.5),
        ("hue_deg", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "color_shift", field: value})


def test_golden_absorbance(golden) -> None:
    layer = ColorShift(change="tone").generate(make_surface(), stream(42, "golden"))

    golden("color_shift_absorbance", layer.absorbance)
