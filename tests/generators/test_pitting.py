"""Pits nucleate, grow and darken by their laws; lost regions keep their size and place."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_coverage, mouth_field
from anomsynth.fields.pits import Pits, sink_pits
from anomsynth.fields.points import scatter_independent
from anomsynth.generators.pitting import Pitting, grow_radii, place_pits
from anomsynth.testing import check_generator, make_surface

MODES = ("nucleated", "polygon", "mixed")


def round_pits(centres: np.ndarray, radii: np.ndarray, **looks: float) -> Pits:
    count = len(radii)
    return Pits(
        centres=centres,
        mouths=Mouths(
            radius=radii,
            aspect=np.ones(count),
            angle=np.zeros(count),
            relative=harmonic_rims(count, 0.15, 0.8, np.random.default_rng(0)),
        ),
        depth=0.4 * radii,
        exponent=np.full(count, 2.0),
        albedo=np.full(count, 0.5),
        **looks,
    )


@pytest.mark.parametrize("mode", MODES)
def test_keeps_the_generator_contract(mode) -> None:
    check_generator(Pitting(mode=mode))


@pytest.mark.parametrize("exponent", [1 / 3, 0.5])
def test_radius_grows_as_a_power_of_age(exponent) -> None:
    ages, radii = grow_radii(300, 4.0, exponent, np.random.default_rng(0))

    slope = np.polyfit(np.log(ages), np.log(radii), 1)[0]
    assert slope == pytest.approx(exponent, abs=0.02)
    assert radii.max() == 4.0


@pytest.mark.parametrize("exponent", [1 / 3, 0.5])
def test_radii_follow_the_distribution_of_uniform_nucleation(exponent) -> None:
    _, radii = grow_radii(300, 4.0, exponent, np.random.default_rng(1))

    assert kstest(radii, lambda r: np.clip(r / 4.0, 0, 1) ** (1 / exponent)).pvalue > 0.01


def test_recorded_growth_is_the_drawn_exponent() -> None:
    layer = Pitting(count=20, growth_exponent=0.4).generate(make_surface(300, 300), stream(1))

    assert layer.laws["growth_exponent"] == pytest.approx(0.4, abs=0.02)


def test_independent_pits_cover_what_the_boolean_model_says() -> None:
    side, count, radius = 200, 60, 6.0
    shares = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        # A margin around the window, so that pits outside reach in.
        wide = side + 4 * radius
        number = rng.poisson(count * (wide / side) ** 2)
        centres = scatter_independent(number, (wide, wide), rng) - 2 * radius
        pits = round_pits(centres, np.full(number, radius))
        covered = sink_pits(pits, Box(0, 0, side, side), rng).coverage
        shares.append(covered.mean())

    density = count / side**2
    expected = 1 - np.exp(-density * np.pi * radius**2)
    assert np.mean(shares) == pytest.approx(expected, abs=0.008)


@pytest.mark.parametrize("ratio", [0.2, 0.6])
def test_depth_over_radius_is_the_drawn_ratio(ratio) -> None:
    surface = make_surface(200, 200)

    layer = Pitting(count=1, radius_mm=1.5, depth_ratio=ratio).generate(surface, stream(3))

    assert -layer.height.min() == pytest.approx(1.5 * ratio, rel=0.02)


@pytest.mark.parametrize("exponent", [1.5, 2.0, 6.0])
def test_pit_is_deepest_in_the_middle_and_rises_outwards(exponent) -> None:
    pits = round_pits(np.array([[40.0, 40.0]]), np.array([25.0]))
    pits = Pits(pits.centres, pits.mouths, pits.depth, np.array([exponent]), pits.albedo)

    fields = sink_pits(pits, Box(0, 0, 81, 81), np.random.default_rng(0))

    for line in (fields.height[40, 40:], fields.height[40:, 40], fields.height[40, 40::-1]):
        assert (np.diff(line) >= -1e-6).all()
    assert fields.height.min() == fields.height[40, 40]
    assert fields.height[40, 40] == pytest.approx(-10, rel=0.01)


def test_pores_are_smooth_inside() -> None:
    layer = Pitting(count=1, radius_mm=2.0, halo=0).generate(make_surface(200, 200), stream(5))

    deep = cv2.erode((layer.coverage > 0.99).astype(np.uint8), np.ones((5, 5))) > 0
    tone = layer.albedo * layer.openness
    assert np.abs(np.diff(tone, axis=1))[deep[:, 1:]].max() < 0.06


def test_one_pit_lies_on_the_part_where_it_was_placed() -> None:
    surface = make_surface(120, 160)
    for seed in range(20):
        layer = Pitting(count=(1, 30)).generate(surface, stream(seed))

        rows, cols = np.nonzero(layer.coverage > 0.2)
        on_part = surface.allowed[
            np.clip(rows + layer.origin[0], 0, 119), np.clip(cols + layer.origin[1], 0, 159)
        ]
        assert on_part.any() or rows.size == 0


def test_processes_space_their_pits_differently() -> None:
    spacing = {}
    for process in ("csr", "thomas", "inhibited"):
        surface = make_surface(400, 400)
        pitting = Pitting(process=process, count=40, radius_mm=1.2, region=0.9)
        spacing[process] = np.mean(
            [pitting.generate(surface, stream(seed)).laws["clark_evans"] for seed in range(5)]
        )

    assert spacing["thomas"] < spacing["csr"] < spacing["inhibited"]
    assert spacing["inhibited"] > 1.1


def test_place_pits_honours_the_process() -> None:
    points = place_pits("inhibited", 10, 100.0, 3.0, np.random.default_rng(0))

    gaps = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    assert gaps[~np.eye(len(points), dtype=bool)].min() >= 9


@given(share=st.floats(0.005, 0.2), seed=st.integers(0, 20))
def test_lost_region_has_the_drawn_area(share, seed) -> None:
    surface = make_surface(260, 260, border=0)
    pitting = Pitting(mode="polygon", area_share=share, edge_share=0, growth=0.02, elongation=1)

    layer = pitting.generate(surface, stream(seed))

    # Regions near the picture's border lose what lies outside.
    assert layer.laws["area_share"] <= 1.5 * share + 0.002
    assert layer.laws["area_share"] >= 0.2 * share


def test_lost_regions_span_three_decades() -> None:
    surface = make_surface(256, 256)
    shares = [
        Pitting(mode="polygon").generate(surface, stream(seed)).laws["area_share"]
        for seed in range(60)
    ]

    assert min(shares) < 0.002
    assert max(shares) > 0.1


def test_regions_at_the_outline_touch_it() -> None:
    surface = make_surface(200, 200, border=20)
    outline = surface.foreground & ~(
        cv2.erode(surface.foreground.astype(np.uint8), np.ones((3, 3))) > 0
    )
    touched = 0
    for seed in range(20):
        layer = Pitting(mode="polygon", edge_share=1, area_share=0.02).generate(
            surface, stream(seed)
        )
        touched += bool((outline[layer.box.slices] & (layer.coverage > 0.3)).any())

    assert touched == 20


def test_lost_region_is_sharp_at_any_resolution() -> None:
    for side in (200, 900):
        pitting = Pitting(mode="polygon", area_share=0.1, opacity=1, edge_share=0)
        layer = pitting.generate(make_surface(side, side, border=0), stream(2))

        half = np.count_nonzero((layer.coverage > 0.02) & (layer.coverage < 0.98))
        whole = np.count_nonzero(layer.coverage >= 0.98)
        assert half < 16 * np.sqrt(whole)


@pytest.mark.parametrize("mode", ["nucleated", "polygon"])
def test_physical_size_does_not_depend_on_resolution(mode) -> None:
    pitting = Pitting(
        mode=mode, count=1, radius_mm=3, area_share=0.02, edge_share=0, growth=0.02, halo=0
    )
    fine = pitting.generate(make_surface(400, 400, mm_per_px=0.1, border=16), stream(1))
    coarse = pitting.generate(make_surface(200, 200, mm_per_px=0.2, border=8), stream(1))

    sizes = [(layer.coverage > 0.3).sum() for layer in (fine, coarse)]
    assert sizes[0] * 0.1**2 == pytest.approx(sizes[1] * 0.2**2, rel=0.1)


def test_mouth_smaller_than_a_pixel_fades_instead_of_growing() -> None:
    mouths = round_pits(np.zeros((1, 2)), np.array([0.4])).mouths
    axis = np.arange(-4, 5, dtype=np.float32)

    _, outside = mouth_field(mouths, 0, (axis[:, None], axis[None, :]))
    area = mouth_coverage(mouths, 0, outside, 0.0).sum()

    assert area == pytest.approx(np.pi * 0.4**2, rel=0.02)


@pytest.mark.parametrize("mode", ["nucleated", "polygon"])
@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (2, 300)])
def test_tiny_surfaces_get_a_defect(mode, shape) -> None:
    surface = make_surface(*shape, border=0)
    for seed in range(5):
        layer = Pitting(mode=mode).generate(surface, stream(seed))

        assert layer.support.any()
        assert all(np.isfinite(array).all() for array in layer.fields().values())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["nucleated", "polygon"])
def test_huge_surface_gets_a_defect(mode) -> None:
    surface = make_surface(4096, 4096, mm_per_px=0.02)

    layer = Pitting(mode=mode, area_share=0.3).generate(surface, stream(0))

    assert layer.support.any()


@pytest.mark.parametrize("mode", MODES)
def test_needs_a_part(mode) -> None:
    with pytest.raises(PlacementError):
        Pitting(mode=mode).generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "polygons"),
        ("process", "poisson"),
        ("radius_mm", 0),
        ("radius_mm", [2, 1]),
        ("irregularity", 1.2),
        ("area_share", 0),
        ("vertices", 2.5),
        ("opacity", -0.1),
        ("radius", 3),
    ],
)
def test_rejects_bad_parameters(field, value) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "pitting", field: value})
