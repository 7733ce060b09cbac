"""Crack networks divide the surface into plates of the drawn size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture.crack_network import CrackNetwork
from anomsynth.testing import check_generator, make_surface

PATTERNS = ("drying", "healed", "mixed")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_keeps_the_generator_contract(pattern: str) -> None:
    check_generator(CrackNetwork(pattern=pattern))
    check_generator(CrackNetwork(pattern=pattern), make_surface(channels=3))
    check_generator(CrackNetwork(pattern=pattern), make_surface(12, 14, border=2))


def test_a_film_without_cracks_is_no_place_for_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomsynth.generators.fracture.crack_network.healed_mosaic", lambda *_: [])

    with pytest.raises(PlacementError, match="too small to crack"):
        CrackNetwork(pattern="healed").generate(make_surface(), stream(0))


@pytest.mark.parametrize("pattern", PATTERNS[:2])
def test_plates_have_the_drawn_size_at_any_resolution(pattern: str) -> None:
    network = CrackNetwork(
        pattern=pattern,
        size=1,
        plate_size_mm=4,
        width_mm=0.3,
        irregularity=0,
        cycles=0,
        variation=0,
    )
    areas = []
    for scale in (1, 2):
        surface = make_surface(240 * scale, 240 * scale, mm_per_px=0.1 / scale, border=0)
        middle = np.array([[120 * scale, 120 * scale]], dtype=np.int32)
        for seed in range(3):
            layer = network.generate(replace(surface, sites=middle), stream(seed))
            whole = np.ones((240 * scale, 240 * scale), np.uint8)
            whole[layer.box.slices] = layer.coverage < 0.2
            _, _, stats, centres = cv2.connectedComponentsWithStats(whole, connectivity=4)
            inner = np.hypot(*(centres - 120 * scale).T) < 45 * scale
            inner &= stats[:, cv2.CC_STAT_LEFT] > 0  # not the plain surface around
            inner[0] = False
            area = stats[inner, cv2.CC_STAT_AREA] * surface.mm_per_px**2
            areas += [(scale, value) for value in area if value > 1]

    for scale in (1, 2):
        side = np.sqrt(np.mean([area for which, area in areas if which == scale]))
        assert side == pytest.approx(4, rel=0.2)


def test_older_cracks_are_wider_and_all_are_dark() -> None:
    surface = make_surface(300, 300, mm_per_px=0.1, border=0)
    layer = CrackNetwork(
        pattern="drying", size=0.9, width_mm=0.5, curl_probability=0, plate_size_mm=5
    ).generate(surface, stream(1))

    assert layer.height is None
    assert layer.albedo[layer.coverage > 0.9].mean() < 0.6
    assert layer.measured["widest_px"] == pytest.approx(5, abs=2)


def test_plates_curl_up_beside_their_gaps() -> None:
    network = CrackNetwork(curl=0.04, curl_probability=1, width_mm=0.4, size=0.6, plate_size_mm=4)
    layer = network.generate(make_surface(300, 300, border=0), stream(2))

    assert layer.height is not None
    assert layer.height.min() == 0
    assert 0.3 * 0.04 * layer.measured["plate_px"] * 0.1 < layer.height.max()
    assert layer.height.max() <= 0.04 * layer.measured["plate_px"] * 0.1


def test_patterns_and_sizes_spread() -> None:
    surface = make_surface(256, 256)
    measured = [CrackNetwork().generate(surface, stream(seed)).measured for seed in range(16)]

    assert 0 < sum(item["healed"] for item in measured) < 12
    areas = [item["area_px"] for item in measured]
    assert max(areas) > 15 * min(areas)
    assert len({item["cracks"] for item in measured}) > 6


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        CrackNetwork().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pattern", "spiral"),
        ("size", 1.2),
        ("plate_size_mm", 0),
        ("cycles", -1),
        ("variation", 2),
        ("curl", [0.2, 0.1]),
        ("plates", 3),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "crack_network", field: value})


def test_golden_coverage(golden) -> None:
    network = CrackNetwork(pattern="drying", size=0.6, plate_size_mm=3, width_mm=0.3)
    layer = network.generate(make_surface(), stream(42, "golden"))

    golden("crack_network_coverage", layer.coverage)
