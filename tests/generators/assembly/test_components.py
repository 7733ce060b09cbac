"""Components are found by number, and what lies behind them looks like its surroundings."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.assembly._components import (
    component_areas,
    light_without,
    marked_part,
    soft_mask,
)
from anomsynth.testing import make_surface


def with_components(**changes) -> Surface:
    surface = make_surface()
    components = np.zeros(surface.shape, np.uint8)
    components[60:80, 40:60] = 4
    components[60:70, 100:130] = 200
    components[0:4, 0:4] = 9  # off the part
    components[100, 100] = 17  # too small
    return replace(surface, components=components, **changes)


def test_areas_are_those_of_the_components_on_the_part() -> None:
    assert component_areas(with_components()) == {4: 400, 200: 300}


def test_where_defects_may_not_go_no_component_counts() -> None:
    with pytest.raises(PlacementError, match="component"):
        component_areas(with_components(allowed=np.zeros((160, 200), bool)))


def test_one_component_has_its_box_and_mask() -> None:
    part = marked_part(with_components(), 200)

    assert part.box == Box(60, 100, 70, 130)
    assert part.mask.all()
    assert part.area_px == 300


@pytest.mark.parametrize("grow", [0.0, 3.0])
def test_soft_masks_end_at_the_edge_and_clear_ones_beyond(grow: float) -> None:
    surface = with_components()
    part = marked_part(surface, 4)
    areas = [soft_mask(surface, part, grow, clear=clear)[1].sum() for clear in (False, True)]

    assert areas[0] == pytest.approx((20 + 2 * grow) ** 2, rel=0.12)
    assert areas[1] > 1.15 * areas[0]


def test_soft_masks_stay_in_the_picture() -> None:
    surface = with_components()
    box, coverage = soft_mask(surface, marked_part(surface, 9), 5.0, clear=True)

    assert box.top == 0
    assert box.left == 0
    assert coverage.shape == box.shape


def test_the_light_behind_a_component_is_the_part_s() -> None:
    surface = with_components()
    pixels = surface.pixels.copy()
    pixels[surface.components > 0] = 255
    surface = replace(surface, pixels=pixels)
    box = Box(50, 30, 90, 70)
    gone = surface.components[box.slices] > 0
    light, background = light_without(surface, gone, box, np.random.default_rng(0))

    assert not background
    assert light[gone].max() < 0.6
    assert np.array_equal(light[~gone], surface.linear(box)[~gone])


def test_what_is_copied_is_no_other_component() -> None:
    surface = make_surface()
    components = np.zeros(surface.shape, np.uint8)
    pixels = np.random.default_rng(0).integers(60, 160, surface.pixels.shape).astype(np.uint8)
    # Around the second component everything is as around the first: nowhere fits better.
    pixels[30:70, 90:130] = pixels[30:70, 30:70]
    components[40:60, 40:60], components[40:60, 100:120] = 1, 2
    pixels[components > 0] = 255
    surface = replace(surface, pixels=pixels, components=components)
    box = Box(30, 30, 70, 130)
    gone = components[box.slices] == 1
    light, _ = light_without(surface, gone, box, np.random.default_rng(0))

    assert light[gone].max() < 0.6


def test_at_the_outline_the_background_shows_with_its_grain() -> None:
    surface = make_surface(border=40)
    rng = np.random.default_rng(0)
    pixels = surface.pixels.copy()
    pixels[~surface.foreground] = rng.integers(20, 40, (~surface.foreground).sum())[:, None]
    surface = replace(surface, pixels=pixels)
    box = Box(30, 90, 60, 110)
    gone = np.zeros(box.shape, bool)
    gone[8:14, 2:18] = True
    light, background = light_without(surface, gone, box, rng)

    around = surface.linear(box)[:8]
    assert background
    assert light[gone].mean() == pytest.approx(around.mean(), rel=0.3)
    assert light[gone].std() > 0.5 * around.std()


def test_a_part_that_is_gone_as_a_whole_leaves_a_void() -> None:
    surface = make_surface(20, 20, border=0)
    box = Box(0, 0, 20, 20)
    light, _ = light_without(surface, np.ones((20, 20), bool), box, np.random.default_rng(0))

    assert light.mean() < 0.3 * surface.linear(box).mean()
