"""Uneven machining: foreign marks behind a ledge, and shading with the spectrum it claims."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Grain, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.unevenness import SHADING_HURST, Unevenness
from anomsynth.testing import check_generator, make_surface

UPRIGHT = np.pi / 2  # marks along the rows' direction: columns keep their brightness
PLAIN = {"slant_deg": 0, "shading": 0, "softness": 0, "ragged_mm": 0, "step": 0}


def ground(surface: Surface, angle: float = UPRIGHT) -> Surface:
    """Give the surface a grain of one direction."""
    cells = surface.grain.angle.shape
    grain = Grain(16, np.full(cells, angle, np.float32), np.ones(cells, np.float32))
    return replace(surface, grain=grain)


@pytest.mark.parametrize("mode", ["pass", "cross", "shading"])
def test_keeps_the_generator_contract(mode: str) -> None:
    check_generator(Unevenness(mode=mode))
    check_generator(Unevenness(mode=mode), make_surface(channels=3))
    check_generator(Unevenness(mode=mode), make_surface(20, 7, border=0))


def test_shading_has_the_spectrum_k_to_the_minus_three() -> None:
    shading = Unevenness(
        mode="shading", area_share=1, mark_strength=1e-6, step=0, softness=0, shading=0.1
    )
    surface = make_surface(200, 200, border=0)
    slopes = []
    for seed in range(24):
        layer = shading.generate(surface, stream(seed))
        inner = layer.absorbance[68:132, 68:132]
        window = np.hanning(64)[:, None] * np.hanning(64)
        power = np.abs(np.fft.fft2((inner - inner.mean()) * window)) ** 2
        k = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
        edges = np.geomspace(2.5 / 64, 0.15, 6)
        band = [power[(k >= a) & (k < b)].mean() for a, b in pairwise(edges)]
        slopes.append(np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(band), 1)[0])

    assert np.mean(slopes) == pytest.approx(-3, abs=0.2)
    assert 2 * SHADING_HURST + 2 == 3


def test_marks_run_along_the_grain_and_have_the_asked_strength() -> None:
    surface = ground(make_surface(300, 300, border=0))
    marks = Unevenness(
        mode="pass", area_share=0.9, mark_strength=0.2, erased=0, persistence=1, skew=0, **PLAIN
    )
    layer = marks.generate(surface, stream(3))
    log_gain = -2 * layer.absorbance[40:-40, 40:-40]

    across = np.diff(log_gain, axis=1).std()
    assert log_gain.std() == pytest.approx(0.2, rel=0.15)
    assert np.diff(log_gain, axis=0).std() < 0.05 * across


def test_a_pass_wipes_out_the_marks_that_were_there() -> None:
    plain = make_surface(300, 300, border=0)
    stripes = 1 + 0.3 * np.sin(np.arange(300) * 1.1)
    pixels = np.clip(110 * stripes[None, :, None] + np.zeros((300, 1, 1)), 0, 255).astype(np.uint8)
    surface = ground(replace(plain, pixels=pixels))
    wiped = Unevenness(mode="pass", area_share=0.9, mark_strength=0.01, erased=0.95, **PLAIN)

    layer = wiped.generate(surface, stream(3))

    row, col = layer.origin
    before = surface.linear(layer.box)[..., 0]
    after = before * np.exp(-2 * layer.absorbance)
    middle = (slice(120 - row, 180 - row), slice(60 - col, 240 - col))
    assert np.log(after[middle]).std() < 0.25 * np.log(before[middle]).std()


def test_a_ledge_is_sharp_and_lies_across_the_marks() -> None:
    surface = ground(make_surface(300, 300, border=0))
    steps = []
    for seed in range(12):
        layer = Unevenness(mode="pass", area_share=0.3, **PLAIN | {"step": 0.4}).generate(
            surface, stream(seed)
        )
        rows = layer.support.any(axis=1).sum()
        inside = np.abs(layer.absorbance) > 0.02
        ends = np.flatnonzero(inside[:, layer.support.shape[1] // 2])
        steps.append((rows, layer.support[:, layer.support.shape[1] // 2].sum() - ends.size))

    # Marks may come near zero gain; the outline itself adds no more than a few pixels.
    assert np.median([extra / max(rows, 1) for rows, extra in steps]) < 0.1


def test_what_little_is_ground_off_a_relief_are_its_high_places() -> None:
    """Near the ledge of a surface without marks the wheel has not come to its depth."""
    plain = make_surface(300, 300, border=0)
    mesh = np.sin(np.arange(300) * 0.7)
    pixels = 110 + 25 * (mesh[None, :, None] + mesh[:, None, None])
    bumpy = replace(plain, pixels=pixels.astype(np.uint8))
    rubbed = {"high": [], "low": []}
    for seed in range(6):
        layer = Unevenness(mode="cross", area_share=0.1, erased=0.9, softness=0).generate(
            bumpy, stream(seed)
        )
        light = pixels[layer.box.slices][..., 0]
        partly = cv2.erode(layer.support.astype(np.uint8), np.ones((3, 3))) > 0
        rim = partly & (cv2.erode(partly.astype(np.uint8), np.ones((9, 9))) == 0)
        rubbed["high"].append(layer.roughness[rim & (light > 130)].mean())
        rubbed["low"].append(layer.roughness[rim & (light < 90)].mean())

    assert np.mean(rubbed["high"]) > 2 * np.mean(rubbed["low"])


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
def test_regions_have_the_asked_share_of_the_part(share: float) -> None:
    surface = ground(make_surface(300, 300))
    for mode in ("pass", "cross"):
        areas = [
            Unevenness(mode=mode, area_share=share, softness=0, ragged_mm=0)
            .generate(surface, stream(seed))
            .measured["area_share"]
            for seed in range(12)
        ]
        assert np.median(areas) == pytest.approx(share, rel=0.15)


def test_marks_are_as_wide_in_millimeters_at_any_resolution() -> None:
    widths = []
    for scale in (1, 2):
        surface = ground(make_surface(200 * scale, 200 * scale, mm_per_px=0.1 / scale, border=0))
        layer = Unevenness(
            mode="pass", area_share=0.9, mark_width_mm=0.4, erased=0, persistence=1, skew=0, **PLAIN
        ).generate(surface, stream(1))
        line = layer.absorbance[layer.absorbance.shape[0] // 2]
        wave = np.correlate(line - line.mean(), line - line.mean(), "full")[len(line) - 1 :]
        widths.append(int(np.argmax(wave < 0.5 * wave[0])) * 0.1 / scale)

    assert widths[1] == pytest.approx(widths[0], rel=0.35)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Unevenness().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "spiral"),
        ("weights", [0, 0, 0]),
        ("area_share", 0),
        ("mark_strength", -1),
        ("mark_width_mm", 0),
        ("persistence", 2),
        ("cross_deg", -5),
        ("markings", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "unevenness", field: value})


def test_golden_absorbance(golden) -> None:
    layer = Unevenness(mode="pass", area_share=0.1).generate(
        ground(make_surface(96, 96)), stream(42, "golden")
    )

    golden("unevenness_absorbance", layer.absorbance)
