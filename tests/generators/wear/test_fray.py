"""Fray damps the fine bands of a texture and scatters fibres that bend as chains do."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.wavelets import starlet
from anomsynth.generators.wear.fray import BAND_WEAR, Fray
from anomsynth.testing import check_generator, make_surface

BARE = {"fibre_density": 0, "fade": 0, "fibre_light": 1, "fibre_width_mm": 0.001}


@pytest.mark.parametrize("mode", ["texture", "edge"])
def test_keeps_the_generator_contract(mode: str) -> None:
    check_generator(Fray(mode=mode))
    check_generator(Fray(mode=mode), make_surface(channels=3))
    check_generator(Fray(mode=mode), make_surface(8, 30, border=0))


@pytest.mark.parametrize("kept", [0.2, 0.45, 0.7])
def test_the_finest_bands_keep_their_share(kept: float) -> None:
    surface = make_surface(240, 240)
    layer = Fray(mode="texture", area_share=0.3, texture=kept, **BARE).generate(surface, stream(1))
    light = surface.linear(layer.box)[..., 0]
    inner = (slice(30, -30), slice(30, -30))

    # Bands are not orthogonal: the transform of the sum tells them apart to a few percent.
    gains = [1 - (1 - kept) * wear for wear in BAND_WEAR]
    old, new = starlet(light, 3), starlet(layer.exposed[..., 0], 3)
    for gain, before, after in zip(gains[:1], old, new, strict=False):
        projected = (before * after)[inner].sum() / (before * before)[inner].sum()
        assert projected == pytest.approx(gain, abs=0.08)
    assert layer.measured["finest_kept"] == pytest.approx(kept)


def test_slow_shading_survives() -> None:
    surface = make_surface(240, 240)
    layer = Fray(mode="texture", area_share=0.3, texture=0.2, **BARE).generate(surface, stream(1))

    assert layer.exposed.mean() == pytest.approx(surface.linear(layer.box).mean(), rel=0.01)


def test_fibres_come_by_area() -> None:
    surface = make_surface(320, 320)
    counts = [
        Fray(mode="texture", area_share=0.1, fibre_density=1.5)
        .generate(surface, stream(seed))
        .measured
        for seed in range(10)
    ]

    area_mm2 = 0.1 * surface.part_area_px * surface.mm_per_px**2
    assert np.mean([measured["fibres"] for measured in counts]) == pytest.approx(
        1.5 * area_mm2, rel=0.12
    )


def test_edges_are_rubbed_at_the_outline() -> None:
    surface = make_surface(320, 320)
    for seed in range(6):
        layer = Fray(mode="edge", area_share=0.02).generate(surface, stream(seed))
        part = surface.foreground[layer.box.slices] & layer.support
        rows, cols = np.nonzero(part)
        depth = np.minimum.reduce(
            [
                rows + layer.origin[0] - 8,
                cols + layer.origin[1] - 8,
                311 - rows - layer.origin[0],
                311 - cols - layer.origin[1],
            ]
        )
        assert np.median(depth) < 0.1 * 320


def test_fibre_area_in_millimeters_does_not_depend_on_resolution() -> None:
    areas = []
    for scale in (1, 2):
        surface = make_surface(240 * scale, 240 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        layers = [
            Fray(
                mode="texture",
                area_share=0.1,
                fibre_density=0.4,
                fibre_length_mm=2,
                fibre_width_mm=0.1,
            ).generate(surface, stream(seed))
            for seed in range(6)
        ]
        areas.append(np.mean([layer.measured["fibre_px"] for layer in layers]) * (0.1 / scale) ** 2)

    assert areas[1] == pytest.approx(areas[0], rel=0.25)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Fray().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "worn"), ("texture", 1.2), ("fibre_density", -1), ("stiffness", 0), ("fibers", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "fray", field: value})


def test_golden_coverage(golden) -> None:
    layer = Fray(area_share=0.05).generate(make_surface(96, 96), stream(42, "golden"))

    golden("fray_coverage", layer.coverage)
