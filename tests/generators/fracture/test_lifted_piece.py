"""Loose pieces turn about their hinge, leave a gap or a bed, and throw shadows."""

import math
from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.layer import DefectLayer
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture.lifted_piece import LiftedPiece
from anomsynth.testing import check_generator, make_surface

LIFTED = {"missing_probability": 0, "edge_probability": 0, "curl": 0, "thickness": 0}
MISSING = {"missing_probability": 1, "edge_probability": 0, "remains": 1e-6}


def _lit(azimuth_deg: float, elevation_deg: float = 40) -> Surface:
    light = Light(azimuth_deg=azimuth_deg, elevation_deg=elevation_deg)
    return replace(make_surface(400, 400, mm_per_px=1), light=light)


def _steepness(layer: DefectLayer) -> np.ndarray:
    """Return how steep the relief is, pixels over pixels."""
    return np.hypot(*np.gradient(layer.height))


def test_keeps_the_generator_contract() -> None:
    check_generator(LiftedPiece())
    check_generator(LiftedPiece(edge_probability=1), make_surface(channels=3))
    check_generator(LiftedPiece(missing_probability=1))
    check_generator(LiftedPiece(), make_surface(9, 30, border=0))


@pytest.mark.parametrize("tilt", [0.14, 0.4])
def test_a_lifted_piece_is_a_plane_with_the_tilt_asked_for(tilt: float) -> None:
    piece = LiftedPiece(length=0.3, tilt=tilt, **LIFTED)
    layers = [piece.generate(_lit(30), stream(seed)) for seed in range(5)]

    slopes = [np.median(_steepness(layer)[layer.height > 2]) for layer in layers]
    assert slopes == pytest.approx([tilt] * 5, rel=0.02)


@pytest.mark.parametrize("curl", [0.5, 0.7])
def test_a_curled_piece_grows_steeper_from_the_hinge_to_its_end(curl: float) -> None:
    piece = LiftedPiece(**LIFTED | {"length": 0.3, "tilt": 0.3, "curl": curl})
    for seed in range(3):
        layer = piece.generate(_lit(30), stream(seed))
        height, slope = layer.height, _steepness(layer)
        on_it = (height > 2) & (slope < 0.3 * (1 + curl)) & (layer.coverage > 0.999)
        # An even curvature k: the square of the slope grows by 2 k with the height.
        grown, least = np.polyfit(height[on_it], slope[on_it] ** 2, 1)
        even = 4 * curl * 0.3 / layer.measured["lever_px"]
        assert grown == pytest.approx(even, rel=0.15)
        assert math.sqrt(max(least, 0)) == pytest.approx(0.3 * (1 - curl), abs=0.025)


@pytest.mark.parametrize("tilt", [0.25, 0.53])
def test_the_gap_is_as_wide_as_the_turn_makes_it(tilt: float) -> None:
    """A piece seen at an angle a covers cos(a) of what it covered before."""
    piece = LiftedPiece(**LIFTED | {"length": 0.2, "tilt": tilt, "opening": 0, "unevenness": 0})
    surface = replace(make_surface(600, 600, border=150, mm_per_px=1), light=Light(30, 40))
    seen = [piece.generate(surface, stream(seed)).measured["shortened"] for seed in range(6)]

    assert 1 - np.mean(seen) == pytest.approx(1 - math.cos(math.atan(tilt)), rel=0.08)


def test_an_opened_crack_widens_the_gap_towards_the_free_end() -> None:
    piece = LIFTED | {"length": 0.4, "tilt": 0.1, "unevenness": 0}
    gaps = [
        LiftedPiece(**piece, opening=opening).generate(_lit(30), stream(4)).measured["gap_px"]
        for opening in (0.02, 0.04, 0.06)
    ]

    assert np.diff(gaps, 2) == pytest.approx(0, abs=0.15 * (gaps[1] - gaps[0]))
    assert gaps[0] > 50


def test_the_texture_moves_towards_the_hinge_with_the_piece() -> None:
    """What lies at a way s along the piece is seen at s cos(a)."""
    ramp = np.tile(np.linspace(20, 250, 400).astype(np.uint8), (400, 1))[..., None]
    surface = replace(_lit(30), pixels=ramp)
    piece = LiftedPiece(**LIFTED | {"length": 0.3, "tilt": 0.53, "opening": 0, "unevenness": 0})
    layer = piece.generate(surface, stream(6))
    before = surface.linear(layer.box)[..., 0]
    high = layer.height > 0.8 * layer.height.max()
    _, right = np.gradient(layer.height)
    ahead = np.median(right[(layer.height > 2) & (_steepness(layer) < 0.6)])

    # The light grows to the right, so a piece that leans that way shows lighter places.
    assert abs(ahead) > 0.1
    assert np.sign(np.median((layer.exposed[..., 0] - before)[high])) == np.sign(ahead)


@pytest.mark.parametrize("remains", [0.05, 0.3])
def test_islands_of_the_surface_stay_in_the_bed(remains: float) -> None:
    piece = LiftedPiece(**MISSING | {"length": 0.3, "remains": remains, "unevenness": 0})
    layers = [piece.generate(_lit(30), stream(seed)) for seed in range(4)]

    left = [layer.measured["remains"] for layer in layers]
    assert np.mean(left) == pytest.approx(remains, rel=0.14)
    # They are the old surface, as high as it was.
    assert all(layer.height[layer.coverage == 0].max() <= 0 for layer in layers)


def test_a_lifted_piece_throws_its_shadow_away_from_the_light() -> None:
    piece = LiftedPiece(length=0.3, tilt=0.47, **LIFTED)
    for azimuth, sign in ((180, 1), (0, -1)):
        layer = piece.generate(_lit(azimuth), stream(3))
        columns = np.arange(layer.height.shape[1])
        middle = (layer.height.sum(axis=0) * columns).sum() / layer.height.sum()
        shaded = layer.absorbance.sum(axis=0)
        assert sign * ((shaded * columns).sum() / shaded.sum() - middle) > 3


def test_the_bed_of_a_missing_piece_is_as_deep_as_asked() -> None:
    piece = LiftedPiece(length=0.3, aspect=1, depth=0.1, roughness=0.02, **MISSING)
    depths = []
    for seed in range(5):
        layer = piece.generate(_lit(30), stream(seed))
        depths.append(-np.median(layer.height[layer.coverage > 0.99]))
        assert layer.measured["depth_px"] == pytest.approx(0.1 * 0.3 * 384, rel=1e-6)

    assert np.mean(depths) == pytest.approx(0.1 * 0.3 * 384, rel=0.12)


def test_the_wall_towards_the_light_shades_the_bed() -> None:
    piece = LiftedPiece(length=0.3, aspect=1, depth=0.15, **MISSING)
    for azimuth, sign in ((180, -1), (0, 1)):
        layer = piece.generate(_lit(azimuth, 30), stream(2))
        columns = np.arange(layer.height.shape[1])
        middle = (layer.coverage.sum(axis=0) * columns).sum() / layer.coverage.sum()
        shaded = layer.absorbance.sum(axis=0)
        assert sign * ((shaded * columns).sum() / shaded.sum() - middle) > 2


def test_a_piece_at_the_outline_has_its_free_end_there() -> None:
    surface = make_surface(300, 300, border=50)
    piece = LiftedPiece(length=0.3, tilt=0.36, missing_probability=0, edge_probability=1)
    outwards = 0
    for seed in range(8):
        layer = piece.generate(surface, stream(seed))
        assert not layer.support[~surface.foreground[layer.box.slices]].any()
        rows, cols = np.nonzero(layer.height > 0.7 * layer.height.max())
        high = np.array([rows.mean() + layer.origin[0], cols.mean() + layer.origin[1]])
        rows, cols = np.nonzero((layer.height > 0) & (layer.height < 0.4 * layer.height.max()))
        low = np.array([rows.mean() + layer.origin[0], cols.mean() + layer.origin[1]])
        outwards += np.abs(high - 150).max() > np.abs(low - 150).max()

    assert outwards >= 7


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        LiftedPiece().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("length", 2), ("tilt", 2), ("shadow", 2), ("depth", -1)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "lifted_piece", field: value})


def test_golden_height(golden) -> None:
    surface = make_surface(96, 96)
    golden("lifted_piece_height", LiftedPiece().generate(surface, stream(42, "golden")).height)
