"""Holes are dark, bores have a lit wall, punctures stand open between flaps."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.outlines import ANGLES
from anomsynth.generators.pores.hole import Hole, sky_share, torn_rim
from anomsynth.testing import check_generator, make_surface

MODES = ("bore", "puncture", "mixed")


def centred(scale: int = 1):
    surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
    return replace(surface, sites=np.array([[80 * scale, 100 * scale]], dtype=np.int32))


@pytest.mark.parametrize("mode", MODES)
def test_keeps_the_generator_contract(mode: str) -> None:
    check_generator(Hole(mode=mode))
    check_generator(Hole(mode=mode), make_surface(channels=3))
    check_generator(Hole(mode=mode), make_surface(9, 11, border=1))


@pytest.mark.parametrize("mode", MODES[:2])
def test_area_in_millimeters_does_not_depend_on_resolution_or_shape(mode: str) -> None:
    areas = [
        Hole(mode=mode, radius_mm=1.2).generate(centred(scale), stream(2)).measured["area_px"]
        * (0.1 / scale) ** 2
        for scale in (1, 3)
    ]

    assert areas == pytest.approx([np.pi * 1.2**2] * 2, rel=0.06)


def test_the_bottom_is_as_dark_as_the_sky_it_sees() -> None:
    assert sky_share(1) == 0.5
    assert sky_share(3) == pytest.approx(0.1)
    layer = Hole(mode="bore", radius_mm=1.5, depth_ratio=3, wall_width=0).generate(
        centred(), stream(0)
    )
    level = (layer.albedo * layer.openness)[80 - layer.origin[0], 100 - layer.origin[1]]

    assert level == pytest.approx(0.1, rel=0.15)


def test_the_wall_away_from_the_light_is_lit() -> None:
    right = replace(centred(), light=Light(azimuth_deg=0, elevation_deg=45, confidence=1))
    hole = Hole(mode="bore", radius_mm=1.5, wall_width=0.3, wall_albedo=1, depth_ratio=4, aspect=1)
    layer = hole.generate(right, stream(1))

    lit = (layer.albedo > 0.5) & (layer.coverage > 0.9)
    assert lit.any()
    assert np.nonzero(lit)[1].mean() < np.nonzero(layer.coverage > 0.9)[1].mean() - 5


def test_lips_stand_up_around_the_hole_and_nowhere_else() -> None:
    layer = Hole(mode="puncture", radius_mm=1.5, lip_height=0.3).generate(centred(), stream(3))

    assert layer.height.max() > 0.1 * 1.5 * 0.3
    assert layer.height.min() == 0
    assert layer.height[layer.coverage == 1].max() == 0


def test_sizes_and_modes_spread() -> None:
    surface = make_surface(256, 256)
    measured = [Hole().generate(surface, stream(seed)).measured for seed in range(60)]

    areas = [item["area_px"] for item in measured]
    assert max(areas) > 80 * min(areas)
    assert 10 < sum(item["torn"] for item in measured) < 50


@pytest.mark.parametrize("tears", [3, 5])
def test_the_rim_peaks_along_each_tear_and_encloses_the_circle_s_area(tears: int) -> None:
    rim, tips = torn_rim(tears, 0.5, 0.0, np.random.default_rng(0))

    at = np.rint(tips / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    between = (at + round(ANGLES / tears / 2)) % ANGLES
    assert np.mean(rim**2) == pytest.approx(1, abs=1e-5)
    assert rim[0, at].min() > 1.5 * rim[0, between].max()
    assert rim.min() > 0
    assert abs(rim[0, 0] - rim[0, -1]) < 0.1, "the rim is closed"


def test_without_depth_the_rim_is_nearly_round() -> None:
    rim, _ = torn_rim(4, 0.0, 0.5, np.random.default_rng(1))

    assert rim.std() < 0.15


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Hole().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "dent"),
        ("radius_mm", 0),
        ("tears", 1),
        ("wall_width", 2),
        ("lip_height", -1),
        ("depth", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "hole", field: value})


def test_golden_coverage(golden) -> None:
    layer = Hole(mode="puncture", radius_mm=1).generate(make_surface(), stream(42, "golden"))

    golden("hole_coverage", layer.coverage)
