"""Regions differ in more than brightness, over three decades of area."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.region import AlteredRegion
from anomsynth.testing import check_generator, make_surface

SHARP = {"softness": 0, "gradient": 0, "brushed_probability": 0}


@pytest.mark.parametrize("shape", ["blob", "band", "edge"])
def test_keeps_the_generator_contract(shape: str) -> None:
    check_generator(AlteredRegion(shape=shape))
    check_generator(AlteredRegion(shape=shape, brushed_probability=1), make_surface(channels=3))
    check_generator(AlteredRegion(shape=shape), make_surface(9, 30, border=0))


@pytest.mark.parametrize(
    ("shape", "share"),
    [(shape, share) for shape in ("blob", "band", "edge") for share in (0.02, 0.1, 0.3)]
    + [("blob", 0.001), ("edge", 0.001)],
)
def test_areas_span_three_decades(shape: str, share: float) -> None:
    surface = make_surface(320, 320)
    areas = [
        AlteredRegion(shape=shape, area_share=share, **SHARP)
        .generate(surface, stream(seed))
        .measured["area_share"]
        for seed in range(12)
    ]

    assert np.median(areas) == pytest.approx(share, rel=0.35)


def test_brightness_changes_by_the_asked_factor() -> None:
    bright = AlteredRegion(contrast=0.3, bright_probability=1, mottle=0, **SHARP)
    dark = AlteredRegion(contrast=0.3, bright_probability=0, mottle=0, **SHARP)

    assert bright.generate(make_surface(), stream(1)).measured["mean_gain"] == pytest.approx(
        np.exp(0.3), rel=1e-3
    )
    assert dark.generate(make_surface(), stream(1)).measured["mean_gain"] == pytest.approx(
        np.exp(-0.3), rel=1e-3
    )


def test_mottling_is_self_affine_with_the_asked_spread() -> None:
    region = AlteredRegion(
        shape="blob",
        area_share=0.6,
        contrast=1e-6,
        mottle=0.2,
        mottle_size_mm=0.01,
        gloss=0.5,
        **SHARP,
    )
    spreads, ratios = [], []
    for seed in range(10):
        layer = region.generate(make_surface(320, 320), stream(seed))
        field = -2 * layer.absorbance
        inside = layer.support & (np.abs(layer.roughness - layer.roughness.max()) < 1e-6)
        spreads.append(field[inside].std())
        steps = []
        for lag in (2, 8):
            both = inside[:, lag:] & inside[:, :-lag]
            steps.append(((field[:, lag:] - field[:, :-lag])[both] ** 2).mean())
        ratios.append(np.log(steps[1] / steps[0]) / np.log(4) / 2)

    assert np.median(spreads) == pytest.approx(0.2, rel=0.15)
    # Hurst 0.3 reads 0.38 at these lags, as nothing is shorter than two pixels.
    assert np.mean(ratios) == pytest.approx(0.38, abs=0.03)


def test_part_of_every_outline_is_sharp() -> None:
    for seed in range(8):
        layer = AlteredRegion(
            shape="blob", area_share=0.1, mottle=0, softness=0.5, gradient=0, contrast=0.4
        ).generate(make_surface(320, 320), stream(seed))
        change = np.abs(layer.absorbance)
        slope = np.abs(np.diff(change, axis=1)).max() / change.max()
        assert slope > 0.15


def test_sizes_follow_the_part_not_the_pixels() -> None:
    shares = []
    for scale in (1, 2):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [
            AlteredRegion(area_share=0.05, **SHARP).generate(surface, stream(seed))
            for seed in range(8)
        ]
        shares.append(np.mean([layer.measured["area_share"] for layer in layers]))

    assert shares[1] == pytest.approx(shares[0], rel=0.2)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        AlteredRegion().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("shape", "star"), ("area_share", 2), ("contrast", 0), ("mottle", 3), ("softnes", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "region", field: value})


def test_golden_absorbance(golden) -> None:
    layer = AlteredRegion(area_share=0.05).generate(make_surface(96, 96), stream(42, "golden"))

    golden("region_absorbance", layer.absorbance)
