"""Drops magnify what lies under them, mirror the lamp, and merge."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.loose import droplet as droplet_module
from anomsynth.generators.loose.droplet import Droplet, refraction
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    for mode in ("drops", "condensation"):
        check_generator(Droplet(mode=mode), make_surface(channels=channels))
    check_generator(Droplet(), make_surface(30, 34, border=4, channels=channels))


def test_the_picture_in_a_drop_is_magnified() -> None:
    axis = np.linspace(-40, 40, 81, dtype=np.float32)
    squared = axis[:, None] ** 2 + axis**2
    height = (8 - squared / 100).astype(np.float32)  # near the top of a drop
    slope = (np.broadcast_to(-axis[:, None] / 50, (81, 81)), np.broadcast_to(-axis / 50, (81, 81)))

    down, right = refraction(height, slope)

    # The point seen at x lies at x - u, closer to the centre: u = (1 - 1/n) 8 x / 50 there.
    assert right[40, 45] == pytest.approx((1 - 1 / 1.33) * 8 * 5 / 50, rel=0.05)
    assert down[40, 40] == 0
    assert (right[40, 41:60] > 0).all()


def test_a_drop_shows_a_dark_rim_a_glint_and_light_behind_it() -> None:
    plain = make_surface(200, 200, mm_per_px=0.1)
    surface = replace(plain, sites=np.array([[100, 100]], dtype=np.int32))
    drop = Droplet(
        mode="drops", count=1, radius_mm=2, contact_deg=60, sky=0.2, caustic=0.3, largest_radius=0.2
    )

    layer = drop.generate(surface, stream(0))

    light = surface.linear(layer.box)[..., 0]
    seen = layer.exposed[..., 0]
    inside = layer.coverage > 0.95
    assert seen[inside].max() > 2 * light.mean()
    assert np.percentile(seen[inside], 5) < 0.75 * light.mean()
    assert layer.absorbance.min() < -0.03  # the caustic
    assert layer.absorbance.max() > 0.01  # the foot
    row, col = np.unravel_index((seen * inside).argmax(), seen.shape)
    toward = np.array([row, col]) + layer.origin - 100
    assert toward @ np.array(surface.light.vector[:2]) > 0


@pytest.mark.parametrize("slope", [0.0, 1.0, 3.0])
def test_drops_mirror_the_room_as_schlick_says(slope: float) -> None:
    surface = make_surface(40, 40, border=0)
    zero = np.zeros((40, 40), np.float32)
    lens = droplet_module._Lens(zero, (zero, zero + np.float32(slope)), zero)
    box = Box(0, 0, 40, 40)
    dark, bright = (
        droplet_module._seen_through(lens, box, surface, SimpleNamespace(sky=sky))[..., 0]
        for sky in (0.0, 1.0)
    )

    # What a brighter room adds is the share that is mirrored.
    cosine = 1 / np.sqrt(1 + slope**2)
    mirrored = 0.02 + 0.98 * (1 - cosine) ** 5
    room = surface.linear(box).mean()
    np.testing.assert_allclose((bright - dark) / room, mirrored, rtol=0.02)


def test_condensation_merges_and_does_not_close_up() -> None:
    misty = Droplet(mode="condensation", wetness=0.6, region_radius=0.25, fine_radius_mm=0.3)

    layer = misty.generate(make_surface(300, 300), stream(0))

    assert 10 < layer.measured["drops"] < 220
    assert layer.measured["covered"] < 0.75
    assert layer.measured["largest_px"] > 1.5 * 3


def test_size_in_mm_does_not_depend_on_resolution() -> None:
    drops = Droplet(mode="drops", count=1, radius_mm=0.8, largest_radius=1)
    areas = []
    for scale in (1, 3):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        found = [drops.generate(surface, stream(seed)) for seed in range(8)]
        areas.append(np.mean([layer.measured["area_px"] for layer in found]) * (0.1 / scale) ** 2)

    assert areas[0] == pytest.approx(np.pi * 0.8**2, rel=0.15)
    assert areas[1] == pytest.approx(areas[0], rel=0.1)


def test_no_drop_is_larger_than_its_share_of_the_part() -> None:
    layer = Droplet(mode="drops", radius_mm=500, largest_radius=0.1, count=1).generate(
        make_surface(200, 200), stream(0)
    )

    assert layer.measured["largest_px"] == pytest.approx(0.1 * 184)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Droplet().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "rain"),
        ("radius_mm", 0),
        ("wetness", 0),
        ("sky", -1),
        ("caustic", 2),
        ("size", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "droplet", field: value})


def test_golden_coverage(golden) -> None:
    layer = Droplet().generate(make_surface(), stream(42, "golden"))

    golden("droplet_coverage", layer.coverage)
