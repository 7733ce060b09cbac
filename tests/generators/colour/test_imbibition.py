"""Liquid fronts follow Washburn, the grain, and darken what they wet."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import label

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Grain
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.imbibition import Imbibition
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    for liquid in ("water", "oil"):
        check_generator(Imbibition(liquid=liquid), make_surface(channels=channels))
    check_generator(Imbibition(), make_surface(30, 34, border=4, channels=channels))


def test_straight_fronts_stand_at_the_square_root_of_time() -> None:  # WB1 on the pixel grid
    surface = make_surface(400, 400, border=0)
    edge = np.array([[200, 0]], dtype=np.int32)
    inwards = np.array([[0, 1]], dtype=np.float32)
    surface = replace(surface, edge_sites=edge, edge_normals=inwards)
    ages = np.array([0.2, 0.4, 0.8])
    depths = []
    for age in ages:
        soaked = Imbibition(
            liquid="water",
            radius=0.3,
            age=age,
            edge_probability=1,
            pores=0,
            front_width=0.02,
            tide=0,
            drying=0,
        )
        layer = soaked.generate(surface, stream(0))
        row = 200 - layer.origin[0]
        depths.append(np.count_nonzero(layer.roughness[row] < -0.125))

    assert np.polyfit(np.log(ages), np.log(depths), 1)[0] == pytest.approx(0.5, abs=0.03)
    assert depths[2] == pytest.approx(0.3 * 400 * np.sqrt(0.8), rel=0.03)


def test_a_longer_stretch_of_the_edge_gets_wet() -> None:
    surface = make_surface(400, 400, border=0)
    edge = np.array([[200, 0]], dtype=np.int32)
    inwards = np.array([[0, 1]], dtype=np.float32)
    surface = replace(surface, edge_sites=edge, edge_normals=inwards)
    common = {"radius": 0.1, "age": 1, "edge_probability": 1, "pores": 0, "front_width": 0.02}
    common |= {"drying": 0}

    lengths = [
        np.count_nonzero(
            Imbibition(**common, edge_half_length=half).generate(surface, stream(0)).roughness[:, 0]
            < -0.125
        )
        for half in (1.0, 3.0)
    ]

    assert lengths == pytest.approx([2 * 40, 2 * 120], rel=0.06)


def test_wet_is_darker_by_the_law_and_dark_places_more_so() -> None:
    plain = make_surface(200, 200)
    levels = np.where(np.arange(200) % 20 < 10, 90, 150).astype(np.uint8)
    pixels = np.broadcast_to(levels[None, :, None], plain.pixels.shape).copy()
    surface = replace(plain, pixels=pixels)
    soaked = Imbibition(
        liquid="water",
        radius=0.3,
        age=1,
        edge_probability=0,
        tide=0,
        pores=0,
        albedo=0.4,
        front_width=0.02,
        drying=0,
        splashes=0,
    )

    layer = soaked.generate(surface, stream(0))

    wet = layer.roughness <= -0.2499
    light = surface.linear(layer.box)[..., 0]
    passed = np.exp(-2 * layer.absorbance)[wet]
    dry = 0.4 * light[wet] / surface.linear(Box(8, 8, 192, 192)).mean()
    np.testing.assert_allclose(passed, 1 / (1.33**2 * (1 - dry) + dry), rtol=0.02)
    assert passed[dry < dry.mean()].max() < passed[dry > dry.mean()].min()


def test_liquid_runs_along_the_grain() -> None:
    plain = make_surface(300, 300)
    clear = Grain(16, plain.grain.angle, np.ones_like(plain.grain.coherence))
    centre = np.array([[150, 150]], dtype=np.int32)
    wood = replace(plain, grain=clear, sites=centre)
    soaked = Imbibition(
        radius=0.1,
        edge_probability=0,
        grain=5,
        aspect=1,
        lobes=1,
        irregularity=0.02,
        pores=0.1,
        splashes=0,
    )

    wet = [soaked.generate(wood, stream(seed)).support for seed in range(6)]

    lengths = [(seen.any(axis=0).sum(), seen.any(axis=1).sum()) for seen in wet]
    assert np.median([along / across for along, across in lengths]) > 2.5


DROP = {"liquid": "water", "edge_probability": 0, "pores": 0, "lobes": 1, "splashes": 0}


def test_what_dries_is_drawn_to_the_edge_and_its_sum_is_kept() -> None:
    surface = replace(make_surface(300, 300), sites=np.array([[150, 150]], dtype=np.int32))
    wet, dry = (
        Imbibition(**DROP, radius=0.2, front_width=0.1, tide=0.5, drying=drying).generate(
            surface, stream(0)
        )
        for drying in (0.0, 1.0)
    )
    bare = Imbibition(**DROP, radius=0.2, front_width=0.1, tide=0, drying=0).generate(
        surface, stream(0)
    )

    # Wetness is the same in `wet` and `bare`: the rest is what the water carries.
    carried = float(wet.absorbance.sum() - bare.absorbance.sum())
    row, col = 150 - dry.origin[0], 150 - dry.origin[1]
    assert float(dry.absorbance.sum()) == pytest.approx(carried, rel=0.12)
    assert dry.absorbance.max() > 4 * dry.absorbance[row, col]
    assert wet.absorbance.max() < 1.3 * wet.absorbance[row, col]


def test_low_places_of_the_relief_lead_the_liquid_on() -> None:
    plain = make_surface(300, 300)
    waves = 110 + 40 * np.sin(np.arange(300) * 0.5)[:, None, None] + np.zeros((1, 300, 1))
    furrows = replace(
        plain, pixels=waves.astype(np.uint8), sites=np.array([[150, 150]], dtype=np.int32)
    )
    spill = Imbibition(
        **DROP | {"pores": 0.3}, radius=0.2, front_width=0.02, tide=0, drying=0, grain=1
    )
    for seed in range(4):
        layer = spill.generate(furrows, stream(seed))
        widths = layer.support.sum(axis=1)
        light = waves[layer.box.top : layer.box.bottom, 150, 0]
        middle = slice(widths.size // 3, 2 * widths.size // 3)
        low, high = light[middle] < 90, light[middle] > 130
        assert widths[middle][low].mean() > widths[middle][high].mean() + 4


def test_drops_lie_beside_the_spill() -> None:
    surface = replace(make_surface(300, 300), sites=np.array([[150, 150]], dtype=np.int32))
    counts = []
    for splashes in (0, 5):
        spill = Imbibition(**DROP | {"splashes": splashes}, radius=0.2, drying=0)
        counts.append(
            np.mean([label(spill.generate(surface, stream(s)).support)[1] for s in range(6)])
        )

    assert counts[0] == 1
    assert 2 < counts[1] <= 6


def test_oil_is_darker_and_yellower_than_water() -> None:
    surface = make_surface(channels=3)
    depth = {}
    for liquid in ("water", "oil"):
        soaked = Imbibition(liquid=liquid, age=1, edge_probability=0, tide=0, drying=0)
        layer = soaked.generate(surface, stream(0))
        wet = layer.roughness < -0.24
        depth[liquid] = layer.absorbance[wet].mean(axis=0)

    assert (depth["oil"] > depth["water"]).all()
    yellow = {liquid: values[2] - values[0] for liquid, values in depth.items()}
    assert yellow["oil"] > yellow["water"] + 0.05


def test_size_does_not_depend_on_resolution() -> None:
    soaked = Imbibition(radius=0.15, edge_probability=0, lobes=1, aspect=1)
    areas = []
    for scale in (1, 2):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        found = [soaked.generate(surface, stream(seed)) for seed in range(12)]
        areas.append(np.mean([layer.measured["area_px"] for layer in found]) / scale**2)

    assert areas[1] == pytest.approx(areas[0], rel=0.2)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Imbibition().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("liquid", "tar"),
        ("radius", 0),
        ("age", 1.5),
        ("spill_radius", 0),
        ("front_width", 0),
        ("albedo", -1),
        ("wet", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "imbibition", field: value})


def test_golden_absorbance(golden) -> None:
    layer = Imbibition().generate(make_surface(), stream(42, "golden"))

    golden("imbibition_absorbance", layer.absorbance)
