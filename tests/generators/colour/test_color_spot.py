"""Spots are as many, as large and as far apart as drawn, and of one saturated colour."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.color import lab
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.color_spot import ColorSpot
from anomsynth.testing import check_generator, make_surface

ROUND = {"aspect": 1, "irregularity": 0, "softness": 0, "size_scatter": 0, "tone_scatter": 0}


def spots(spot: ColorSpot, surface: Surface, seed: int) -> np.ndarray:
    """Return row, column and area of each spot that lies clear of the border."""
    layer = spot.generate(surface, stream(seed))
    seen = (layer.coverage > 0.5 * layer.coverage.max()).astype(np.uint8)
    count, _, stats, middle = cv2.connectedComponentsWithStats(seen)
    places = middle[1:, ::-1] + layer.origin
    return np.column_stack([places, stats[1:, cv2.CC_STAT_AREA]])[: count - 1]


@pytest.mark.parametrize("arrangement", ["alone", "row", "cluster"])
def test_keeps_the_generator_contract(arrangement: str) -> None:
    check_generator(ColorSpot(arrangement=arrangement))
    check_generator(ColorSpot(arrangement=arrangement, edge_probability=1))
    check_generator(ColorSpot(arrangement=arrangement), make_surface(channels=3))
    check_generator(ColorSpot(arrangement=arrangement), make_surface(9, 30, border=0))


def test_a_spot_has_the_area_of_its_radius() -> None:
    surface = make_surface(400, 400)
    spot = ColorSpot(arrangement="alone", radius=0.05, **ROUND)
    areas = [spots(spot, surface, seed)[:, 2].sum() for seed in range(9)]

    assert np.median(areas) == pytest.approx(np.pi * (0.05 * 384) ** 2, rel=0.05)


def test_spots_in_a_row_keep_their_distance_on_a_line() -> None:
    surface = make_surface(600, 600, border=0)
    row = ColorSpot(
        arrangement="row", radius=0.01, count=6, spacing=5, bend_deg=0, edge_probability=0, **ROUND
    )
    for seed in range(5):
        found = spots(row, surface, seed)
        if len(found) < 6:
            continue  # it runs out of the picture
        middle = found[:, :2] - found[:, :2].mean(axis=0)
        _, spread, way = np.linalg.svd(middle, full_matrices=False)
        along = np.sort(middle @ way[0])
        assert np.diff(along).mean() == pytest.approx(5 * 6, rel=0.15)
        assert spread[1] < 0.1 * spread[0]


def test_a_row_may_follow_the_outline() -> None:
    surface = make_surface(400, 400, border=40)
    row = ColorSpot(arrangement="row", radius=0.02, count=6, edge_probability=1, **ROUND)
    for seed in range(5):
        for place in spots(row, surface, seed)[:, :2]:
            gap = np.hypot(*(surface.edge_sites - place).T).min()
            assert gap < 2 * 0.02 * 320


def test_all_spots_have_one_saturated_colour() -> None:
    surface = make_surface(300, 300, channels=3)
    pale = ColorSpot(saturation=0, thickness=4, **ROUND)
    strong = ColorSpot(saturation=0.9, thickness=4, **ROUND)

    def chroma(spot: ColorSpot, seed: int) -> float:
        layer = spot.generate(surface, stream(seed))
        light = surface.linear(layer.box).mean(axis=(0, 1)) * layer.albedo[layer.support]
        colours = lab(np.clip(light, 0, 1)[:, None].astype(np.float32))[:, 0]
        assert np.ptp(colours, axis=0).max() < 1
        return float(np.hypot(*colours.mean(axis=0)[1:]))

    assert max(chroma(pale, seed) for seed in range(6)) < 8
    assert np.median([chroma(strong, seed) for seed in range(12)]) > 22


def test_thin_paint_lets_the_surface_through_as_films_do() -> None:
    for depth in (0.5, 2.0):
        spot = ColorSpot(thickness=depth, radius=0.05, **ROUND)
        layer = spot.generate(make_surface(), stream(3))
        assert layer.coverage.max() == pytest.approx(1 - np.exp(-depth), rel=1e-3)


def test_paint_is_lit_like_the_brightest_thing_in_the_picture() -> None:
    surface = make_surface()
    dark = replace(surface, pixels=surface.pixels // 4)
    lamp = dark.pixels.copy()
    lamp[:8, :] = 250  # off the part
    lit = replace(dark, pixels=lamp)
    spot = ColorSpot(arrangement="alone", radius=0.05, **ROUND)

    in_dark = spot.generate(dark, stream(1)).albedo
    in_light = spot.generate(lit, stream(1)).albedo

    assert in_light.mean() > 1.5 * in_dark.mean()


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        ColorSpot().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("arrangement", "heap"), ("radius", 0), ("count", 0), ("hue", 1)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "color_spot", field: value})


def test_golden_coverage(golden) -> None:
    layer = ColorSpot(arrangement="row").generate(make_surface(96, 96), stream(42, "golden"))

    golden("color_spot_coverage", layer.coverage)
