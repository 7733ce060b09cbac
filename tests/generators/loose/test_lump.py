"""Lumps have the shape and the size asked for, the stuff's colour, and a shadow."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.loose.lump import Lump
from anomsynth.testing import check_generator, make_surface

EVEN = {"crumbs": 0, "irregularity": 0, "squareness": 2, "edge_probability": 0}


def test_keeps_the_generator_contract() -> None:
    check_generator(Lump())
    check_generator(Lump(edge_probability=1))
    check_generator(Lump(own_probability=0), make_surface(channels=3))
    check_generator(Lump(), make_surface(9, 30, border=0))


def test_a_lump_has_the_area_of_its_outline() -> None:
    surface = make_surface(400, 400)
    lump = Lump(length=0.2, aspect=2, **EVEN)
    areas = [lump.generate(surface, stream(seed)).coverage.sum() for seed in range(9)]

    length = 0.2 * 384
    assert np.median(areas) == pytest.approx(np.pi * length * length / 2 / 4, rel=0.06)


@pytest.mark.parametrize("level", [2, 8])
def test_the_top_is_a_dome_or_a_block_as_high_as_drawn(level: float) -> None:
    surface = make_surface(400, 400, mm_per_px=1)
    lump = Lump(length=0.2, aspect=1, thickness=0.5, level=level, **EVEN)
    layer = lump.generate(surface, stream(3))

    inside = layer.coverage > 0.99
    assert layer.height.max() == pytest.approx(0.5 * 0.2 * 384, rel=0.03)
    # The mean over a disc: two thirds of a dome, nearly all of a block.
    q = np.linspace(0, 1, 2000)
    wanted = (2 * q * np.sqrt(1 - q**level)).mean()
    assert layer.height[inside].mean() / layer.height.max() == pytest.approx(wanted, abs=0.06)


def test_its_shadow_falls_away_from_the_light() -> None:
    surface = replace(make_surface(300, 300), light=Light(azimuth_deg=180, elevation_deg=40))
    layer = Lump(length=0.1, aspect=1, thickness=0.6, **EVEN).generate(surface, stream(1))

    shadow = layer.absorbance
    columns = np.arange(shadow.shape[1])
    middle = (layer.coverage.sum(axis=0) * columns).sum() / layer.coverage.sum()
    assert (shadow.sum(axis=0) * columns).sum() / shadow.sum() > middle + 4


def test_own_stuff_has_the_tone_of_the_part() -> None:
    lump = Lump(own_probability=1, tone=1.1, **EVEN)
    layer = lump.generate(make_surface(channels=3), stream(2))

    assert layer.albedo[layer.coverage > 0.5].mean(axis=0) == pytest.approx([1.1] * 3, rel=0.05)


def test_a_lump_on_the_outline_stands_out_of_it() -> None:
    surface = make_surface(300, 300, border=60)
    beyond = 0
    for seed in range(8):
        layer = Lump(length=0.3, edge_probability=1).generate(surface, stream(seed))
        part = surface.foreground[layer.box.slices]
        beyond += bool((layer.coverage[~part] > 0.5).any())
        assert layer.overhang
        assert not layer.absorbance[~part].any()

    assert beyond >= 5


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Lump().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("length", 2), ("aspect", 0), ("shadow", 2), ("own_probability", 2)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "lump", field: value})


def test_golden_height(golden) -> None:
    golden("lump_height", Lump().generate(make_surface(96, 96), stream(42, "golden")).height)
