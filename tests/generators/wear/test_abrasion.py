"""Abrasion follows the Boolean model and the von Mises law, and takes the gloss."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import i0, i1

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear import abrasion as abrasion_module
from anomsynth.generators.wear._splat import splat
from anomsynth.generators.wear.abrasion import Abrasion
from anomsynth.surface.bearing import Bearing
from anomsynth.testing import check_generator, make_surface

FINE = {"length_mm": 1.5, "width_mm": 0.05}


@pytest.mark.parametrize("shape", ["blob", "band", "edge"])
def test_keeps_the_generator_contract(shape: str) -> None:
    check_generator(Abrasion(shape=shape))
    check_generator(Abrasion(shape=shape), make_surface(channels=3))
    check_generator(Abrasion(shape=shape), make_surface(8, 30, border=0))


@pytest.mark.parametrize("cover", [0.1, 0.25, 0.5])
def test_scratches_cover_what_the_boolean_model_says(cover: float) -> None:
    surface = make_surface(360, 360)
    abrasion = Abrasion(shape="blob", area_share=0.05, cover=cover, **FINE)
    densities = []
    for seed in range(12):
        measured = abrasion.generate(surface, stream(seed)).measured
        densities.append(measured["area_px"] / measured["patch_px"])

    assert 1 - np.exp(-np.mean(densities)) == pytest.approx(cover, rel=0.12)


def test_overlapping_scratches_hide_each_other() -> None:
    abrasion = Abrasion(shape="blob", area_share=0.05, cover=0.5, **FINE)
    layer = abrasion.generate(make_surface(360, 360), stream(1))

    assert layer.coverage.max() < 1
    assert layer.measured["coverage_px"] < 0.95 * layer.measured["area_px"]


def test_coverage_saturates_as_independent_scratches_do(monkeypatch) -> None:
    added = []

    def spy(*given):
        added.append(splat(*given))
        return added[-1]

    monkeypatch.setattr(abrasion_module, "splat", spy)
    monkeypatch.setattr(Bearing, "contact", lambda _, odds: np.ones_like(odds))
    layer = Abrasion(shape="blob", cover=0.5, **FINE).generate(make_surface(), stream(1))

    seen = layer.coverage > 0
    np.testing.assert_allclose(layer.coverage[seen], 1 - np.exp(-added[0][0][seen]), rtol=1e-4)


def test_high_places_wear_and_low_ones_stay() -> None:
    """Both the worn flats and the hairlines leave out what lies too low to be touched."""
    plain = make_surface(300, 300)
    waves = 110 + 50 * np.sin(np.arange(300) * 0.7)[None, :, None] + np.zeros((300, 1, 1))
    bumpy = replace(plain, pixels=waves.astype(np.uint8))
    for seed in range(3):
        layer = Abrasion(shape="blob", area_share=0.1, dulling=0.5, cover=0.5).generate(
            bumpy, stream(seed)
        )
        light = waves[layer.box.slices][..., 0]
        high, low = light > 145, light < 75
        assert layer.roughness[high].mean() > 2.5 * layer.roughness[low].mean()
        assert layer.coverage[high].mean() > 1.2 * layer.coverage[low].mean()


def test_lengths_are_exponential() -> None:
    surface = make_surface(500, 500, mm_per_px=0.02)
    abrasion = Abrasion(shape="blob", area_share=0.15, cover=0.4, length_mm=0.8, width_mm=0.04)
    means = [abrasion.generate(surface, stream(s)).measured["mean_length_px"] for s in range(8)]

    # Cut at four means, and a pixel longer.
    assert np.mean(means) == pytest.approx(40 * (1 - np.exp(-4)) + 1, rel=0.06)


@pytest.mark.parametrize("kappa", [2.0, 8.0, 40.0])
def test_directions_follow_the_von_mises_law(kappa: float) -> None:
    abrasion = Abrasion(
        shape="blob", area_share=0.1, cover=0.4, concentration=kappa, grain=0, **FINE
    )
    surface = make_surface(360, 360)
    measured = [abrasion.generate(surface, stream(seed)).measured["resultant"] for seed in range(8)]

    assert np.mean(measured) == pytest.approx(i1(kappa) / i0(kappa), rel=0.03)


def test_the_patch_loses_its_gloss() -> None:
    layer = Abrasion(dulling=0.5, area_share=0.1).generate(make_surface(), stream(0))

    assert layer.roughness.max() > 0.3
    assert layer.roughness.min() >= 0


def test_length_in_millimeters_does_not_depend_on_resolution() -> None:
    lengths = []
    for scale in (1, 2):
        surface = make_surface(240 * scale, 240 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [
            Abrasion(shape="blob", area_share=0.1, length_mm=2, width_mm=0.06, cover=0.2).generate(
                surface, stream(seed)
            )
            for seed in range(6)
        ]
        lengths.append(
            np.mean([layer.measured["mean_length_px"] for layer in layers]) * 0.1 / scale
        )

    assert lengths[1] == pytest.approx(lengths[0], rel=0.15)
    assert lengths[0] == pytest.approx(2, rel=0.15)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Abrasion().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("shape", "star"), ("cover", 1.5), ("concentration", 0), ("bow_deg", -1), ("covers", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "abrasion", field: value})


def test_golden_coverage(golden) -> None:
    layer = Abrasion(area_share=0.05).generate(make_surface(96, 96), stream(42, "golden"))

    golden("abrasion_coverage", layer.coverage)
