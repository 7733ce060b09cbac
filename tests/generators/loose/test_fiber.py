"""Fibers keep the generator contract and bend as worm-like chains do."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.paths import arc_length
from anomsynth.fields.strokes import Stroke
from anomsynth.generators.loose import fiber as fiber_module
from anomsynth.generators.loose.fiber import Fiber, curled
from anomsynth.testing import check_generator, make_surface

PLAIN = {"curl_deg": 0, "shadow": 0, "plies": 1, "fuzz": 0, "opacity": 1}


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    check_generator(Fiber(), make_surface(channels=channels))
    check_generator(Fiber(plies=3, width_mm=0.8, fuzz=4), make_surface(channels=channels))
    check_generator(Fiber(), make_surface(24, 30, border=2, channels=channels))


@pytest.mark.parametrize("stiffness", [0.15, 0.25])
def test_ends_are_as_far_apart_as_a_worm_like_chain_s(stiffness: float) -> None:  # FI1
    surface = make_surface(160, 160, mm_per_px=0.1)
    fiber = Fiber(length_mm=5, width_mm=0.1, stiffness=stiffness, **PLAIN)

    layers = [fiber.generate(surface, stream(seed, "wlc")) for seed in range(400)]
    squares = [
        (layer.measured["end_to_end_px"] / layer.measured["length_px"]) ** 2 for layer in layers
    ]

    expected = 4 * stiffness * (1 - 2 * stiffness * (1 - np.exp(-1 / (2 * stiffness))))
    assert np.mean(squares) == pytest.approx(expected, rel=0.06)


def test_size_in_millimeters_does_not_depend_on_resolution() -> None:
    fiber = Fiber(length_mm=6, width_mm=0.3, stiffness=50, **PLAIN)
    areas = []
    for scale in (1, 2, 4):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=0)
        layers = [fiber.generate(surface, stream(seed)) for seed in range(10)]
        kept = [layer for layer in layers if inside(layer, surface.shape)]
        areas.append(np.mean([layer.coverage.sum() * (0.1 / scale) ** 2 for layer in kept]))

    # Both ends taper to 0.55 of the width over three widths.
    assert areas[0] == pytest.approx(6 * 0.3 - 1.35 * 0.3**2, rel=0.07)
    assert areas[1] == pytest.approx(areas[0], rel=0.07)
    assert areas[2] == pytest.approx(areas[0], rel=0.07)


def inside(layer, shape: tuple[int, int]) -> bool:
    box = layer.box
    return box.top > 0 and box.left > 0 and box.bottom < shape[0] and box.right < shape[1]


def test_the_shadow_lies_away_from_the_light() -> None:
    high = Fiber(lift_mm=0.5, shadow=0.6, length_mm=4, width_mm=0.1, curl_deg=0, fuzz=0)
    for azimuth, axis, sign in ((0, 1, -1), (180, 1, 1), (90, 0, 1), (270, 0, -1)):
        steps = []
        for seed in range(8):
            surface = replace(make_surface(), light=Light(azimuth_deg=azimuth, elevation_deg=30))
            layer = high.generate(surface, stream(seed))
            fiber, shadow = (np.argwhere(a > 0.01) for a in (layer.coverage, layer.absorbance))
            steps.append(sign * (shadow.mean(axis=0) - fiber.mean(axis=0))[axis])
        assert np.mean(steps) > 0.5


def test_may_reach_beyond_the_part() -> None:
    surface = make_surface(border=60)
    surface = replace(surface, reachable=np.ones(surface.shape, bool))

    layers = [Fiber(length_mm=12).generate(surface, stream(seed)) for seed in range(5)]

    assert all(layer.overhang for layer in layers)
    assert any(outside(layer, surface) for layer in layers)
    for seed in range(5):
        kept_in = Fiber(length_mm=12).generate(make_surface(border=60), stream(seed))
        assert not outside(kept_in, surface)


def outside(layer, surface) -> bool:
    return bool((layer.support & ~surface.foreground[layer.box.slices]).any())


def test_a_thread_shows_its_twist_and_a_hair_does_not() -> None:
    def roughness(plies: int) -> float:
        fiber = Fiber(plies=plies, width_mm=0.8, length_mm=8, stiffness=1e4, gloss=0, fuzz=0)
        layer = fiber.generate(make_surface(300, 300), stream(3))
        solid = np.log(layer.albedo[layer.coverage > 0.6])
        return float(solid.std())

    assert roughness(3) > 1.4 * roughness(1)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Fiber().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("length_mm", 0),
        ("width_mm", [0.3, 0.1]),
        ("stiffness", -1),
        ("curl_deg", -5),
        ("opacity", 1.2),
        ("plies", 0),
        ("shadow", 2),
        ("with_mm", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "fiber", field: value})


def test_golden_coverage(golden) -> None:
    layer = Fiber(length_mm=8).generate(make_surface(), stream(42, "golden"))

    golden("fiber_coverage", layer.coverage)


@pytest.mark.parametrize("elevation", [30.0, 60.0])
def test_the_shadow_lies_as_far_off_as_the_fiber_is_high(elevation: float) -> None:
    surface = replace(make_surface(), light=Light(azimuth_deg=90, elevation_deg=elevation))
    line = np.stack([np.full(40, 80.0), np.linspace(60, 140, 40)], axis=1)
    stroke = Stroke(line, np.full(40, 1.0), np.full(40, 1.0))
    case = fiber_module._FiberSite(
        surface, Fiber(shadow=0.5).draw_ranges(stream(0)), length=80, width=2
    )

    found = fiber_module._shadow([stroke], np.full(40, 10.0), case)

    assert found is not None
    band, tau = found
    # The light comes from above in the picture: h cot(e) further down.
    cast = np.average(band.rows, weights=tau) - 80
    assert cast == pytest.approx(10 / np.tan(np.radians(elevation)), rel=0.03)


@pytest.mark.parametrize("turn", [-2.0, 0.5, np.pi])
def test_a_curl_makes_an_arc_of_a_straight_line(turn: float) -> None:
    line = np.stack([np.full(401, 5.0), np.linspace(3, 103, 401)], axis=1)
    bent = curled(line, turn)

    assert bent[0] == pytest.approx(line[0])
    assert arc_length(bent)[-1] == pytest.approx(100)
    chord = np.hypot(*(bent[-1] - bent[0]))
    assert chord == pytest.approx(100 * np.sin(abs(turn) / 2) / (abs(turn) / 2), rel=0.01)


def test_no_curl_is_the_line_itself() -> None:
    line = np.random.default_rng(0).normal(size=(20, 2)).cumsum(axis=0)

    assert np.allclose(curled(line, 0.0), line)
