"""Dried drops leave rings with the mass that the flow carried there."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.stain import Stain, _splash
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    for pattern in ("ring", "contour", "receding"):
        check_generator(Stain(pattern=pattern), make_surface(channels=channels))
    check_generator(Stain(), make_surface(30, 34, border=4, channels=channels))


def test_the_ring_holds_the_mass_of_the_law() -> None:  # ST1 on the pixel grid
    surface = make_surface(400, 400, border=0)
    drop = {
        "pattern": "ring",
        "residue": "water",
        "radius": 0.2,
        "drops": 1,
        "lobes": 1,
        "aspect": 1,
        "irregularity": 0,
        "ragged": 0,
        "unevenness": 0,
        "ring_width": 0.03,
        "contact_deg": 2,
    }
    centred = replace(surface, sites=np.array([[200, 200]], dtype=np.int32))

    def ring_share(dried: float) -> tuple[float, float]:
        layer = Stain(**drop, dried=dried).generate(centred, stream(0))
        rows, cols = np.indices(layer.support.shape)
        away = np.hypot(rows + layer.origin[0] - 200, cols + layer.origin[1] - 200) / 80
        depth = layer.absorbance.astype(float) / 0.16  # column density
        cell = 4 / (2 * np.pi * 80**2)  # of mass, per pixel
        return float(depth[away > 0.9].sum() * cell), layer.measured["ring_mass"]

    for dried in (0.5, 0.9):
        found, law = ring_share(dried)
        film = 0.2 * law * 2 * (1 - 0.9**2)  # left inside the strip that counts as ring
        rest = 0.02 * (1 - law)
        assert found == pytest.approx(law + film + rest, rel=0.12)


def test_rings_are_darker_than_the_middle_and_heavy_middles_are_not() -> None:
    centred = replace(make_surface(300, 300), sites=np.array([[150, 150]], dtype=np.int32))
    common = {
        "residue": "coffee",
        "radius": 0.2,
        "drops": 1,
        "lobes": 1,
        "unevenness": 0,
        "aspect": 1,
    }

    def middle_over_most(pattern: str) -> float:
        layer = Stain(**common, pattern=pattern).generate(centred, stream(0))
        row, col = 150 - layer.origin[0], 150 - layer.origin[1]
        return float(layer.absorbance[row, col] / layer.absorbance.max())

    assert middle_over_most("ring") < 0.6
    assert middle_over_most("receding") > 0.9


def test_contours_are_several_rings() -> None:
    centred = replace(make_surface(400, 400), sites=np.array([[200, 200]], dtype=np.int32))
    stain = Stain(
        pattern="contour",
        residue="coffee",
        radius=0.25,
        drops=1,
        lobes=1,
        rings=4,
        ring_width=0.015,
        unevenness=0,
        aspect=1,
        ragged=0,
        irregularity=0,
        dried=1,
    )

    layer = stain.generate(centred, stream(5))

    profile = layer.absorbance[200 - layer.origin[0], 200 - layer.origin[1] :]
    peaks = (profile[1:-1] > profile[:-2]) & (profile[1:-1] >= profile[2:]) & (profile[1:-1] > 0.05)
    assert peaks.sum() >= 3


def test_smaller_drops_have_the_radii_asked_for() -> None:
    surface = make_surface()
    drawn = Stain(radius=0.1, drops=4, drop_radius=[0.2, 0.4]).draw_ranges(stream(0))

    splashes = [_splash((80, 100), surface, drawn, stream(seed)) for seed in range(12)]

    largest = 0.1 * surface.part_size_px
    assert {splash[0].radius for splash in splashes} == {largest}
    shares = [blob.radius / largest for splash in splashes for blob in splash[1:]]
    assert 0.2 <= min(shares) < 0.25
    assert 0.35 < max(shares) <= 0.4


def test_residues_have_their_colours() -> None:
    surface = make_surface(channels=3)

    def tone(residue: str) -> np.ndarray:
        layer = Stain(residue=residue).generate(surface, stream(0))
        return layer.absorbance[layer.support].mean(axis=0)

    assert tone("coffee")[0] < tone("coffee")[2]  # brown: blue is absorbed
    assert tone("ink")[0] > tone("ink")[2]
    assert (tone("salt") < 0).all()  # brightens


def test_size_is_a_share_of_the_part() -> None:
    stain = Stain(radius=0.1, drops=1, lobes=1, aspect=1)
    areas = []
    for scale in (1, 2):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [stain.generate(surface, stream(seed)) for seed in range(12)]
        areas.append(np.mean([layer.measured["area_px"] for layer in layers]) / scale**2)

    assert areas[1] == pytest.approx(areas[0], rel=0.2)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Stain().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pattern", "star"),
        ("radius", 0),
        ("drops", 0.5),
        ("drop_radius", [0, 1]),
        ("rings", 0),
        ("dried", 1.2),
        ("ring_width", 2),
        ("hue", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "stain", field: value})


def test_golden_absorbance(golden) -> None:
    layer = Stain().generate(make_surface(), stream(42, "golden"))

    golden("stain_absorbance", layer.absorbance)
