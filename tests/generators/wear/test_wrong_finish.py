"""A wrong finish covers the share asked for, up to all of the part, and looks like what it is."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.wrong_finish import WrongFinish
from anomsynth.testing import check_generator, make_surface

PART = {"whole_probability": 0}
EVEN = {"grain_contrast": 0, "relief": 0}


def cover(finish: WrongFinish, surface: Surface, seed: int) -> np.ndarray:
    layer = finish.generate(surface, stream(seed))
    full = np.zeros(surface.shape, np.float32)
    full[layer.box.slices] = layer.coverage
    return full


@pytest.mark.parametrize("mode", ["bare", "rusted", "other", "tone"])
@pytest.mark.parametrize("boundary", ["front", "patches", "strokes"])
def test_keeps_the_generator_contract(mode: str, boundary: str) -> None:
    finish = WrongFinish(mode=mode, boundary=boundary, **PART)
    check_generator(finish)
    check_generator(finish, make_surface(channels=3))
    check_generator(finish, make_surface(9, 30, border=0))


@pytest.mark.parametrize("boundary", ["front", "patches", "strokes"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_the_area_has_the_share_asked_for(boundary: str, share: float) -> None:
    finish = WrongFinish(boundary=boundary, area_share=share, **PART)
    for seed in range(6):
        layer = finish.generate(make_surface(), stream(seed))
        assert layer.measured["area_share"] == pytest.approx(share, abs=0.03)


def test_the_whole_part_and_nothing_else_changes() -> None:
    surface = make_surface()
    full = cover(WrongFinish(whole_probability=1), surface, 3)

    assert np.array_equal(full > 0, surface.allowed)
    assert (full[surface.allowed] == 1).all()


def test_a_front_is_a_line_as_ragged_as_asked() -> None:
    surface = make_surface(400, 400, border=0)
    for ragged in (0, 0.04):
        rms = []
        for seed in range(10):
            finish = WrongFinish(boundary="front", area_share=0.5, ragged=ragged, **PART)
            inside = cover(finish, surface, seed) > 0.5
            steep = np.abs(np.diff(inside.astype(int), axis=0)).sum()
            inside = (
                inside if steep > np.abs(np.diff(inside.astype(int), axis=1)).sum() else inside.T
            )
            height = inside.sum(axis=0)
            whole = (height > 20) & (height < 380)
            place = np.flatnonzero(whole)
            fit = np.polyfit(place, height[place], 1)
            off = (height[place] - np.polyval(fit, place)) / np.hypot(1, fit[0])
            rms.append(off.std())
        assert np.median(rms) / 400 == pytest.approx(ragged, rel=0.5, abs=0.004)


def test_metal_in_rust_has_its_share_and_crumbles_more_the_rougher_it_is() -> None:
    surface = make_surface(384, 384, channels=3, border=0)
    turns = []
    for hurst in (0.05, 0.35):
        finish = WrongFinish(
            mode="rusted",
            speckling=0.3,
            spot_size=0.3,
            hurst=hurst,
            age=0.6,
            whole_probability=1,
            **EVEN,
        )
        outlines = []
        for seed in range(4):
            shown = finish.generate(surface, stream(seed)).exposed
            grey = shown[..., 2] / shown[..., 0] > 0.7  # steel is grey, rust is not
            assert grey.mean() == pytest.approx(0.3, abs=0.07)
            outlines.append(float((grey[:, 2:] != grey[:, :-2]).mean()))
        turns.append(np.mean(outlines))

    assert turns[0] > 1.4 * turns[1]


def absorbed(light: np.ndarray, white: float) -> np.ndarray:
    """Return K/S of Kubelka and Munk."""
    reflectance = light / white
    return (1 - reflectance) ** 2 / (2 * reflectance)


def test_another_tone_is_a_factor_on_the_colourant_or_adds_what_oxidised() -> None:
    surface = make_surface(160, 160, channels=3, border=0)
    before = surface.linear(Box(0, 0, 160, 160))
    white = float(np.percentile(before, 99.5)) / 0.92
    inner = before < 0.8 * white
    seen = set()
    for seed in range(12):
        finish = WrongFinish(mode="tone", colourant=2, whole_probability=1)
        layer = finish.generate(surface, stream(seed))
        more = absorbed(layer.exposed, white), absorbed(before, white)
        ratio, added = (more[0] / more[1])[inner], more[0] - more[1]
        if ratio.std() < 0.02:
            seen.add(round(float(ratio.mean()), 1))
            continue
        red, green, blue = (float(np.median(added[..., c][inner[..., c]])) for c in range(3))
        assert green / red == pytest.approx(0.75 / 0.2, rel=0.05)
        assert blue / green == pytest.approx(2.2 / 0.75, rel=0.05)
        seen.add("aged")
        assert layer.has_noise
    assert seen == {0.5, 2.0, "aged"}


def test_no_tool_draws_another_tone() -> None:
    surface = make_surface(channels=3)
    shapes = {
        WrongFinish(mode="tone", **PART).generate(surface, stream(seed)).measured["boundary"]
        for seed in range(20)
    }

    assert shapes == {0.0, 1.0}


def test_shading_of_the_part_stays() -> None:
    surface = make_surface(160, 160, border=0)
    ramp = np.linspace(0.5, 1.0, 160)[None, :, None]
    lit = replace(surface, pixels=(surface.pixels * ramp).astype(np.uint8))
    finish = WrongFinish(mode="bare", whole_probability=1, speckling=0, **EVEN)
    shown = finish.generate(lit, stream(0)).exposed[..., 0]
    before = lit.linear(finish.generate(lit, stream(0)).box)[..., 0]

    for light in (shown, before):
        assert light[:, :20].mean() / light[:, -20:].mean() == pytest.approx(
            before[:, :20].mean() / before[:, -20:].mean(), rel=0.25
        )


def test_rust_is_redder_and_steel_greyer_than_blue_paint() -> None:
    surface = make_surface(channels=3)
    blue = surface.pixels.copy()
    blue[..., :2] //= 4
    painted = replace(surface, pixels=blue)

    def mean_colour(mode: str) -> np.ndarray:
        finish = WrongFinish(mode=mode, speckling=0, whole_probability=1)
        return np.mean(
            [finish.generate(painted, stream(seed)).exposed.mean(axis=(0, 1)) for seed in range(4)],
            axis=0,
        )

    rusted, bare = mean_colour("rusted"), mean_colour("bare")
    assert rusted[0] > 1.5 * rusted[2]
    assert bare[2] == pytest.approx(0.84 * bare[0], rel=0.2)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        WrongFinish().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "gold"), ("area_share", 2), ("hurst", 3), ("age", -1), ("raged", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "wrong_finish", field: value})


def test_golden_coverage(golden) -> None:
    finish = WrongFinish(mode="rusted", boundary="patches", **PART)

    golden("wrong_finish_coverage", finish.generate(make_surface(96, 96), stream(42)).coverage)
