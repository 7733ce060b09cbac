"""Scratches keep the generator contract and the laws of the scratch test."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.core.layer import DefectLayer
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear import scratch as scratch_module
from anomsynth.generators.wear.scratch import Scratch
from anomsynth.testing import check_generator, make_surface

STRAIGHT = {"stiffness": 1e6, "count": 1, "chatter": 0, "grain": 0, "lift_off": 0}


def parts(layer: DefectLayer) -> tuple[np.ndarray, np.ndarray]:
    assert layer.coverage is not None
    assert layer.albedo is not None
    return layer.coverage, layer.albedo


@pytest.mark.parametrize("path", ["chain", "arc"])
def test_keeps_the_generator_contract(path: str) -> None:
    check_generator(Scratch(path=path))
    check_generator(Scratch(path=path, width_mm=0.9, coat_thickness_mm=(0.001, 0.01)))


@given(height=st.integers(1, 70), width=st.integers(1, 70), seed=st.integers(0, 10**6))
def test_stays_on_the_part(height: int, width: int, seed: int) -> None:
    layer = Scratch().generate(make_surface(height, width, border=0), stream(seed))

    top, left, bottom, right = layer.box
    assert top >= 0
    assert left >= 0
    assert bottom <= height
    assert right <= width
    assert layer.support.any()


def test_depth_goes_with_the_square_of_the_width() -> None:  # SC1
    surface = make_surface(400, 400, mm_per_px=0.04)
    widths = np.array([0.05, 0.08, 0.12])
    depths = [
        Scratch(width_mm=width, tip_radius_mm=0.5, **STRAIGHT)
        .generate(surface, stream(1))
        .measured["deepest_mm"]
        for width in widths
    ]

    assert np.polyfit(np.log(widths), np.log(depths), 1)[0] == pytest.approx(2, abs=0.05)
    assert depths[0] == pytest.approx(0.05**2 / (8 * 0.5), rel=1e-6)


def test_width_goes_with_the_root_of_the_load(monkeypatch) -> None:
    ramp = np.linspace(0, 1, 60)
    monkeypatch.setattr(scratch_module, "load_along", lambda points, *_: ramp[: len(points)])
    drawn = Scratch(**STRAIGHT).draw_ranges(stream(0))
    case = scratch_module._ScratchSite(make_surface(), drawn, 6.0, 1.0)
    path = scratch_module._Path(np.stack([np.zeros(60), np.arange(60.0)], axis=1), (80, 80))

    (groove,) = scratch_module._bundle(path, case, stream(1))

    np.testing.assert_allclose(groove.width, 6 * np.sqrt(ramp), atol=1e-6)


def test_ploughing_keeps_the_volume_and_cutting_loses_it() -> None:  # SC1 on the pixel grid
    surface = make_surface(600, 600, mm_per_px=0.02)

    def balance(cutting: float) -> float:
        scratch = Scratch(width_mm=0.24, length=0.4, tip_radius_mm=0.5, cutting=cutting, **STRAIGHT)
        height = scratch.generate(surface, stream(2)).height
        assert height is not None
        return float(height[height > 0].sum() / -height[height < 0].sum())

    assert balance(0.0) == pytest.approx(1, abs=0.06)
    assert balance(0.5) == pytest.approx(0.5, abs=0.06)
    assert balance(1.0) == 0


def test_brightness_depends_on_the_angle_to_the_light(surface: Surface) -> None:
    scratch = Scratch(path="arc", turn_deg=0, width_mm=0.15, bright=2, dark=0.4, **STRAIGHT)
    tones = []
    for azimuth in range(0, 180, 15):
        lit = replace(surface, light=Light(azimuth_deg=azimuth, elevation_deg=45, confidence=1))
        coverage, albedo = parts(scratch.generate(lit, stream(3)))
        tones.append(float(np.average(albedo, weights=coverage)))

    assert max(tones) > 1.5
    assert min(tones) < 0.6


def test_a_cut_coating_shows_the_substrate(surface: Surface) -> None:
    bare = Scratch(width_mm=0.4, coat_thickness_mm=1e-6, substrate=3.0, burnish=0.5, **STRAIGHT)

    coverage, albedo = parts(bare.generate(surface, stream(0)))

    # Relief takes part of the brightness of wide grooves over.
    assert np.median(albedo[coverage > 0.9]) > 1.6
    assert coverage.max() > 0.95


def test_a_lifted_tip_breaks_the_scratch(surface: Surface) -> None:
    lifted = Scratch(length=0.8, lift_off=0.6).generate(surface, stream(1))
    pressed = Scratch(length=0.8, lift_off=0).generate(surface, stream(1))

    assert lifted.measured["skipped"] > 0.2 > pressed.measured["skipped"]


def test_fine_scratches_have_no_relief(surface: Surface) -> None:
    assert Scratch(width_mm=0.1).generate(surface, stream(0)).height is None


def test_size_in_millimeters_does_not_depend_on_resolution() -> None:
    scratch = Scratch(length=0.3, width_mm=0.3, burnish=1, **STRAIGHT)
    areas = []
    for scale in (1, 2, 4):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [scratch.generate(surface, stream(seed)) for seed in range(20)]
        areas.append(np.mean([parts(layer)[0].sum() * (0.1 / scale) ** 2 for layer in layers]))

    assert areas[1] == pytest.approx(areas[0], rel=0.15)
    assert areas[2] == pytest.approx(areas[1], rel=0.1)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Scratch().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", "spiral"),
        ("width_mm", 0),
        ("length", 2),
        ("cutting", 1.2),
        ("count", 0.5),
        ("count", 0),
        ("dark", 1.5),
        ("coat_thickness_mm", -1),
        ("with_mm", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "scratch", field: value})


def test_golden_coverage(golden) -> None:
    layer = Scratch(length=0.3).generate(make_surface(), stream(42, "golden"))

    golden("scratch_coverage", parts(layer)[0])
