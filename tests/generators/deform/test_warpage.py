"""Dents balance their volume, plates obey their equation, warps never fold."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.outlines import ANGLES, Mouths
from anomsynth.fields.relief import plate_deflection
from anomsynth.generators.deform import warpage as warpage_module
from anomsynth.generators.deform._warp import least_determinant
from anomsynth.generators.deform.warpage import Warpage
from anomsynth.testing import check_generator, make_surface

MODES = ("dent", "bend", "warp")


def steepest(height: np.ndarray, mm_per_px: float) -> np.ndarray:
    row, col = np.gradient(height / mm_per_px)
    return np.hypot(row, col)


@pytest.mark.parametrize("mode", [*MODES, "mixed"])
def test_keeps_the_generator_contract(mode) -> None:
    check_generator(Warpage(mode=mode))


@pytest.mark.parametrize("seed", range(4))
def test_dent_with_a_rim_keeps_its_volume(seed) -> None:  # DE3
    dent = Warpage(mode="dent", skirt_probability=0, radius=0.06, asymmetry=0)

    measured = dent.generate(centred_surface(), stream(seed)).measured

    assert abs(measured["volume_balance"]) < 0.02


def test_dent_with_a_skirt_loses_volume() -> None:
    dent = Warpage(mode="dent", skirt_probability=1, radius=0.06, bulge_probability=0)

    measured = dent.generate(centred_surface(), stream(0)).measured

    assert measured["volume_balance"] < -0.8


@pytest.mark.parametrize("slope", [0.05, 0.2])
def test_dent_is_as_deep_as_its_slope_says(slope) -> None:
    dent = Warpage(mode="dent", slope=slope, asymmetry=0, radius=0.05)

    measured = dent.generate(centred_surface(), stream(1)).measured

    assert measured["depth_over_radius"] == pytest.approx(slope, rel=0.15)


def test_dents_point_in_and_bulges_out() -> None:
    surface = centred_surface()

    dent = Warpage(mode="dent", bulge_probability=0).generate(surface, stream(2))
    bulge = Warpage(mode="dent", bulge_probability=1).generate(surface, stream(2))

    assert -dent.height.min() > dent.height.max()
    assert bulge.height.max() > -bulge.height.min()


def test_a_deeper_skirt_leans_in_farther_out() -> None:
    def outside_over_deepest(depth: float) -> float:
        dent = Warpage(
            mode="dent", skirt_probability=1, skirt_depth=depth, asymmetry=0, radius=0.08, aspect=1
        )
        layer = dent.generate(centred_surface(), stream(3))
        radius = layer.measured["radius_px"]
        rows, cols = np.indices(layer.height.shape)
        away = np.hypot(rows + layer.origin[0] - 150, cols + layer.origin[1] - 150) / radius
        ring = (away > 1.3) & (away < 1.5)
        return float(np.abs(layer.height[ring]).mean() / np.abs(layer.height).max())

    assert outside_over_deepest(0.65) > 2 * outside_over_deepest(0.25) > 0


def test_a_load_has_the_force_and_the_shape_asked_for() -> None:
    surface = centred_surface()
    drawn = Warpage(loads=1, load_force=0.5, load_half_length=0.4, load_half_width=0.4).draw_ranges(
        stream(0)
    )
    disc = Mouths(np.array([60.0]), np.ones(1), np.zeros(1), np.ones((1, ANGLES), np.float32))
    place = warpage_module._WarpedRegion(surface, (150, 150), disc, drawn)
    grid = place.grid(2.0, 400)

    load = warpage_module._loads(place, grid, 1.0, stream(1)).astype(float)

    assert load.max() == pytest.approx(0.5, rel=0.01)
    rows, cols = np.indices(load.shape)
    spread = [
        np.sqrt(np.average((at - np.average(at, weights=load)) ** 2, weights=load))
        for at in (rows, cols)
    ]
    # exp(-(r / 0.4 R)^2): a standard deviation of 0.4 R / sqrt(2) to all sides.
    assert spread == pytest.approx(2 * [0.4 * 60 / np.sqrt(2) / grid.step], rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_plate_is_solved(seed) -> None:
    measured = Warpage(mode="bend").generate(make_surface(), stream(seed)).measured

    assert measured["plate_residual"] < 1e-6


def test_bent_plates_have_the_length_drawn(monkeypatch) -> None:  # DE1
    given = []

    def spy(load, rigidity, foundation):
        given.append((rigidity / foundation) ** 0.25)
        return plate_deflection(load, rigidity, foundation)

    monkeypatch.setattr(warpage_module, "plate_deflection", spy)

    layer = Warpage(mode="bend", stiffness=0.3, region_radius=0.1).generate(
        make_surface(), stream(0)
    )

    # (D / k)^(1/4) in cells, which are pixels for a region this small.
    assert given == [pytest.approx(0.3 * layer.measured["radius_px"])]


@pytest.mark.parametrize("tilt", [0.05, 0.2])
def test_bent_plate_is_as_steep_as_drawn(tilt) -> None:
    surface = centred_surface()

    layer = Warpage(mode="bend", tilt=tilt, region_radius=0.2).generate(surface, stream(0))

    slopes = steepest(layer.height, surface.mm_per_px)[layer.support]
    assert np.sqrt((slopes**2).mean()) == pytest.approx(tilt, rel=0.1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("gain", [1.0, 3.0])
def test_warp_never_folds_at_any_gain_the_pipeline_uses(seed, gain) -> None:  # DE4
    layer = Warpage(mode="warp").generate(make_surface(256, 256), stream(seed))

    assert least_determinant(layer.displacement * np.float32(gain)) > 0.05


def test_warp_moves_what_it_says() -> None:  # DE4
    layer = Warpage(mode="warp", region_radius=0.25).generate(centred_surface(), stream(0))

    assert np.abs(layer.displacement).max() == pytest.approx(
        layer.measured["largest_shift_px"], rel=0.02
    )
    assert layer.measured["least_determinant"] > 0.05


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(3))
def test_relief_and_shift_come_to_rest_at_the_border_of_the_support(mode, seed) -> None:
    surface = centred_surface()

    layer = Warpage(mode=mode, radius=0.05, region_radius=0.2).generate(surface, stream(seed))

    rim = layer.support & ~np.roll(layer.support, 2, axis=0)
    depth = np.abs(layer.height).max()
    assert np.abs(layer.height[rim]).max() < 0.02 * depth
    assert steepest(layer.height, surface.mm_per_px)[rim].max() < 0.03
    if layer.displacement is not None:
        assert np.abs(layer.displacement[rim]).max() < 0.1


@pytest.mark.parametrize("mode", MODES)
def test_mixed_picks_by_weight(mode) -> None:
    weights = tuple(float(mode == name) for name in MODES)

    layer = Warpage(mode="mixed", weights=weights).generate(make_surface(), stream(0))

    law = {"dent": "volume_balance", "bend": "plate_residual", "warp": "least_determinant"}
    assert law[mode] in layer.measured


@pytest.mark.parametrize("mode", MODES)
def test_physical_size_does_not_depend_on_resolution(mode) -> None:
    warpage = Warpage(mode=mode, radius=0.05, region_radius=0.15)
    fine = warpage.generate(make_surface(400, 400, mm_per_px=0.1, border=16), stream(1))
    coarse = warpage.generate(make_surface(200, 200, mm_per_px=0.2, border=8), stream(1))

    assert fine.support.sum() * 0.1**2 == pytest.approx(coarse.support.sum() * 0.2**2, rel=0.05)
    if mode == "warp":  # a random field of its own at each resolution
        return
    assert np.abs(fine.height).max() == pytest.approx(np.abs(coarse.height).max(), rel=0.1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (2, 300)])
def test_tiny_surfaces_get_a_defect(mode, shape) -> None:
    surface = make_surface(*shape, border=0)
    for seed in range(5):
        layer = Warpage(mode=mode).generate(surface, stream(seed))

        assert layer.support.any()
        assert all(np.isfinite(array).all() for array in layer.fields().values())


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_huge_surface_gets_a_defect(mode) -> None:
    layer = Warpage(mode=mode, region_radius=0.3).generate(make_surface(4096, 4096), stream(0))

    assert layer.support.any()


@pytest.mark.parametrize("mode", MODES)
def test_needs_a_part(mode) -> None:
    with pytest.raises(PlacementError):
        Warpage(mode=mode).generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "fold"),
        ("weights", [1, 1]),
        ("weights", [1, -1, 1]),
        ("weights", [0, 0, 0]),
        ("radius", 1.5),
        ("slope", 0),
        ("stretch", 0.9),
        ("hardening", [0.5, 0.1]),
        ("depth", 3),
    ],
)
def test_rejects_bad_parameters(field, value) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "warpage", field: value})


@pytest.mark.parametrize("mode", MODES)
def test_golden_relief(mode, golden) -> None:
    warpage = Warpage(mode=mode, radius=0.06, region_radius=0.12)

    layer = warpage.generate(make_surface(), stream(42, "golden"))

    golden(f"warpage_{mode}_height", layer.height)


def centred_surface():
    """Build a surface whose only site is its centre, so that nothing is cut off."""
    surface = make_surface(300, 300, border=0)
    sites = np.array([[150, 150]], dtype=np.int32)
    return replace(surface, sites=sites)
