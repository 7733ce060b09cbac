"""Spots are as many, as large and as far apart as drawn, and of one saturated colour."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth import load_recipe, synthesize
from anomsynth.core.color import decode, lab
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.color_spot import ColorSpot
from anomsynth.surface.appearance import mean_light
from anomsynth.testing import check_generator, make_surface

ROUND = {"aspect": 1, "irregularity": 0, "softness": 0, "size_scatter": 0, "tone_scatter": 0} | {
    "rim": 0,
    "unevenness": 0,
}
FILM, DYE = {"sunk": 0}, {"sunk": 1}


def spots(spot: ColorSpot, surface: Surface, seed: int) -> np.ndarray:
    """Return row, column and area of each spot that lies clear of the border."""
    layer = spot.generate(surface, stream(seed))
    seen = (layer.coverage > 0.5 * layer.coverage.max()).astype(np.uint8)
    count, _, stats, middle = cv2.connectedComponentsWithStats(seen)
    places = middle[1:, ::-1] + layer.origin
    return np.column_stack([places, stats[1:, cv2.CC_STAT_AREA]])[: count - 1]


@pytest.mark.parametrize("arrangement", ["alone", "row", "cluster", "stroke"])
def test_keeps_the_generator_contract(arrangement: str) -> None:
    check_generator(ColorSpot(arrangement=arrangement))
    check_generator(ColorSpot(arrangement=arrangement, edge_probability=1))
    check_generator(ColorSpot(arrangement=arrangement), make_surface(channels=3))
    check_generator(ColorSpot(arrangement=arrangement), make_surface(9, 30, border=0))


def test_a_spot_has_the_area_of_its_radius() -> None:
    surface = make_surface(400, 400)
    spot = ColorSpot(arrangement="alone", radius=0.05, **ROUND, **FILM)
    areas = [spots(spot, surface, seed)[:, 2].sum() for seed in range(9)]

    assert np.median(areas) == pytest.approx(np.pi * (0.05 * 384) ** 2, rel=0.05)


def test_spots_in_a_row_keep_their_distance_on_a_line() -> None:
    surface = make_surface(600, 600, border=0)
    row = ColorSpot(
        arrangement="row",
        radius=0.01,
        count=6,
        spacing=5,
        bend_deg=0,
        edge_probability=0,
        **ROUND,
        **FILM,
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
    row = ColorSpot(arrangement="row", radius=0.02, count=6, edge_probability=1, **ROUND, **FILM)
    for seed in range(5):
        for place in spots(row, surface, seed)[:, :2]:
            gap = np.hypot(*(surface.edge_sites - place).T).min()
            assert gap < 2 * 0.02 * 320


def test_all_spots_have_one_saturated_colour() -> None:
    surface = make_surface(300, 300, channels=3)
    pale = ColorSpot(saturation=0, thickness=4, relief=0, **ROUND, **FILM)
    strong = ColorSpot(saturation=0.9, thickness=4, relief=0, **ROUND, **FILM)

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
        spot = ColorSpot(thickness=depth, radius=0.05, **ROUND, **FILM)
        layer = spot.generate(make_surface(), stream(3))
        assert layer.coverage.max() == pytest.approx(1 - np.exp(-depth), rel=1e-3)


def grain_through(spot: ColorSpot, seed: int) -> tuple[float, float]:
    """Return the contrast of the surface's grain inside a rendered spot and beside it."""
    surface = make_surface(240, 240, channels=3)
    mechanism = {"generator": spot.model_dump()}
    recipe = load_recipe("generic", mechanisms=[mechanism], defects_per_image=1, refiners=[])
    sample = synthesize(surface, recipe, seed=seed)
    depth = cv2.distanceTransform(sample.strict.astype(np.uint8), cv2.DIST_L2, 3)
    core = depth > 0.5 * depth.max()
    before, after = (decode(part, "srgb") for part in (surface.pixels, sample.image))
    channel = int(after[core].mean(axis=0).argmax())  # whose levels are finest
    before, after = before[core][:, channel], after[core][:, channel]
    return float(after.std() / after.mean()), float(before.std() / before.mean())


def test_dye_lets_the_grain_of_the_surface_through_and_an_even_film_hides_it() -> None:
    alone = {"arrangement": "alone", "radius": 0.06, "thickness": 4, "relief": 0, **ROUND}
    for seed in range(3):
        inside, beside = grain_through(ColorSpot(**alone, **DYE), seed)
        assert inside == pytest.approx(beside, rel=0.15)
        inside, beside = grain_through(ColorSpot(**alone, **FILM), seed)
        assert inside < 0.6 * beside


def test_dye_filters_any_ground_by_the_colour_that_its_paint_has() -> None:
    alone = {"arrangement": "alone", "radius": 0.06, "relief": 0, **ROUND}
    surface = make_surface(240, 240, channels=3)
    dark = replace(surface, pixels=surface.pixels // 2)

    on_light, on_dark = (
        ColorSpot(**alone, **DYE).generate(one, stream(4)) for one in (surface, dark)
    )

    assert on_light.absorbance == pytest.approx(on_dark.absorbance)
    passed = np.exp(-2 * on_light.absorbance.max(axis=(0, 1)))
    film = ColorSpot(**alone, **FILM).generate(surface, stream(4))
    seen = film.albedo[film.support][0] * mean_light(surface, film.box)
    assert passed / passed.sum() == pytest.approx(seen / seen.sum(), rel=0.02)


def test_paint_that_dries_to_the_rim_is_as_much_as_before() -> None:
    surface = replace(make_surface(400, 400), sites=np.array([[200, 200]], np.int32))
    even, rim, dome = (
        ColorSpot(arrangement="alone", radius=0.15, **(ROUND | {"rim": share}), **DYE)
        .generate(surface, stream(3))
        .absorbance[..., 0]
        for share in (0, 0.4, -0.4)
    )

    for other in (rim, dome):
        assert other.sum() == pytest.approx(even.sum(), rel=0.04)
    middle = tuple(side // 2 for side in even.shape)
    assert rim[middle] < even[middle] < dome[middle]


def test_what_sinks_in_bleeds_and_a_film_does_not() -> None:
    def width(softness: float, **kind: float) -> float:
        look = ROUND | {"softness": softness}
        spot = ColorSpot(arrangement="alone", radius=0.08, **look, **kind)
        layer = spot.generate(make_surface(400, 400), stream(1))
        field = layer.coverage if kind == FILM else layer.absorbance[..., 0]
        share = field / field.max()
        # Area between two levels over the outline's length.
        between = np.count_nonzero((share > 0.1) & (share < 0.9))
        return float(between / (2 * np.pi * layer.measured["radius_px"]))

    assert width(0.6, **DYE) > 3 * width(0, **DYE)
    assert width(0.6, **FILM) == pytest.approx(width(0, **FILM), rel=0.05)


def test_a_film_takes_over_the_light_and_shade_below_it() -> None:
    surface = make_surface(300, 300)
    waves = 1 + 0.3 * np.sin(np.arange(300) / 4)
    ribbed = replace(surface, pixels=(surface.pixels * waves[:, None, None]).astype(np.uint8))
    spot = {"arrangement": "alone", "radius": 0.1, **ROUND, **FILM}

    def rows_of(relief: float) -> np.ndarray:
        layer = ColorSpot(relief=relief, **spot).generate(ribbed, stream(2))
        core = layer.coverage > 0.9 * layer.coverage.max()
        rows = [
            row[inside].mean()
            for row, inside in zip(layer.albedo, core, strict=True)
            if inside.any()
        ]
        return np.array(rows) / np.mean(rows)

    assert np.ptp(rows_of(0)) < 1e-3
    assert rows_of(1).std() > 0.2


def test_a_stroke_is_as_wide_as_asked_and_goes_on() -> None:
    surface = make_surface(500, 500, border=0)
    pen = ColorSpot(
        arrangement="stroke", radius=0.02, count=5, spacing=3, bend_deg=0, edge_probability=0,
        **ROUND, **FILM,
    )  # fmt: skip
    for seed in range(4):
        layer = pen.generate(surface, stream(seed))
        row, col = layer.origin
        if min(row, col) <= 0 or max(layer.box.bottom, layer.box.right) >= 500:
            continue  # it runs out of the picture
        ink = (layer.coverage > 0.5 * layer.coverage.max()).astype(np.uint8)
        assert cv2.connectedComponents(ink)[0] == 2
        assert int(ink.sum()) == pytest.approx(20 * 5 * 3 * 10, rel=0.15)


def test_sizes_of_spots_are_lognormal() -> None:
    surface = make_surface(900, 900, border=0)
    unlike = ROUND | {"size_scatter": 0.5}
    row = ColorSpot(
        arrangement="row", radius=0.008, count=11, spacing=6, bend_deg=0, edge_probability=0,
        **unlike, **FILM,
    )  # fmt: skip
    areas = np.concatenate([spots(row, surface, seed)[:, 2] for seed in range(12)])

    assert 0.5 * np.log(areas).std() == pytest.approx(0.5, abs=0.15)


def test_paint_is_lit_like_the_brightest_thing_in_the_picture() -> None:
    surface = make_surface()
    dark = replace(surface, pixels=surface.pixels // 4)
    lamp = dark.pixels.copy()
    lamp[:8, :] = 250  # off the part
    lit = replace(dark, pixels=lamp)
    spot = ColorSpot(arrangement="alone", radius=0.05, **ROUND, **FILM)

    in_dark = spot.generate(dark, stream(1)).albedo
    in_light = spot.generate(lit, stream(1)).albedo

    assert in_light.mean() > 1.5 * in_dark.mean()


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        ColorSpot().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("arrangement", "heap"), ("radius", 0), ("count", 0), ("hue", 1), ("rim", 1.5)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "color_spot", field: value})


def test_golden_coverage(golden) -> None:
    layer = ColorSpot(arrangement="row").generate(make_surface(96, 96), stream(42, "golden"))

    golden("color_spot_coverage", layer.coverage)
