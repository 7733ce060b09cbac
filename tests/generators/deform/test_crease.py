"""Creases bend with the radius they claim and come back to rest."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.deform.crease import Crease, tent
from anomsynth.testing import check_generator, make_surface

STRAIGHT = {"stiffness": 1e6, "waver": 0, "cross_height": 0, "wear": 0, "roughening": 0}


def test_keeps_the_generator_contract() -> None:
    check_generator(Crease())
    check_generator(Crease(), make_surface(channels=3))
    check_generator(Crease(), make_surface(9, 30, border=0))
    check_generator(Crease(half_width_mm=9), make_surface(600, 600))


@pytest.mark.parametrize("radius", [0.5, 3.0])
def test_the_crest_has_the_curvature_of_the_bend(radius: float) -> None:
    y = np.linspace(-0.01, 0.01, 5) * radius
    height = tent(y, 0.2, radius)

    curvature = -np.gradient(np.gradient(height, y), y)[2]
    assert curvature == pytest.approx(1 / radius, rel=0.01)
    far = tent(np.array([1000.0, 1001.0]), 0.2, radius)
    assert far[0] - far[1] == pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize("angle", [12.0, 24.0])
def test_flanks_meet_at_the_angle_of_the_bend(angle: float) -> None:
    surface = make_surface(400, 400, mm_per_px=0.1, border=0)
    crease = Crease(
        angle_deg=angle,
        half_width_mm=4,
        bend_radius_mm=0.05,
        length=0.7,
        valley_probability=0,
        **STRAIGHT,
    )
    slopes = []
    for seed in range(12):
        layer = crease.generate(surface, stream(seed))
        height = layer.height / 0.1
        down, right = np.gradient(height)
        steep = np.hypot(down, right)[height > 0.75 * height.max()]
        slopes.append(np.percentile(steep, 40))
        assert layer.height.max() > 0

    assert np.median(slopes) == pytest.approx(np.tan(np.radians(angle) / 2), rel=0.18)


@pytest.mark.parametrize("angle", [12.0, 60.0])
def test_slope_is_that_of_half_the_angle(angle: float) -> None:
    layer = Crease(angle_deg=angle).generate(make_surface(), stream(0))

    assert layer.measured["slope"] == pytest.approx(np.tan(np.radians(angle) / 2))


def test_strain_of_the_crest_is_thickness_over_twice_the_radius() -> None:
    layer = Crease(sheet_thickness_mm=0.2, bend_radius_mm=0.5).generate(make_surface(), stream(0))

    assert layer.measured["strain"] == pytest.approx(0.2)


def test_the_crest_is_worn_and_the_flanks_are_not() -> None:
    surface = make_surface(400, 400, border=0)
    worn = Crease(
        wear=0.5,
        length=0.6,
        sheet_thickness_mm=1,
        bend_radius_mm=0.3,
        half_width_mm=4,
        **{name: value for name, value in STRAIGHT.items() if name != "wear"},
    )
    layer = worn.generate(surface, stream(1))

    bright = layer.absorbance < -0.02
    assert 0.01 < bright.sum() / layer.support.sum() < 0.35
    assert np.median(np.abs(layer.height[bright])) > np.median(np.abs(layer.height[layer.support]))


def test_valleys_lie_below_the_surface() -> None:
    surface = make_surface(300, 300)
    valley = Crease(valley_probability=1, cross_height=0).generate(surface, stream(0))
    ridge = Crease(valley_probability=0, cross_height=0).generate(surface, stream(0))

    assert valley.height.min() < 0 <= valley.height.max() < 1e-6
    assert ridge.height.max() > 0 >= ridge.height.min() > -1e-6


def test_size_in_millimeters_does_not_depend_on_resolution() -> None:
    volumes = []
    for scale in (1, 2):
        surface = make_surface(240 * scale, 240 * scale, mm_per_px=0.1 / scale, border=0)
        layers = [
            Crease(length=0.3, half_width_mm=2, bend_radius_mm=0.6, **STRAIGHT).generate(
                surface, stream(seed)
            )
            for seed in range(10)
        ]
        volumes.append(np.mean([np.abs(x.height).sum() * (0.1 / scale) ** 2 for x in layers]))

    assert volumes[1] == pytest.approx(volumes[0], rel=0.15)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Crease().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("length", 2), ("angle_deg", 0), ("bend_radius_mm", 0), ("cross_height", 2), ("fold", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "crease", field: value})


def test_golden_height(golden) -> None:
    layer = Crease(length=0.4).generate(make_surface(), stream(42, "golden"))

    golden("crease_height", layer.height)
