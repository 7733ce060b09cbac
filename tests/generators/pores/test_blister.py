"""Blisters bulge as thin films do, in groups or strips."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.pores.blister import (
    CLAMPED_ROOT,
    Blister,
    disc_deflection,
    disc_profile,
    strip_deflection,
    strip_profile,
)
from anomsynth.testing import check_generator, make_surface

MODES = ("round", "straight", "cord", "mixed")
ROUND = {"mode": "round", "count": 1, "aspect": 1, "irregularity": 0}


def centred(side: int = 300, mm_per_px: float = 0.1):
    middle = np.array([[side // 2, side // 2]], dtype=np.int32)
    return replace(make_surface(side, side, mm_per_px=mm_per_px, border=0), sites=middle)


@pytest.mark.parametrize("mode", MODES)
def test_keeps_the_generator_contract(mode: str) -> None:
    check_generator(Blister(mode=mode))
    check_generator(Blister(mode=mode), make_surface(channels=3))
    check_generator(Blister(mode=mode), make_surface(9, 11, border=1))


@pytest.mark.parametrize("blown", [0, 1])
def test_height_follows_the_excess_stress(blown: int) -> None:
    heights = [
        Blister(radius_mm=3, film_thickness=0.04, stress=stress, blown_probability=blown, **ROUND)
        .generate(centred(), stream(0))
        .height.max()
        for stress in (2, 5)
    ]

    # h sqrt(c1 (s - 1)) with c1 = 1.9065 and h = 0.12 mm
    assert heights == pytest.approx([0.12 * 1.3808, 0.12 * 2.7616], rel=0.01)


@pytest.mark.parametrize("mode", ["straight", "cord"])
def test_strips_rise_by_the_law_and_are_long(mode: str) -> None:
    layer = Blister(mode=mode, radius_mm=1.5, film_thickness=0.04, stress=4, length=12).generate(
        centred(), stream(1)
    )

    # h sqrt(4/3 * 3) = 2 h
    assert layer.height.max() == pytest.approx(2 * 0.04 * 1.5, rel=0.05)
    # 12 half widths of 15 pixels
    assert np.hypot(*layer.support.shape) > 0.7 * 180


def test_cords_swing_and_straight_strips_do_not() -> None:
    areas = []
    for mode in ("straight", "cord"):
        layer = Blister(mode=mode, radius_mm=1.5, length=14).generate(centred(), stream(2))
        rows, cols = np.nonzero(layer.height > 0.5 * layer.height.max())
        spread = np.linalg.eigvalsh(np.cov(rows, cols))
        areas.append(np.sqrt(spread[0]))

    assert areas[1] > 1.2 * areas[0]


def test_size_in_millimeters_does_not_depend_on_resolution() -> None:
    areas = [
        Blister(radius_mm=2, **ROUND).generate(centred(200 * s, 0.1 / s), stream(3)).support.sum()
        * (0.1 / s) ** 2
        for s in (1, 3)
    ]

    assert areas == pytest.approx([np.pi * 2**2] * 2, rel=0.06)


def test_sizes_and_shapes_spread() -> None:
    surface = make_surface(256, 256)
    layers = [Blister().generate(surface, stream(seed)) for seed in range(60)]

    areas = [layer.support.sum() for layer in layers]
    assert max(areas) > 60 * min(areas)
    assert 5 < sum(layer.measured["strip"] for layer in layers) < 40


def test_deflection_rises_with_the_root_of_the_excess_stress() -> None:
    assert strip_deflection(4) == pytest.approx(2)
    assert strip_deflection(1) == 0
    assert disc_deflection(1) == 0
    assert disc_deflection(5) / disc_deflection(2) == pytest.approx(2)
    # 0.2473 * 1.3 + 0.2231 * 0.91 = 0.5245
    assert disc_deflection(2) == pytest.approx(0.5245**-0.5, rel=1e-3)


def test_the_buckling_mode_belongs_to_the_critical_stress() -> None:
    # s_c = 14.68 D / (R^2 h) = 1.2235 E' (h/R)^2
    assert pytest.approx(1.2235, abs=1e-4) == CLAMPED_ROOT**2 / 12


@pytest.mark.parametrize("blown", [False, True])
def test_round_profiles_are_clamped(blown: bool) -> None:
    q = np.linspace(0, 1.2, 1201, dtype=np.float32)[None]
    shape = disc_profile(q, blown=blown)[0]

    assert shape[0] == 1
    assert shape[q[0] >= 1].max() < 1e-6
    assert abs(shape[1000] - shape[990]) / 0.01 < 0.06
    assert shape[500] == pytest.approx(0.5625 if blown else 0.4814, abs=2e-3)


def test_strip_profile_is_a_raised_cosine() -> None:
    shape = strip_profile(np.array([[-1.5, -1, -0.5, 0, 0.5, 1]], dtype=np.float32))[0]

    np.testing.assert_allclose(shape, [0, 0, 0.5, 1, 0.5, 0], atol=1e-6)


def test_blisters_of_a_group_are_as_far_apart_and_as_unlike_as_drawn() -> None:
    alike = {"radius_scatter": 0, "spacing": 6, "count": 3, "aspect": 1, "mode": "round"}
    surface = centred(500)

    def extents(**options: object) -> list[int]:
        layer = Blister(radius_mm=2, **alike, **options).generate(surface, stream(4))
        _, _, stats, _ = cv2.connectedComponentsWithStats(layer.support.astype(np.uint8))
        return [int(row[cv2.CC_STAT_AREA]) for row in stats[1:]]

    assert len(extents(spacing_scatter=1)) == 3
    assert max(extents(spacing_scatter=1)) < 1.2 * min(extents(spacing_scatter=1))
    assert len(extents(spacing_scatter=0.05)) == 1


@pytest.mark.parametrize(("chance", "swinging"), [(0, False), (1, True)])
def test_mixed_strips_are_cords_as_often_as_told(chance: float, swinging: bool) -> None:
    told = {"strip_probability": 1, "radius_mm": 1.5, "length": 14}
    mixed = Blister(cord_probability=chance, **told).generate(centred(), stream(2))
    cord = Blister(mode="cord", **told).generate(centred(), stream(2))

    assert np.array_equal(mixed.support, cord.support) == swinging


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Blister().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "dent"),
        ("stress", 1),
        ("count", 0),
        ("film_thickness", -1),
        ("lightening", 2),
        ("size", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "blister", field: value})


def test_golden_height(golden) -> None:
    layer = Blister(mode="cord", radius_mm=0.6).generate(make_surface(), stream(42, "golden"))

    golden("blister_height", layer.height)
