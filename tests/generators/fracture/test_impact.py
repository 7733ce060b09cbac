"""Impacts are stars of cracks around a crushed contact."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture.impact import Impact
from anomsynth.testing import check_generator, make_surface


def star(**options) -> Impact:
    """Return an impact on brittle matter."""
    return Impact(mode="brittle", **options)


def dent(**options) -> Impact:
    """Return an impact on ductile matter."""
    return Impact(mode="ductile", **options)


def centred(side: int, mm_per_px: float = 0.1):
    middle = np.array([[side // 2, side // 2]], dtype=np.int32)
    return replace(make_surface(side, side, mm_per_px=mm_per_px, border=0), sites=middle)


def test_keeps_the_generator_contract() -> None:
    check_generator(star())
    check_generator(star(), make_surface(channels=3))
    check_generator(star(length=0.4), make_surface(12, 14, border=2))


def test_the_contact_is_covered_and_deep_and_cracks_reach_as_drawn() -> None:
    impact = star(length=0.3, contact_radius=0.15, halo=0, forks=0, rings=0, bright_probability=0)
    layer = impact.generate(centred(300), stream(0))

    down = np.arange(layer.support.shape[0])[:, None] + layer.origin[0] - 150
    right = np.arange(layer.support.shape[1])[None, :] + layer.origin[1] - 150
    distance = np.hypot(down, right)
    assert layer.coverage[distance < 8].mean() > 0.7
    assert layer.height[distance < 3].max() < 0
    assert distance[layer.coverage > 0.05].max() == pytest.approx(90, abs=8)
    assert layer.measured["reach_px"] == pytest.approx(90)


def test_rings_follow_the_law() -> None:
    measured = [star(rings=3).generate(centred(200), stream(seed)).measured for seed in range(20)]

    assert all(1.1 <= item["ring_ratio"] <= 1.3 for item in measured)
    assert np.mean([item["arcs"] for item in measured]) > 3


def test_width_in_millimeters_does_not_depend_on_resolution() -> None:
    impact = star(
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
    areas = [star().generate(surface, stream(s)).coverage.sum() for s in range(24)]

    assert max(areas) > 30 * min(areas)


def test_the_contact_is_as_long_as_drawn() -> None:
    def slimness(aspect: float) -> float:
        impact = star(length=0.4, contact_radius=0.2, contact_aspect=aspect, halo=0, rings=0)
        slim = []
        for seed in range(40):
            layer = impact.generate(centred(300), stream(seed))
            rows, cols = np.nonzero(layer.height < 0)
            low, high = np.linalg.eigvalsh(np.cov(rows, cols))
            slim.append(np.sqrt(high / low))
        return float(np.mean(slim))

    assert slimness(1) < 1.3
    assert slimness(2) == pytest.approx(2, rel=0.15)


def test_keeps_the_contract_on_ductile_matter() -> None:
    check_generator(dent())
    check_generator(dent(), make_surface(channels=3))
    check_generator(dent(dent_radius=0.3), make_surface(12, 14, border=2))


@pytest.mark.parametrize("hardening", [0.0, 0.2])
def test_a_dent_piles_up_the_volume_that_it_displaces(hardening: float) -> None:
    surface = centred(400)
    for seed in range(4):
        blow = dent(dent_radius=0.08, dent_slope=0.2, hardening=hardening, oblique=0.5)
        layer = blow.generate(surface, stream(seed))

        pit, rim = (layer.height.clip(*ends).sum() for ends in ((None, 0), (0, None)))
        assert layer.coverage is None  # nothing cracks
        assert rim == pytest.approx(-pit, rel=0.06)
        assert -layer.height.min() == pytest.approx(0.2 * 32 * 0.1, rel=0.6)


def test_the_rim_is_higher_on_the_side_that_the_blow_went_to() -> None:
    def lopsided(oblique: float) -> float:
        ratios = []
        for seed in range(8):
            blow = dent(dent_radius=0.1, dent_aspect=1, dent_irregularity=0, oblique=oblique)
            height = np.clip(blow.generate(centred(300), stream(seed)).height, 0, None)
            middle = height.shape[0] // 2
            quarters = [
                height[rows, cols].sum()
                for rows in (slice(middle), slice(middle, None))
                for cols in (slice(middle), slice(middle, None))
            ]
            ratios.append(max(quarters) / min(quarters))
        return float(np.mean(ratios))

    assert lopsided(0.0) < 1.3
    assert lopsided(0.7) > 1.8


def test_what_the_stuff_is_decides_between_dent_and_star() -> None:
    surface = make_surface()
    kinds = [
        Impact(ductile_probability=0.7).generate(surface, stream(seed)).coverage is None
        for seed in range(60)
    ]

    assert np.mean(kinds) == pytest.approx(0.7, abs=0.15)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        dent().generate(make_surface(16, 16), stream(0))
    with pytest.raises(PlacementError):
        star().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("length", 2), ("radials", 0), ("radials", 1.5), ("growth", 0.9), ("forks", -1), ("rays", 3)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "impact", field: value})


def test_golden_coverage(golden) -> None:
    layer = star(length=0.3).generate(make_surface(), stream(42, "golden"))

    golden("impact_coverage", layer.coverage)
