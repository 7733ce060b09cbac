"""Pits nucleate, grow and darken by their laws, where they were placed."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.stats import kstest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_coverage, mouth_field
from anomsynth.fields.relief import cavity, fade
from anomsynth.generators.pores import pitting as pitting_module
from anomsynth.generators.pores._pits import Pits, sink_pits
from anomsynth.generators.pores._points import scatter_independent
from anomsynth.generators.pores.pitting import Pitting, grow_radii, place_pits
from anomsynth.testing import check_generator, make_surface

SMOOTH = 1e-9  # walls without facets
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


def centred_surface() -> Surface:
    """Return a surface whose only site is its centre, so that nothing is cut off."""
    sites = np.array([[100, 100]], dtype=np.int32)
    return replace(make_surface(200, 200, border=0), sites=sites)


@pytest.fixture
def sunk(monkeypatch) -> list[Pits]:
    """Return the pits that generators sink from now on."""
    pits: list[Pits] = []

    def spy(*given):
        pits.append(given[0])
        return sink_pits(*given)

    monkeypatch.setattr(pitting_module, "sink_pits", spy)
    return pits


@pytest.mark.parametrize("mode", MODES)
def test_keeps_the_generator_contract(mode) -> None:
    check_generator(Pitting(mode=mode))


@pytest.mark.parametrize("exponent", [1 / 3, 0.5])
def test_radius_grows_as_a_power_of_age(exponent) -> None:  # PI1
    ages, radii = grow_radii(300, 4.0, exponent, np.random.default_rng(0))

    slope = np.polyfit(np.log(ages), np.log(radii), 1)[0]
    assert slope == pytest.approx(exponent, abs=0.02)
    assert radii.max() == 4.0


@pytest.mark.parametrize("exponent", [1 / 3, 0.5])
def test_radii_follow_the_distribution_of_uniform_nucleation(exponent) -> None:  # PI2
    _, radii = grow_radii(3000, 4.0, exponent, np.random.default_rng(1))

    assert kstest(radii, lambda r: np.clip(r / 4.0, 0, 1) ** (1 / exponent)).pvalue > 0.01


def test_recorded_growth_is_the_drawn_exponent() -> None:  # PI1
    layer = Pitting(count=20, growth_exponent=0.4).generate(make_surface(300, 300), stream(1))

    assert layer.measured["growth_exponent"] == pytest.approx(0.4, abs=0.02)


def test_independent_pits_cover_what_the_boolean_model_says() -> None:  # PI4
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
def test_depth_over_radius_is_the_drawn_ratio(ratio, sunk) -> None:  # PI5
    surface = make_surface(200, 200)

    layer = Pitting(count=8, depth_ratio=ratio).generate(surface, stream(3))

    pits = sunk[0]
    assert len(pits.centres) > 3
    assert np.array_equal(pits.depth, pits.mouths.radius * layer.parameters["depth_ratio"])
    assert layer.parameters["depth_ratio"] == ratio
    assert layer.measured["largest_radius_px"] == pits.mouths.radius.max()


@pytest.mark.parametrize("seed", range(5))
def test_layer_is_the_section_of_the_recorded_depth(seed, sunk) -> None:  # PI5
    surface = centred_surface()

    layer = Pitting(
        count=1, radius_mm=2.0, aspect=1, irregularity=0, wall_roughness=SMOOTH
    ).generate(surface, stream(seed))

    pits, (top, left, _, _) = sunk[0], layer.box
    row, col = (int(part) for part in np.rint(pits.centres[0]))
    distance = float(np.hypot(*(pits.centres[0] - (row, col))))
    share = distance / float(pits.mouths.radius[0] * pits.mouths.relative[0].min())
    depth = float(pits.depth[0]) * surface.mm_per_px
    middle = layer.height[row - top, col - left]
    # The pixel nearest the centre is not quite at it: its section is known, not its angle.
    lowest = float(cavity(np.float32([share]), float(pits.exponent[0]))[0])
    assert depth * lowest * (1 - 1e-6) <= -middle <= depth * (1 + 1e-6)
    for line in (
        layer.height[row - top, col - left :],
        layer.height[row - top, col - left :: -1],
        layer.height[row - top :, col - left],
        layer.height[row - top :: -1, col - left],
    ):
        assert (np.diff(line)[1:] >= 0).all()
        assert line[-1] == 0


@pytest.mark.parametrize("exponent", [1.5, 2.0, 6.0])
def test_pit_is_deepest_in_the_middle_and_rises_outwards(exponent) -> None:  # PI5
    pits = round_pits(np.array([[40.0, 40.0]]), np.array([25.0]))
    pits = Pits(pits.centres, pits.mouths, pits.depth, np.array([exponent]), pits.albedo)

    fields = sink_pits(pits, Box(0, 0, 81, 81), np.random.default_rng(0))

    for line in (fields.height[40, 40:], fields.height[40:, 40], fields.height[40, 40::-1]):
        assert (np.diff(line) >= -1e-6).all()
    assert fields.height.min() == fields.height[40, 40]
    assert fields.height[40, 40] == pytest.approx(-10, rel=0.01)


@pytest.mark.parametrize("depth", [10.0, 50.0])
def test_the_bottom_of_a_pit_sees_its_share_of_the_sky(depth) -> None:
    pits = round_pits(np.array([[40.0, 40.0]]), np.array([25.0]))
    pits = Pits(pits.centres, pits.mouths, np.array([depth]), np.array([2.0]), pits.albedo)

    sky = sink_pits(pits, Box(0, 0, 81, 81), np.random.default_rng(0)).openness

    assert sky[40, 40] == pytest.approx(25**2 / (25**2 + depth**2), rel=1e-3)
    assert sky[40, 70] == 1


def test_stain_around_a_pit_decays_over_its_width() -> None:
    pits = round_pits(np.array([[60.0, 60.0]]), np.array([20.0]))
    pits = Pits(
        *(pits.centres, pits.mouths, pits.depth, pits.exponent, pits.albedo),
        halo=0.2,
        halo_width=0.5,
    )
    away = np.hypot(*(np.indices((121, 121)) - 60)) - 20
    stains = [
        sink_pits(pits, Box(0, 0, 121, 121), np.random.default_rng(seed)).absorbance
        for seed in range(60)
    ]

    # Uneven around each pit, but not on average.
    rings = [np.mean([stain[np.abs(away - d) < 0.6] for stain in stains]) for d in (1, 5)]
    # 1 and 5 of 10 pixels; at 35 it ends smoothly.
    expected = np.exp(-0.4) * (1 - fade(5 / 35)) / (1 - fade(1 / 35))
    assert rings[1] / rings[0] == pytest.approx(float(expected), rel=0.04)


def test_pores_are_smooth_inside() -> None:
    layer = Pitting(count=1, radius_mm=2.0, halo=0).generate(make_surface(200, 200), stream(5))

    deep = cv2.erode((layer.coverage > 0.99).astype(np.uint8), np.ones((5, 5))) > 0
    tone = layer.albedo * layer.openness
    assert np.abs(np.diff(tone, axis=1))[deep[:, 1:]].max() < 0.06


def test_walls_have_facets_of_the_drawn_slope() -> None:
    section = {"count": 1, "radius_mm": 8.0, "aspect": 1, "irregularity": 0, "section": 8}
    layers = [
        Pitting(**section, depth_ratio=0.5, wall_roughness=slope).generate(
            centred_surface(), stream(4)
        )
        for slope in (SMOOTH, 0.1)
    ]

    relief = (layers[1].height - layers[0].height) / centred_surface().mm_per_px
    rows, cols = (side // 2 for side in relief.shape)
    middle = relief[rows - 12 : rows + 12, cols - 12 : cols + 12]
    slopes = [float(np.diff(middle, axis=axis).std()) for axis in (0, 1)]

    assert np.hypot(*slopes) == pytest.approx(0.1, rel=0.2)
    assert np.abs(relief[layers[0].height > -SMOOTH]).max() < 1e-3, "the rim is frayed"


def test_a_pit_lies_where_it_was_placed() -> None:
    pitting = Pitting(count=1, aspect=1, section=2, irregularity=0, wall_roughness=SMOOTH)
    for seed in range(20):
        site = stream(seed, "site").integers(20, 100, size=2)
        surface = replace(make_surface(120, 160), sites=site[None].astype(np.int32))

        layer = pitting.generate(surface, stream(seed))

        deepest = np.array(np.unravel_index(layer.height.argmin(), layer.height.shape))
        assert np.abs(deepest + layer.origin - site).max() <= 1
        assert layer.coverage[tuple(deepest)] > 0.9


def test_every_pit_has_its_centre_where_defects_may_go(sunk) -> None:
    surface = make_surface(120, 160)
    half = surface.allowed.copy()
    half[60:] = False
    surface = replace(surface, allowed=half, sites=np.argwhere(half).astype(np.int32))
    pitting = Pitting(count=30, radius_mm=0.5, size=0.9)

    for seed in range(10):
        pitting.generate(surface, stream(seed))

    centres = np.concatenate([pits.centres for pits in sunk])
    rows, cols = np.rint(centres).astype(int).T
    assert len(centres) > 50
    assert half[rows, cols].mean() > 0.99  # the first one may be half a pixel beside its site


def test_processes_space_their_pits_differently() -> None:  # PI3
    spacing = {}
    for process in ("csr", "thomas", "inhibited"):
        surface = make_surface(400, 400)
        pitting = Pitting(process=process, count=40, radius_mm=1.2, size=0.9)
        spacing[process] = np.mean(
            [pitting.generate(surface, stream(seed)).measured["clark_evans"] for seed in range(5)]
        )

    assert spacing["thomas"] < spacing["csr"] < spacing["inhibited"]
    assert spacing["inhibited"] > 1.1


def test_place_pits_honours_the_process() -> None:
    points = place_pits("inhibited", 60, 100.0, 2.0, np.random.default_rng(4))

    gaps = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    # Three radii apart, and some no farther.
    assert 6 <= gaps[~np.eye(len(points), dtype=bool)].min() < 6.6


@pytest.mark.parametrize("mode", ["nucleated", "polygon"])
def test_physical_size_does_not_depend_on_resolution(mode) -> None:
    pitting = Pitting(
        mode=mode,
        count=1,
        radius_mm=3,
        area_share=0.02,
        edge_probability=0,
        growth=0.02,
        halo=0,
        opacity=1,
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


def test_pits_of_a_group_differ_as_much_as_drawn(sunk) -> None:
    alike = {"section_scatter": 1, "albedo_scatter": 0, "aspect_scatter": 1, "halo_width": 0.8}
    shape = {"count": 20, "section": 4, "albedo": 0.5, "aspect": 2, "halo": 0.05}

    Pitting(**shape, **alike).generate(make_surface(300, 300), stream(1))
    Pitting(**shape).generate(make_surface(300, 300), stream(1))

    same, usual = sunk
    assert set(same.exponent) == {4.0}
    assert same.albedo == pytest.approx(0.5)
    assert same.mouths.aspect == pytest.approx(2)
    assert same.halo_width == 0.8
    assert 0.85 * 4 <= usual.exponent.min() < usual.exponent.max() <= 1.15 * 4
    assert usual.albedo.std() > 0.02
    assert 2**0.7 <= usual.mouths.aspect.min() < usual.mouths.aspect.max() <= 2**1.1


@pytest.mark.parametrize("chance", [0, 1])
def test_mixed_groups_are_regions_as_often_as_told(chance) -> None:
    for seed in range(5):
        pitting = Pitting(mode="mixed", polygon_probability=chance)
        layer = pitting.generate(make_surface(), stream(seed))

        assert ("pits" not in layer.measured) == chance


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


@pytest.mark.parametrize("mode", ["nucleated", "polygon"])
def test_golden_coverage(mode, golden) -> None:
    pitting = Pitting(mode=mode, count=12, radius_mm=0.6, size=0.2, area_share=0.05)

    layer = pitting.generate(make_surface(), stream(42, "golden"))

    golden(f"pitting_{mode}_coverage", layer.coverage)
