"""Rust has the colours of iron oxides, patches, a film and streaks."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.layer import DefectLayer
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.rust import Rust
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    check_generator(Rust(), make_surface(channels=channels))
    check_generator(Rust(), make_surface(30, 34, border=4, channels=channels))


def layers(surface: Surface, count: int = 6, **changes) -> list[DefectLayer]:
    return [Rust(**changes).generate(surface, stream(seed)) for seed in range(count)]


def test_rust_is_red_over_blue_and_darker_when_old() -> None:
    surface = make_surface(channels=3)
    tones = {}
    for age in (0.15, 0.75):
        means = [
            np.average(layer.albedo.reshape(-1, 3), axis=0, weights=layer.coverage.ravel())
            for layer in layers(surface, age=age, streak_probability=0, muddy=0.1)
        ]
        tones[age] = np.mean(means, axis=0)

    assert tones[0.15][0] > 2 * tones[0.15][2]
    assert tones[0.75].mean() < 0.75 * tones[0.15].mean()


def test_the_film_beside_it_is_yellow() -> None:
    layer = Rust(film=0.8, streak_probability=0).generate(make_surface(channels=3), stream(0))

    red, green, blue = layer.absorbance[layer.support].mean(axis=0)
    assert 0 < red < green < blue


def test_streaks_run_down_from_the_rust() -> None:
    surface = make_surface(400, 300, border=0)
    at_top = replace(surface, sites=np.array([[60, 150]], dtype=np.int32))
    common = {"radius": 0.08, "streak_length": 0.5, "flow_deg": 0}

    wet = Rust(**common, streak_probability=1).generate(at_top, stream(1))
    dry = Rust(**common, streak_probability=0).generate(at_top, stream(1))
    clear = Rust(**common, streak_probability=1, streak_strength=0).generate(at_top, stream(1))

    below = 140 - wet.origin[0]
    assert wet.absorbance[below:].max() > 0.03
    assert dry.box.bottom < 140
    assert clear.box.bottom < 140  # water without oxide leaves nothing


def test_streaks_follow_the_flow() -> None:
    surface = make_surface(300, 400, border=0)
    middle = replace(surface, sites=np.array([[150, 200]], dtype=np.int32))
    rust = {"radius": 0.06, "streak_length": 0.4, "streak_probability": 1}

    to_right = Rust(**rust, flow_deg=90).generate(middle, stream(2)).box
    to_left = Rust(**rust, flow_deg=-90).generate(middle, stream(2)).box

    assert to_right.right - 200 > 2 * (200 - to_right.left)
    assert 200 - to_left.left > 2 * (to_left.right - 200)


def test_more_cover_is_more_rust() -> None:
    surface = make_surface()
    thin, full = (
        np.mean(
            [layer.measured["area_px"] for layer in layers(surface, 8, cover=cover, radius=0.25)]
        )
        for cover in (0.15, 0.95)
    )

    assert full > 1.8 * thin


def test_patches_in_mm_do_not_depend_on_resolution() -> None:
    rust = {
        "radius": 0.3,
        "patch_spacing_mm": 3,
        "cover": 0.5,
        "streak_probability": 0,
        "ragged": 0.2,
    }
    areas = []
    for scale in (1, 2):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        found = layers(surface, 12, **rust)
        areas.append(np.mean([layer.measured["area_px"] for layer in found]) / scale**2)

    assert areas[1] == pytest.approx(areas[0], rel=0.25)


def test_a_grey_photo_gets_grey_rust() -> None:
    layer = Rust().generate(make_surface(channels=1), stream(0))

    assert layer.albedo.ndim == 2
    assert layer.absorbance.ndim == 2


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Rust().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("radius", 0),
        ("cover", 1.5),
        ("patch_spacing_mm", -1),
        ("coarsening", -1),
        ("age", 2),
        ("lobes", 1.5),
        ("colour", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "rust", field: value})


def test_golden_coverage(golden) -> None:
    layer = Rust().generate(make_surface(), stream(42, "golden"))

    golden("rust_coverage", layer.coverage)
