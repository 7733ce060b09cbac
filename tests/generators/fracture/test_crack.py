"""Cracks keep the generator contract, their laws and their place."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.core.layer import DefectLayer
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture import crack as crack_module
from anomsynth.generators.fracture._growth import Strand, grow
from anomsynth.generators.fracture._openings import Opening, open_strands
from anomsynth.generators.fracture.crack import DARKEST, FAINTEST, Crack
from anomsynth.testing import check_generator, make_surface

MODES = ("lefm", "path", "frontier")
PLAIN = {
    "chips": 0,
    "hairlines": 0,
    "halo": 0,
    "lip_height": 0,
    "branch_spacing": 1000,
    "variation": 0,
    "glint": 0,
}


def coverage(layer: DefectLayer) -> np.ndarray:
    assert layer.coverage is not None
    return layer.coverage


@pytest.mark.parametrize("mode", MODES)
def test_keeps_the_generator_contract(mode: str) -> None:
    check_generator(Crack(mode=mode))
    check_generator(Crack(mode=mode, edge_probability=0), make_surface(channels=3))


@pytest.mark.parametrize("mode", MODES)
@given(height=st.integers(1, 70), width=st.integers(1, 70), seed=st.integers(0, 10**6))
def test_stays_where_defects_may_go(mode: str, height: int, width: int, seed: int) -> None:
    surface = make_surface(height, width, border=0)
    half = surface.allowed.copy()
    half[height // 2 + 1 :] = False
    surface = replace(surface, allowed=half, sites=np.argwhere(half).astype(np.int32))

    layer = Crack(mode=mode, edge_probability=0).generate(surface, stream(seed))

    top, left, bottom, right = layer.box
    assert top >= 0
    assert left >= 0
    assert bottom <= height
    assert right <= width
    assert half[top:bottom, left:right][layer.support].all()
    assert layer.support.any()


@pytest.mark.parametrize("mode", MODES)
def test_size_in_millimeters_does_not_depend_on_resolution(mode: str) -> None:
    crack = Crack(
        mode=mode, length=0.4, width_mm=0.4, edge_probability=0, branch_probability=0, **PLAIN
    )
    areas, lengths = [], []
    for scale in (1, 2, 4):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [crack.generate(surface, stream(seed)) for seed in range(12)]
        areas.append(np.mean([coverage(layer).sum() * (0.1 / scale) ** 2 for layer in layers]))
        lengths.append(np.mean([layer.measured["length_mm"] for layer in layers]))

    assert areas[1] == pytest.approx(areas[0], rel=0.2)
    assert areas[2] == pytest.approx(areas[1], rel=0.12)
    assert lengths == pytest.approx([lengths[0]] * 3, rel=0.08)


def test_length_is_the_share_of_the_part_asked_for() -> None:
    surface = make_surface(300, 300)
    crack = Crack(length=0.3, edge_probability=0, bend_deg=0, **PLAIN)

    lengths = [crack.generate(surface, stream(seed)).measured["length_px"] for seed in range(20)]

    # Cracks that meet the edge of the part are shorter.
    assert max(lengths) == pytest.approx(0.3 * surface.part_size_px, rel=0.06)


def test_coverage_is_the_area_of_the_gap() -> None:  # CR8 on the whole generator
    surface = make_surface(400, 400, mm_per_px=0.1)
    crack = Crack(length=0.5, width_mm=0.06, edge_probability=0, facet_deg=0, **PLAIN)

    layer = crack.generate(surface, stream(5))

    law = layer.measured
    assert law["widest_px"] == pytest.approx(0.6, rel=0.02)
    assert coverage(layer).sum() == pytest.approx(law["mean_width_px"] * law["length_px"], rel=0.05)
    assert coverage(layer).max() < 0.9  # finer than a pixel: faint, not widened


def test_edge_cracks_cut_the_edge_through(surface: Surface) -> None:
    crack = Crack(edge_probability=1, length=0.4, width_mm=0.2, **PLAIN)
    rows, cols = np.array(surface.edge_sites).T
    edge = np.zeros(surface.shape, dtype=bool)
    edge[rows, cols] = True

    for seed in range(10):
        layer = crack.generate(surface, stream(seed))

        on_edge = coverage(layer)[edge[layer.box.slices]]
        assert on_edge.max(initial=0) > 0.5 * coverage(layer).max()


def test_cracks_are_dark_inside_and_darker_where_deeper(surface: Surface) -> None:
    def darkness(depth_ratio: float) -> float:
        crack = Crack(depth_ratio=depth_ratio, width_mm=0.3, **PLAIN)
        layer = crack.generate(surface, stream(3))
        assert layer.albedo is not None
        return float(np.average(layer.albedo, weights=coverage(layer)))

    assert darkness(10) < darkness(2) < 0.75


def test_facets_that_face_the_light_glint(surface: Surface) -> None:
    shiny = Crack(width_mm=0.3, length=0.5, **{**PLAIN, "glint": 0.5})
    dull = Crack(width_mm=0.3, length=0.5, **PLAIN)

    bright, dark = (crack.generate(surface, stream(1)).albedo for crack in (shiny, dull))

    assert bright is not None
    assert dark is not None
    core = bright != dark
    assert core.any()
    assert bright[core].max() > 0.9


def test_wide_cracks_in_ductile_parts_have_raised_lips() -> None:
    surface = make_surface(400, 400, mm_per_px=0.1)
    crack = Crack(width_mm=0.5, length=0.7, **{**PLAIN, "lip_height": 0.1})

    layer = crack.generate(surface, stream(0))

    assert layer.height is not None
    raised, sunk = layer.height > 0, layer.height < 0
    assert raised.any()
    assert sunk.any()
    assert coverage(layer)[raised].mean() < 0.4 < coverage(layer)[sunk].mean()


@pytest.mark.parametrize("share", [0.0, 0.25, 0.75, 1.0])
def test_shares_of_edge_cracks_follow_the_parameter(share: float) -> None:
    surface = make_surface(300, 300)
    # Cracks from inside start in the middle and are too short to reach the edge.
    surface = replace(surface, sites=np.array([[150, 150]], dtype=np.int32))
    crack = Crack(edge_probability=share, length=0.1, **PLAIN)
    edge = np.zeros(surface.shape, dtype=bool)
    edge[tuple(np.array(surface.edge_sites).T)] = True

    layers = [crack.generate(surface, stream(seed)) for seed in range(150)]

    at_edge = [bool((edge[layer.box.slices] & (coverage(layer) > 0)).any()) for layer in layers]
    assert np.mean(at_edge) == pytest.approx(share, abs=0.1 if 0 < share < 1 else 0)


@pytest.mark.parametrize(
    ("mode", "often", "never"),
    [
        ("lefm", {"branch_spacing": 0.1}, {"branch_spacing": 1000}),
        ("frontier", {"branch_probability": 0.05}, {"branch_probability": 0}),
    ],
)
def test_cracks_branch_as_often_as_they_should(
    mode: str, often: dict[str, float], never: dict[str, float]
) -> None:
    def strands(**branching: float) -> list[float]:
        crack = Crack(mode=mode, edge_probability=1, length=0.4, hairlines=0, **branching)
        surface = make_surface(300, 300)
        return [crack.generate(surface, stream(seed)).measured["strands"] for seed in range(8)]

    assert np.mean(strands(**never)) < 1.3  # a weak place may branch a crack at its beginning
    assert np.mean(strands(**often)) > 3


def test_branches_are_as_far_apart_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:  # CR9
    loadings = []

    def spy(tips, loading, *rest):
        loadings.append(loading)
        return grow(tips, loading, *rest)

    monkeypatch.setattr(crack_module, "grow", spy)
    crack = Crack(branch_spacing=0.5, length=0.4, edge_probability=1)
    crack.generate(make_surface(300, 300), stream(1))

    (loading,) = loadings
    assert loading.branching / (2 * loading.rate) == pytest.approx(0.5 * loading.length)


@pytest.mark.parametrize("depth_ratio", [2.0, 8.0])
def test_gaps_are_as_dark_as_cavities(depth_ratio: float) -> None:
    drawn = Crack(depth_ratio=depth_ratio, glint=0).draw_ranges(stream(0))
    tone = np.stack([crack_module._tone(16_000, drawn, stream(seed))[0] for seed in range(20)])

    # Mouth over wall f, walls of albedo 1/2: f / (1 - (1 - f) / 2).
    mouth = 1 / (1 + 2 * depth_ratio)
    assert np.exp(tone.mean()) == pytest.approx(mouth / (1 - (1 - mouth) / 2), rel=0.03)


def test_the_frontier_mode_darkens_exponentially_towards_the_skeleton() -> None:
    points = np.stack([np.full(61, 80.0), np.linspace(60, 140, 61)], axis=1)
    strand = Strand(points, np.ones(61), free=False, parent=-1)
    gaps = open_strands([strand], Opening(width=12, variation=0, ragged=0, unit=0.01), stream(1))
    drawn = Crack(mode="frontier", decay=4, least_darkness=0).draw_ranges(stream(1))
    case = crack_module._CrackCase(make_surface(), drawn, 160, 1.0)

    layer = crack_module._as_frontier(gaps, case, stream(1))

    column = coverage(layer)[:, 100 - layer.origin[1]]
    row = 80 - layer.origin[0]
    # Black in the middle; from there on exp(-decay distance / width), with a soft end.
    end = 12 / 4 * np.log(DARKEST / FAINTEST)
    expected = np.exp(-4 * 2 / 12) * (1 - (5 / end) ** 4) / (1 - (3 / end) ** 4)
    assert column[row + 5] / column[row + 3] == pytest.approx(expected, rel=0.03)


def test_bounds_of_flakes_and_hairlines_reach_the_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    openings = []

    def spy(strands, opening, rng):
        openings.append(opening)
        return open_strands(strands, opening, rng)

    monkeypatch.setattr(crack_module, "open_strands", spy)
    told = {"chip_radius": 3, "chip_depth": 0.1, "hairline_length": 0.9, "hairline_width": 0.1}
    rest = {"hairline_distance": 5, "rejoin_probability": 1, "chips": 2, "hairlines": 3}
    Crack(**told, **rest).generate(make_surface(), stream(0))

    chips, hairlines = openings[0].chips, openings[0].hairlines
    assert (chips.count, chips.radius.low, chips.depth.high) == (2, 3, 0.1)
    assert (hairlines.count, hairlines.length.low, hairlines.width.high) == (3, 0.9, 0.1)
    assert (hairlines.distance.low, hairlines.rejoin_probability) == (5, 1)


def test_flakes_leave_faces_as_light_as_drawn() -> None:
    surface = make_surface(400, 400, mm_per_px=0.1)
    options = PLAIN | {
        "chips": 6,
        "width_mm": 0.5,
        "chip_radius": 4,
        "chip_depth": 1,
        "length": 0.6,
    }

    def face(albedo: float) -> float:
        layer = Crack(**options, chip_albedo=albedo).generate(surface, stream(2))
        assert layer.albedo is not None
        return float(layer.albedo[coverage(layer) > 0.99].max())

    assert face(0.8) == pytest.approx(0.8, abs=0.02)
    assert face(1.3) == pytest.approx(1.3, abs=0.02)


def test_the_gap_is_as_uneven_in_tone_as_drawn() -> None:
    def spread(variation: float) -> float:
        drawn = Crack(tone_variation=variation, glint=0).draw_ranges(stream(0))
        return float(crack_module._tone(16_000, drawn, stream(0))[0].std())

    assert spread(0.45) == pytest.approx(0.45, rel=0.05)
    assert spread(0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_needs_room(mode: str) -> None:
    with pytest.raises(PlacementError):
        Crack(mode=mode).generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "zigzag"),
        ("edge_probability", 1.5),
        ("length", 0),
        ("length", 1.5),
        ("width_mm", [0.5, 0.1]),
        ("grain", -0.1),
        ("chips", 1.5),
        ("depth_ratio", 0),
        ("decay", 0),
        ("widht_mm", 3),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "crack", field: value})


@pytest.mark.slow
def test_a_huge_photo_costs_what_the_crack_costs() -> None:
    surface = make_surface(4096, 4096, mm_per_px=0.02, border=64)

    layer = Crack(length=0.1).generate(surface, stream(0))

    assert max(layer.support.shape) < 700


def test_golden_coverage(golden) -> None:
    layer = Crack(length=0.3).generate(make_surface(), stream(42, "golden"))

    golden("crack_coverage", coverage(layer))
