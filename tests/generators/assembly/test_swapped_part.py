"""A swapped part shows the right pixels in the wrong place or the wrong way round."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.assembly.swapped_part import SwappedPart
from anomsynth.testing import check_generator, make_surface

FIRST, SECOND = (slice(60, 90), slice(40, 70)), (slice(60, 90), slice(120, 150))


def with_components(channels: int = 1, count: int = 2) -> Surface:
    """Return a surface with square components that have a bright and a dark half."""
    surface = make_surface(160, 200, channels=channels)
    components = np.zeros(surface.shape, np.uint8)
    pixels = surface.pixels.copy()
    for number, place in enumerate((FIRST, SECOND)[:count], 1):
        components[place] = number
        block = np.full((30, 30, channels), 60 if number == 1 else 200, np.uint8)
        block[:, :10] = 120
        block[:8] = 20
        pixels[place] = block
    return replace(surface, pixels=pixels, components=components)


@pytest.mark.parametrize("mode", ["turned", "mirrored", "exchanged", "mixed"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(mode: str, channels: int) -> None:
    check_generator(SwappedPart(mode=mode), varied(with_components(channels)))


def varied(surface: Surface) -> Surface:
    """Give the components a texture, so that two draws of the same component differ."""
    noise = np.random.default_rng(0).integers(-9, 9, surface.pixels.shape)
    pixels = np.clip(surface.pixels.astype(int) + noise, 0, 255).astype(np.uint8)
    return replace(surface, pixels=pixels)


def shown(layer, place: tuple[slice, slice]) -> np.ndarray:
    rows, cols = place
    top, left = layer.origin
    return layer.exposed[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]


def test_half_a_turn_is_exact() -> None:
    surface = with_components(count=1)
    layer = SwappedPart(mode="turned", turn_deg=180, grow_mm=0).generate(surface, stream(0))

    core = (slice(5, -5), slice(5, -5))
    before = shown_before(surface, FIRST)[::-1, ::-1]
    assert np.allclose(shown(layer, FIRST)[core], before[core], atol=0.02)


def shown_before(surface: Surface, place: tuple[slice, slice]) -> np.ndarray:
    rows, cols = place
    return surface.linear(Box(rows.start, cols.start, rows.stop, cols.stop))


def test_a_mirror_image_is_exact() -> None:
    surface = with_components(count=1)
    layer = SwappedPart(mode="mirrored", turn_deg=60, grow_mm=0).generate(surface, stream(0))

    core = (slice(5, -5), slice(5, -5))
    before = shown_before(surface, FIRST)[:, ::-1]
    assert np.allclose(shown(layer, FIRST)[core], before[core], atol=0.02)


def test_exchanged_components_show_each_other() -> None:
    surface = with_components()
    layer = SwappedPart(mode="exchanged", grow_mm=0).generate(surface, stream(0))

    core = (slice(4, -4), slice(4, -4))
    for here, there in ((FIRST, SECOND), (SECOND, FIRST)):
        assert np.allclose(shown(layer, here)[core], shown_before(surface, there)[core], atol=0.02)
    assert layer.measured["components"] == 2


def test_only_components_of_similar_size_are_exchanged() -> None:
    surface = with_components()
    components = surface.components.copy()
    components[75:90, 120:150] = 0
    unequal = replace(surface, components=components)

    with pytest.raises(PlacementError, match="similar size"):
        SwappedPart(mode="exchanged", area_ratio=1.3).generate(unequal, stream(0))
    layer = SwappedPart(mode="exchanged", area_ratio=2.1).generate(unequal, stream(0))
    assert layer.measured["components"] == 2


def test_the_gap_of_a_turned_square_shows_the_part() -> None:
    surface = with_components(count=1)
    layer = SwappedPart(mode="turned", turn_deg=45, grow_mm=0).generate(surface, stream(0))

    corners = shown(layer, FIRST)[[1, 1, -2, -2], [1, -2, 1, -2]]
    free = surface.linear(layer.box)[surface.components[layer.box.slices] == 0]
    assert corners.mean() == pytest.approx(free.mean(), rel=0.3)


def test_a_single_component_is_turned_or_mirrored() -> None:
    modes = {
        SwappedPart().generate(with_components(count=1), stream(seed)).measured["mode"]
        for seed in range(8)
    }

    assert modes == {0, 1}


def test_without_marked_components_it_says_so() -> None:
    with pytest.raises(PlacementError, match="mark them in a mask"):
        SwappedPart().generate(make_surface(), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("mode", "lost"), ("turn_deg", -1), ("area_ratio", 0), ("grow_mm", -1)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "swapped_part", field: value})


def test_golden_light(golden) -> None:
    layer = SwappedPart(mode="turned", turn_deg=30).generate(
        with_components(), stream(42, "golden")
    )

    golden("swapped_part_light", layer.exposed[..., 0])
