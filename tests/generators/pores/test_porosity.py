"""Pores have the sizes, places and smooth walls of trapped gas."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Light
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.outlines import ANGLES, Mouths
from anomsynth.generators.pores import porosity as porosity_module
from anomsynth.generators.pores._chords import chords
from anomsynth.generators.pores._pits import sink_pits
from anomsynth.generators.pores._points import scatter_clusters
from anomsynth.generators.pores.porosity import Porosity
from anomsynth.testing import check_generator, make_surface

ROUND = {"stretch": 1, "irregularity": 0, "count": 1, "spread": 0, "sizes": "lognormal"}


@pytest.mark.parametrize("sizes", ["coarsened", "lognormal", "mixed"])
def test_keeps_the_generator_contract(sizes: str) -> None:
    check_generator(Porosity(sizes=sizes))
    check_generator(Porosity(sizes=sizes), make_surface(channels=3))
    check_generator(Porosity(sizes=sizes), make_surface(20, 23, border=2))


@pytest.mark.parametrize("share", [0, 1])
def test_mean_radius_is_that_of_the_law_cut_or_not(share: int) -> None:
    # Coarsened bubbles: <R^2> = 1 + 0.2151^2, and a plane sees pi/4 <R^2> / <R> (Wicksell).
    surface = make_surface(900, 900, mm_per_px=0.05)
    porosity = Porosity(sizes="coarsened", count=60, radius_mm=0.5, cut_probability=share, size=0.9)
    means = [
        porosity.generate(surface, stream(seed)).measured["mean_radius_mm"] for seed in range(12)
    ]

    expected = 0.5 * (np.pi / 4 * (1 + 0.2151**2) if share else 1)
    assert np.mean(means) == pytest.approx(expected, rel=0.03)


def test_size_in_millimeters_does_not_depend_on_resolution() -> None:
    areas = []
    for scale in (1, 3):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        middle = np.array([[80 * scale, 100 * scale]], dtype=np.int32)
        layer = Porosity(radius_mm=0.6, cut_probability=0, **ROUND).generate(
            replace(surface, sites=middle), stream(1)
        )
        areas.append(layer.measured["area_px"] * surface.mm_per_px**2)

    assert areas[0] == pytest.approx(np.pi * 0.6**2, rel=0.05)
    assert areas[1] == pytest.approx(areas[0], rel=0.05)


def test_pores_are_deepest_inside_and_dark() -> None:
    layer = Porosity(radius_mm=1, cut_probability=0, glint=0, **ROUND).generate(
        make_surface(), stream(0)
    )

    deep = layer.height < 0.8 * layer.height.min()
    assert layer.coverage[deep].min() > 0.95
    assert layer.openness[deep].max() < 0.9
    assert layer.albedo[deep].max() < 0.8


def test_a_crescent_shines_on_the_wall_that_faces_the_light() -> None:
    porosity = Porosity(
        radius_mm=1.2, cut_probability=0, glint=1, depth_ratio=1, albedo=0.3, **ROUND
    )
    middle = np.array([[80, 100]], dtype=np.int32)
    right = Light(azimuth_deg=0, elevation_deg=45, confidence=1)
    layer = porosity.generate(replace(make_surface(), sites=middle, light=right), stream(3))

    bright = (layer.albedo > 0.7) & (layer.coverage > 0.5)
    assert bright.any()
    # Light comes from the right: it falls on the left wall.
    assert np.nonzero(bright)[1].mean() < np.nonzero(layer.coverage > 0.5)[1].mean() - 4


def test_counts_and_sizes_spread_over_their_ranges() -> None:
    surface = make_surface(256, 256, mm_per_px=0.1)
    measured = [Porosity().generate(surface, stream(seed)).measured for seed in range(80)]

    counts = np.array([item["pores"] for item in measured])
    assert counts.min() == 1
    assert counts.max() > 20
    areas = np.array([item["area_px"] for item in measured])
    assert areas.max() > 300 * areas.min()


def test_pores_of_a_cloud_differ_as_much_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = []

    def spy(pits, *rest):
        clouds.append(pits)
        return sink_pits(pits, *rest)

    monkeypatch.setattr(porosity_module, "sink_pits", spy)
    usual = Porosity(count=20, cut_probability=0, stretch=3, depth_ratio=1, albedo=0.4)
    alike = {"stretch_scatter": 1, "depth_scatter": 1, "section": 3, "albedo_scatter": 0}
    for porosity in (usual, Porosity(**usual.model_dump() | alike)):
        porosity.generate(make_surface(300, 300), stream(1))

    varied, same = clouds
    assert same.mouths.aspect == pytest.approx(3)
    assert same.depth == pytest.approx(same.mouths.radius)
    assert set(same.exponent) == {3.0}
    assert same.albedo == pytest.approx(0.4)
    assert 3**0.3 <= varied.mouths.aspect.min() < varied.mouths.aspect.max() <= 3
    assert np.ptp(varied.depth / varied.mouths.radius) > 0.2
    assert 2 <= varied.exponent.min() < varied.exponent.max() <= 5
    assert np.log(varied.albedo).std() == pytest.approx(0.1, rel=0.5)


@pytest.mark.parametrize(("chance", "law"), [(0, "lognormal"), (1, "coarsened")])
def test_mixed_radii_follow_the_law_as_often_as_told(chance: float, law: str) -> None:
    surface = make_surface()
    for seed in range(4):
        mixed = Porosity(coarsened_probability=chance).generate(surface, stream(seed))
        plain = Porosity(sizes=law).generate(surface, stream(seed))

        assert np.array_equal(mixed.coverage, plain.coverage)


def test_clouds_are_as_slim_and_as_clustered_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def spy(*places, **options):
        given.append(options["per_cluster"])
        return scatter_clusters(*places, **options)

    def slimness(width: float) -> float:
        porosity = Porosity(count=60, size=0.6, cloud_width=width, per_cluster=9)
        drawn = porosity.draw_ranges(stream(0))
        places = [
            porosity_module._places(np.ones(60), drawn, make_surface(400, 400), bool(n % 2), rng)
            for n, rng in enumerate(stream(seed) for seed in range(30))
        ]
        spread = [np.linalg.eigvalsh(np.cov(points.T)) for points in places]
        return float(np.mean([np.sqrt(low / high) for low, high in spread]))

    monkeypatch.setattr(porosity_module, "scatter_clusters", spy)

    assert slimness(0.2) == pytest.approx(0.2, abs=0.05)
    assert slimness(1.0) > 0.6
    assert set(given) == {9}


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Porosity().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sizes", "gamma"),
        ("count", 0),
        ("radius_mm", -1),
        ("cut_probability", 2),
        ("size", 1.5),
        ("glint", [0.5, 0.1]),
        ("radius", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "porosity", field: value})


def test_golden_coverage(golden) -> None:
    layer = Porosity(count=4, radius_mm=0.4, size=0.3).generate(
        make_surface(), stream(42, "golden")
    )

    golden("porosity_coverage", layer.coverage)


@pytest.mark.parametrize("radius_px", [0.3, 1.5, 5.0, 14.0])
@pytest.mark.parametrize("aspect", [1.0, 3.0])
def test_chords_add_up_to_the_volume_of_an_ellipsoid(radius_px: float, aspect: float) -> None:
    mouths = Mouths(
        radius=np.array([radius_px]),
        aspect=np.array([aspect]),
        angle=np.array([0.6]),
        relative=np.ones((1, ANGLES), np.float32),
    )

    chord = chords(np.array([[30.3, 31.8]]), mouths, Box(0, 0, 64, 64))

    shorter = radius_px / np.sqrt(aspect)
    volume = 4 / 3 * np.pi * radius_px**2 * shorter
    assert chord.sum(dtype=float) == pytest.approx(volume, rel=0.02)
    if shorter > 3:
        assert chord.max() == pytest.approx(2 * shorter, rel=0.01)


def test_bubbles_behind_each_other_add_up() -> None:
    twice = Mouths(
        radius=np.array([5.0, 5.0]),
        aspect=np.ones(2),
        angle=np.zeros(2),
        relative=np.ones((2, ANGLES), np.float32),
    )

    chord = chords(np.array([[16.0, 16.0], [16.0, 16.0]]), twice, Box(0, 0, 32, 32))

    assert chord[16, 16] == pytest.approx(20, rel=0.01)


def test_rays_are_cut_where_the_picture_ends() -> None:
    mouths = Mouths(
        radius=np.array([5.0]),
        aspect=np.ones(1),
        angle=np.zeros(1),
        relative=np.ones((1, ANGLES), np.float32),
    )

    whole = chords(np.array([[16.0, 16.0]]), mouths, Box(0, 0, 32, 32))
    part = chords(np.array([[16.0, 16.0]]), mouths, Box(0, 14, 32, 19))

    assert np.array_equal(part, whole[:, 14:19])
