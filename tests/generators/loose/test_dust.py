"""Dust keeps the generator contract and the counts of the cleanliness standard."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.loose import dust as dust_module
from anomsynth.generators.loose.dust import Dust
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("mode", ["dust", "chips", "mixed"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(mode: str, channels: int) -> None:
    check_generator(Dust(mode=mode), make_surface(channels=channels))
    check_generator(Dust(mode=mode), make_surface(24, 30, border=2, channels=channels))


def test_numbers_are_those_of_the_standard() -> None:  # DU1
    surface = make_surface(400, 400, mm_per_px=0.05, border=0)
    dust = Dust(mode="dust", level=500, size=0.5)

    layers = [dust.generate(surface, stream(seed)) for seed in range(60)]

    # 0.7 px of 0.05 mm are 35 um; the patch has a side of 10 mm.
    expected = 10 ** (0.926 * (np.log10(500) ** 2 - np.log10(35) ** 2)) * 100 / 1e5
    counts = [layer.measured["particles"] for layer in layers]
    assert layers[0].measured["expected"] == pytest.approx(expected, rel=1e-6)
    assert np.mean(counts) == pytest.approx(expected, abs=3 * np.sqrt(expected / 60))


def test_finer_pixels_show_more_and_smaller_particles() -> None:
    dust = Dust(mode="dust", level=800, size=0.3)
    coarse = dust.generate(make_surface(200, 200, mm_per_px=0.1), stream(0))
    fine = dust.generate(make_surface(400, 400, mm_per_px=0.05), stream(0))

    assert fine.measured["expected"] > 3 * coarse.measured["expected"]


def test_chips_have_their_size_in_millimeters() -> None:
    chips = Dust(mode="chips", chips=1, chip_length_mm=1.2, shadow=0, opacity=1)
    lengths = []
    for scale in (1, 2):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale)
        layers = [chips.generate(surface, stream(seed)) for seed in range(10)]
        lengths.append([layer.measured["largest_px"] * 0.1 / scale for layer in layers])

    assert lengths[0] == pytest.approx([1.2] * 10, rel=1e-6)
    assert lengths[1] == pytest.approx(lengths[0], rel=1e-6)


def test_splinters_glint_more_than_dust() -> None:
    def spread(glint: float) -> float:
        chips = Dust(mode="chips", chips=1, chip_length_mm=3, glint=glint, bright_probability=0)
        found = []
        for seed in range(12):
            layer = chips.generate(make_surface(), stream(seed))
            found.append(np.log(layer.albedo[layer.coverage > 0.5]).std())
        return float(np.mean(found))

    assert spread(1.0) > 2 * spread(0.3)


def test_the_shadow_lies_away_from_the_light() -> None:
    chip = Dust(mode="chips", chips=1, chip_length_mm=2, thickness=0.5, shadow=0.6)
    surface = replace(make_surface(), light=Light(azimuth_deg=0, elevation_deg=30))
    steps = []
    for seed in range(6):
        layer = chip.generate(surface, stream(seed))
        body, shadow = (np.argwhere(a > 0.01) for a in (layer.coverage, layer.absorbance))
        steps.append(body[:, 1].mean() - shadow[:, 1].mean())

    assert min(steps) > 0.3


def test_shapes_and_tones_differ() -> None:
    layer = Dust(mode="chips", chips=5, chip_length_mm=2, bright_probability=0.5).generate(
        make_surface(300, 300), stream(1)
    )

    tones = layer.albedo[layer.coverage > 0.5]
    assert tones.max() > 2 * tones.min()


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Dust().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "sand"),
        ("level", 0),
        ("size", 1.5),
        ("chips", -1),
        ("chip_length_mm", [2, 1]),
        ("bright_probability", 2),
        ("sort", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "dust", field: value})


@pytest.mark.parametrize("mode", ["dust", "chips"])
def test_golden_coverage(golden, mode: str) -> None:
    layer = Dust(mode=mode).generate(make_surface(), stream(42, "golden"))

    golden(f"dust_{mode}_coverage", layer.coverage)


@pytest.mark.parametrize("elevation", [30.0, 60.0])
def test_shadows_lie_as_far_off_as_the_light_is_low(elevation: float) -> None:
    surface = replace(make_surface(), light=Light(azimuth_deg=0, elevation_deg=elevation))

    away, _ = dust_module._cast(np.array([4.0]), surface)

    np.testing.assert_allclose(away, [[0, -4 / np.tan(np.radians(elevation))]], atol=1e-6)
