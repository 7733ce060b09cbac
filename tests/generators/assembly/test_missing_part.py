"""A missing part is really gone, and what lies behind it shows."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import SampleKey, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.assembly import missing_part as missing_module
from anomsynth.generators.assembly.missing_part import MissingPart
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import check_generator, make_surface

PLAIN = {"grow_mm": 0, "shade": 1, "seat": 0}


def with_components(
    height: int = 160, width: int = 200, channels: int = 1, border: int = 8
) -> Surface:
    """Return a surface with two bright components amid the part and one at its outline."""
    surface = make_surface(height, width, channels=channels, border=border)
    components = np.zeros(surface.shape, np.uint8)
    cv2.circle(components, (width * 3 // 10, height // 2), max(height // 10, 2), 3, -1)
    cv2.circle(components, (width * 6 // 10, height // 2), max(height // 10, 2), 7, -1)
    pixels = surface.pixels.copy()
    pixels[components > 0] = 220
    return replace(surface, pixels=pixels, components=components)


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    check_generator(MissingPart(), with_components(channels=channels))
    check_generator(MissingPart(), with_components(40, 50, channels, border=2))


@pytest.mark.parametrize("seed", range(4))
def test_the_part_around_continues_where_the_component_was(seed: int) -> None:
    surface = with_components()
    layer = MissingPart(**PLAIN).generate(surface, stream(seed))

    around = surface.linear(layer.box)[surface.components[layer.box.slices] == 0]
    gone = layer.exposed[surface.components[layer.box.slices] > 0]

    assert layer.measured["background"] == 0
    assert gone.mean() == pytest.approx(around.mean(), rel=0.15)
    assert gone.max() < 0.5 < surface.linear(layer.box).max()
    # Texture, not a smear: as rough as what surrounds it.
    assert gone.std() > 0.5 * around[around < 0.4].std()


def test_its_support_is_one_component_and_a_narrow_rim() -> None:
    surface = with_components()
    for seed in range(4):
        layer = MissingPart(**PLAIN).generate(surface, stream(seed))
        own = surface.components[layer.box.slices] == layer.measured["component"]
        assert own.sum() == layer.measured["component_px"]
        assert layer.support[own].all()
        near = cv2.dilate(own.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
        assert not (layer.support & ~near).any()


def test_at_the_outline_the_background_shows() -> None:
    surface = make_surface(border=40)
    pixels = surface.pixels.copy()
    pixels[~surface.foreground] = 30
    components = np.zeros(surface.shape, np.uint8)
    components[40:56, 150:160] = 1
    pixels[components > 0] = 200
    layer = MissingPart(**PLAIN).generate(
        replace(surface, pixels=pixels, components=components), stream(0)
    )

    gone = layer.exposed[components[layer.box.slices] > 0]
    assert layer.measured["background"] == 1
    assert gone.max() == pytest.approx(surface.linear(layer.box).min() * 0 + 0.013, abs=0.01)


def test_the_seat_is_darkest_at_its_walls() -> None:
    surface = with_components()
    flat = MissingPart(**PLAIN).generate(surface, stream(1))
    deep = MissingPart(**{**PLAIN, "seat": 0.4}).generate(surface, stream(1))

    ratio = np.divide(deep.exposed, flat.exposed)[..., 0]
    core = cv2.erode((flat.coverage > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    middle = cv2.erode(core.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert ratio[middle].mean() > 0.93
    assert ratio[core].min() < 0.75


def test_light_in_a_seat_returns_within_its_reach() -> None:
    seat = np.zeros((121, 121), bool)
    seat[10:111, 10:111] = True  # 51 deep in the middle, 102 across

    left = missing_module._occlusion(seat, 0.4)

    for depth in (1, 10, 30):
        lost = 0.4 * np.exp(-depth / (0.15 * 102))
        assert left[60, 9 + depth] == pytest.approx(1 - lost, abs=0.01)


def test_a_sample_changes_the_component_and_tells_the_truth() -> None:
    surface = with_components()
    recipe = Recipe(name="t", field_mm=20, mechanisms=(Mechanism(generator=MissingPart()),))

    sample = synthesize(surface, recipe, seed=1, key=SampleKey("c", "i", 0))

    changed = (sample.image != surface.pixels).any(axis=2)
    assert np.array_equal(changed, sample.strict)
    for item in sample.instances:
        assert item.gain == 1
        own = surface.components == item.measured["component"]
        assert sample.mask[own].mean() > 0.95


def test_without_marked_components_it_says_so() -> None:
    with pytest.raises(PlacementError, match="mark them in a mask"):
        MissingPart().generate(make_surface(), stream(0))


def test_needs_room() -> None:
    surface = with_components()
    nowhere = replace(surface, components=np.zeros(surface.shape, np.uint8))

    with pytest.raises(PlacementError, match="component"):
        MissingPart().generate(nowhere, stream(0))


@pytest.mark.parametrize(("field", "value"), [("grow_mm", -1), ("shade", 0), ("seat", 2), ("x", 1)])
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "missing_part", field: value})


def test_golden_light(golden) -> None:
    layer = MissingPart().generate(with_components(), stream(42, "golden"))

    golden("missing_part_light", layer.exposed[..., 0])
