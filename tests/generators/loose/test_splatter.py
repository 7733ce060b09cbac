"""Splatter is caps of foreign matter with satellites, highlights and shade."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.loose.splatter import Splatter
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    for matter in ("weld", "solder", "glue", "wax"):
        check_generator(Splatter(matter=matter), make_surface(channels=channels))
    check_generator(Splatter(), make_surface(30, 34, border=4, channels=channels))


@pytest.mark.parametrize("weber", [4.0, 100.0])
def test_drops_spread_with_the_fourth_root_of_weber(weber: float) -> None:
    common = {"matter": "solder", "bead_probability": 0, "satellites": 0, "size_mm": 1, "aspect": 1}
    surface = make_surface(300, 300, mm_per_px=0.05)

    layer = Splatter(**common, weber=weber, irregularity=0.02).generate(surface, stream(0))

    diameter = 2 * layer.measured["radius_px"] * 0.05
    assert diameter == pytest.approx(weber**0.25, rel=1e-6)
    assert layer.coverage.sum() == pytest.approx(np.pi * layer.measured["radius_px"] ** 2, rel=0.15)


def test_size_in_mm_does_not_depend_on_resolution() -> None:
    splatter = Splatter(matter="solder", size_mm=0.6, weber=10, bead_probability=0)
    areas = []
    for scale in (1, 3):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        found = [splatter.generate(surface, stream(seed)) for seed in range(12)]
        areas.append(np.mean([layer.coverage.sum() / scale**2 for layer in found]))

    assert areas[1] == pytest.approx(areas[0], rel=0.2)


def test_caps_stand_up_and_shine_in_places() -> None:
    layer = Splatter(matter="solder", size_mm=2, satellites=0, bead_probability=0).generate(
        make_surface(), stream(1)
    )

    inside = layer.coverage > 0.9
    assert layer.height.min() >= 0
    assert layer.height[inside].max() > 0.05
    bright = layer.albedo[inside] > 2 * np.median(layer.albedo[inside])
    assert 0 < bright.mean() < 0.35


def test_clear_glue_lets_the_surface_shine_through() -> None:
    surface = make_surface()
    common = {"size_mm": 2, "satellites": 0, "bead_probability": 0}

    glue, weld = (
        Splatter(matter=matter, **common).generate(surface, stream(2))
        for matter in ("glue", "weld")
    )

    assert np.median(glue.coverage[glue.height > 0.05]) < 0.7
    assert np.median(weld.coverage[weld.height > 0.05]) == pytest.approx(1, abs=0.01)


def test_beads_are_longer_than_drops() -> None:
    surface = make_surface(400, 400)
    common = {"satellites": 0, "size_mm": 1, "bead_length": 12}

    def length(share: float) -> float:
        layers = [
            Splatter(**common, bead_probability=share).generate(surface, stream(seed))
            for seed in range(5)
        ]
        return float(np.median([max(layer.support.shape) for layer in layers]))

    assert length(1) > 2.5 * length(0)


def test_satellites_are_smaller_and_around() -> None:
    layer = Splatter(satellites=10, size_mm=1, bead_probability=0, matter="weld").generate(
        make_surface(400, 400), stream(0)
    )

    assert layer.measured["caps"] == 11
    assert max(layer.support.shape) > 4 * layer.measured["radius_px"]


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Splatter().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("matter", "tar"),
        ("size_mm", 0),
        ("weber", -1),
        ("satellites", 1.5),
        ("largest_radius", 2),
        ("size", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "splatter", field: value})


def test_golden_coverage(golden) -> None:
    layer = Splatter().generate(make_surface(), stream(42, "golden"))

    golden("splatter_coverage", layer.coverage)
