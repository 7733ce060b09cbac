"""Impacts are stars of cracks around a crushed contact."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture.impact import Impact
from anomsynth.testing import check_generator, make_surface


def centred(side: int, mm_per_px: float = 0.1):
    middle = np.array([[side // 2, side // 2]], dtype=np.int32)
    return replace(make_surface(side, side, mm_per_px=mm_per_px, border=0), sites=middle)


def test_keeps_the_generator_contract() -> None:
    check_generator(Impact())
    check_generator(Impact(), make_surface(channels=3))
    check_generator(Impact(length=0.4), make_surface(12, 14, border=2))


def test_the_contact_is_covered_and_deep_and_cracks_reach_as_drawn() -> None:
    impact = Impact(length=0.3, contact_radius=0.15, halo=0, forks=0, rings=0, bright_probability=0)
    layer = impact.generate(centred(300), stream(0))

    down = np.arange(layer.support.shape[0])[:, None] + layer.origin[0] - 150
    right = np.arange(layer.support.shape[1])[None, :] + layer.origin[1] - 150
    distance = np.hypot(down, right)
    assert layer.coverage[distance < 8].mean() > 0.7
    assert layer.height[distance < 3].max() < 0
    assert distance[layer.coverage > 0.05].max() == pytest.approx(90, abs=8)
    assert layer.measured["reach_px"] == pytest.approx(90)


def test_rings_follow_the_law() -> None:
    measured = [Impact(rings=3).generate(centred(200), stream(seed)).measured for seed in range(20)]

    assert all(1.1 <= item["ring_ratio"] <= 1.3 for item in measured)
    assert np.mean([item["arcs"] for item in measured]) > 3


def test_width_in_millimeters_does_not_depend_on_resolution() -> None:
    impact = Impact(
        length=0.4, width_mm=0.4, contact_radius=0.02, forks=0, rings=0, scatter=0, halo=0
    )
    areas = []
    for scale in (1, 2):
        layers = [
            impact.generate(centred(300 * scale, 0.1 / scale), stream(seed)) for seed in range(4)
        ]
        areas.append(np.mean([item.coverage.sum() for item in layers]) * (0.1 / scale) ** 2)

    assert areas[1] == pytest.approx(areas[0], rel=0.15)


def test_sizes_spread() -> None:
    surface = make_surface(256, 256)
    areas = [Impact().generate(surface, stream(s)).coverage.sum() for s in range(24)]

    assert max(areas) > 30 * min(areas)


def test_the_contact_is_as_long_as_drawn() -> None:
    def slimness(aspect: float) -> float:
        impact = Impact(length=0.4, contact_radius=0.2, contact_aspect=aspect, halo=0, rings=0)
        slim = []
        for seed in range(12):
            layer = impact.generate(centred(300), stream(seed))
            rows, cols = np.nonzero(layer.height < 0)
            low, high = np.linalg.eigvalsh(np.cov(rows, cols))
            slim.append(np.sqrt(high / low))
        return float(np.mean(slim))

    assert slimness(1) < 1.25
    assert slimness(2) == pytest.approx(2, rel=0.15)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Impact().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("length", 2), ("radials", 0), ("radials", 1.5), ("growth", 0.9), ("forks", -1), ("rays", 3)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "impact", field: value})


def test_golden_coverage(golden) -> None:
    layer = Impact(length=0.3).generate(make_surface(), stream(42, "golden"))

    golden("impact_coverage", layer.coverage)
