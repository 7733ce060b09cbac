"""Chips break off the outline and show a fracture face or what lies behind the part."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture.chip import Chip, dish, fracture_face, ripples
from anomsynth.surface.analyze import analyze
from anomsynth.testing import check_generator, make_pixels, make_surface

FLAKE = {"missing_probability": 0, "inner_probability": 0}
GONE = {"missing_probability": 1, "inner_probability": 0}


def on_backdrop(side: int = 160, channels: int = 3):
    """Return an analysed surface whose part is a square on a bright backdrop."""
    pixels = make_pixels(side, side, channels=channels)
    part = np.zeros((side, side), bool)
    part[side // 8 : -side // 8, side // 8 : -side // 8] = True
    pixels[~part] = 225
    surface = analyze(pixels)
    return replace(surface, foreground=part)


@pytest.mark.parametrize("options", [{}, FLAKE, GONE, {"inner_probability": 1}])
def test_keeps_the_generator_contract(options) -> None:
    check_generator(Chip(**options))
    check_generator(Chip(**options), make_surface(channels=3))
    check_generator(Chip(**options), make_surface(9, 11, border=1))
    check_generator(Chip(**options), on_backdrop())


def test_a_lost_piece_shows_the_background() -> None:
    surface = on_backdrop()
    layer = Chip(size=0.3, face_width=0, **GONE).generate(surface, stream(1))

    gone = (layer.coverage > 0.95) & surface.foreground[layer.box.slices]
    assert layer.rigid
    assert layer.overhang
    assert gone.sum() > 40
    expected = surface.linear(layer.box).max()
    assert layer.exposed[gone].mean() == pytest.approx(expected, rel=0.08)


def test_along_the_break_a_band_of_its_face_shows() -> None:
    surface = on_backdrop()
    bare, banded = (
        Chip(size=0.4, face_width=face, bright_probability=0, **GONE).generate(surface, stream(3))
        for face in (0, 0.3)
    )

    seen = bare.coverage > 0.5
    darker = banded.exposed[seen].mean(axis=-1) < 0.6 * bare.exposed[seen].mean(axis=-1)
    assert 0.1 < darker.mean() < 0.9


def test_without_a_background_a_lost_piece_is_a_dark_void() -> None:
    layer = Chip(size=0.3, face_width=0, **GONE).generate(make_surface(border=0), stream(2))

    assert layer.exposed is None
    assert not layer.rigid
    assert layer.albedo[layer.coverage > 0.9].max() < 0.3


def test_flakes_touch_the_outline_and_are_deepest_inside() -> None:
    surface = make_surface(200, 200, border=20)
    for seed in range(12):
        layer = Chip(size=0.15, **FLAKE).generate(surface, stream(seed))
        rows, cols = np.nonzero(layer.coverage > 0.5)
        rows, cols = rows + layer.origin[0], cols + layer.origin[1]
        gap = np.minimum.reduce([rows - 20, 179 - rows, cols - 20, 179 - cols])
        assert gap.min() <= 1
        assert layer.height.min() < 0


def test_depth_follows_the_width() -> None:
    depths = []
    for size in (0.1, 0.2):
        chip = Chip(
            size=size, slim=0.5, depth_ratio=0.2, ripple=0, roughness=1e-4, ragged=0, **FLAKE
        )
        layers = [chip.generate(make_surface(400, 400, border=30), stream(s)) for s in range(8)]
        depths.append(
            max(layer.measured["depth_mm"] / layer.measured["width_px"] for layer in layers)
        )

    # 0.2 of the width and the step at the rim, in millimeters of 0.1 per pixel.
    assert depths == pytest.approx([0.2 * 0.1 * 1.12] * 2, rel=0.1)


def test_size_in_parts_does_not_depend_on_resolution() -> None:
    shares = []
    for scale in (1, 3):
        surface = make_surface(200 * scale, 200 * scale, border=16 * scale)
        chip = Chip(size=0.25, slim=0.6, ragged=0, inner_probability=1, missing_probability=0)
        middle = np.array([[100 * scale, 100 * scale]], dtype=np.int32)
        layer = chip.generate(replace(surface, sites=middle), stream(4))
        shares.append(layer.measured["area_share"])

    assert shares[0] == pytest.approx(np.pi / 4 * 0.25**2 * 0.6, rel=0.12)
    assert shares[1] == pytest.approx(shares[0], rel=0.06)


def test_sizes_spread_over_decades() -> None:
    surface = make_surface(256, 256)
    shares = [Chip().generate(surface, stream(seed)).measured["area_share"] for seed in range(80)]

    assert max(shares) > 100 * min(shares)


def test_fracture_faces_have_the_spectrum_of_exponent_0_8() -> None:  # CH1
    side = 256
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.zeros((side, side))
    for seed in range(16):
        face = fracture_face((side, side), np.random.default_rng(seed))
        power += np.abs(np.fft.fft2(face * window)) ** 2
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(side, 1 / side), np.fft.fftfreq(side, 1 / side)))
    edges = np.geomspace(4, 90, 14)
    means = [power[(k >= a) & (k < b)].mean() for a, b in pairwise(edges)]
    slope = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(means), 1)[0]

    assert slope == pytest.approx(-3.6, abs=0.1)


@pytest.mark.parametrize("growth", [1.3, 1.6])
def test_ripples_widen_outwards_by_the_growth(growth: float) -> None:
    away = np.linspace(0, 400, 8001, dtype=np.float32)[None]
    wave = ripples(away, 400, growth)[0]

    crests = away[0, 1:-1][(wave[1:-1] > wave[:-2]) & (wave[1:-1] > wave[2:])]
    ratios = crests[2:] / crests[1:-1]
    assert len(ratios) >= 2
    assert ratios == pytest.approx(growth, rel=0.03)
    assert np.abs(wave[away[0] < 0.06 * 400]).max() == 0


def test_a_dish_is_deepest_inside_and_has_a_crease_for_a_rim() -> None:
    depth = dish(np.array([[0, 0.5, 0.99, 1.0, 2.0]], dtype=np.float32), 2.0)[0]

    np.testing.assert_allclose(depth, [1, 0.75, 1 - 0.99**2, 0, 0], atol=1e-6)


def test_chips_at_the_edge_lie_at_corners_as_often_as_told() -> None:
    def far(chance: float) -> float:
        chip = Chip(size=0.1, corner_probability=chance, **FLAKE)
        layers = [chip.generate(make_surface(200, 200), stream(seed)) for seed in range(20)]
        middles = [
            np.array(layer.origin) + np.array(layer.support.shape) / 2 - 100 for layer in layers
        ]
        return float(np.mean([np.abs(middle).min() for middle in middles]))

    # A corner is far from the middle along both axes, 92 pixels.
    assert far(1) > 75 > far(0) + 15


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Chip().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 1.5),
        ("slim", 0),
        ("missing_probability", 2),
        ("ripple", -0.1),
        ("albedo", 0),
        ("hole", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "chip", field: value})


def test_golden_coverage(golden) -> None:
    layer = Chip(size=0.2, **FLAKE).generate(make_surface(), stream(42, "golden"))

    golden("chip_coverage", layer.coverage)
