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

LIFTED = {"missing_probability": 0, "edge_probability": 0}
MISSING = {"missing_probability": 1, "edge_probability": 0}


def _lit(azimuth_deg: float, elevation_deg: float = 40) -> Surface:
    light = Light(azimuth_deg=azimuth_deg, elevation_deg=elevation_deg)
    return replace(make_surface(400, 400, mm_per_px=1), light=light)


def _slopes(layer: DefectLayer) -> np.ndarray:
    """Return the steepness on the piece, away from its border."""
    down, right = np.gradient(layer.height)
    level = (layer.coverage == 0) & (layer.height > 2)
    return np.hypot(down, right)[level]


def test_keeps_the_generator_contract() -> None:
    check_generator(LiftedPiece())
    check_generator(LiftedPiece(edge_probability=1), make_surface(channels=3))
    check_generator(LiftedPiece(missing_probability=1))
    check_generator(LiftedPiece(), make_surface(9, 30, border=0))


@pytest.mark.parametrize("tilt", [0.14, 0.4])
def test_a_lifted_piece_is_a_plane_with_the_tilt_asked_for(tilt: float) -> None:
    piece = LiftedPiece(length=0.3, tilt=tilt, **LIFTED)
    slopes = [np.median(_slopes(piece.generate(_lit(30), stream(seed)))) for seed in range(5)]

    assert slopes == pytest.approx([tilt] * 5, rel=0.02)


def test_the_gap_is_as_wide_as_the_turn_and_the_opening_make_it() -> None:
    def dark(tilt: float, opening: float) -> float:
        piece = LiftedPiece(
            length=0.4, aspect=1, unevenness=0, tilt=tilt, opening=opening, **LIFTED
        )
        layer = piece.generate(_lit(30), stream(4))
        return float(layer.coverage.sum()) / layer.measured["lever_px"] ** 2

    turn = 1 - math.cos(math.atan(0.53))
    # Both grow the gap in proportion to the distance from the hinge.
    assert dark(0.53, 0.0) / turn == pytest.approx(dark(0.05, 0.1) / 0.1, rel=0.35)
    assert dark(0.53, 0.0) > 3 * dark(0.25, 0.0)


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
