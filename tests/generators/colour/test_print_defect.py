"""Print defects are made of the print that the photo shows."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.layer import DefectLayer
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour.print_defect import PrintDefect
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    check_generator(PrintDefect(), make_surface(channels=channels))
    check_generator(PrintDefect(), make_surface(30, 34, border=4, channels=channels))


def printed_surface(channels: int = 3) -> Surface:
    """Return paper with rows of dark red bars."""
    plain = make_surface(240, 240, mm_per_px=0.1, channels=channels)
    pixels = np.full_like(plain.pixels, 225)
    for row in range(20, 220, 40):
        for col in range(20, 220, 24):
            pixels[row : row + 24, col : col + 8] = (150, 40, 60)[-channels:]
    return replace(plain, pixels=pixels)


def made(mode: str, channels: int = 3, seed: int = 0, **changes) -> tuple[Surface, DefectLayer]:
    surface = printed_surface(channels)
    return surface, PrintDefect(mode=mode, **changes).generate(surface, stream(seed))


@pytest.mark.parametrize("seed", range(4))
def test_one_ink_is_off_by_the_shift_asked_for(seed: int) -> None:
    plain = printed_surface()
    pixels = np.full_like(plain.pixels, 225)
    pixels[104:136, 110:130] = (225, 40, 60)
    one_bar = replace(plain, pixels=pixels, sites=np.array([[120, 120]], dtype=np.int32))

    layer = PrintDefect(mode="misregister", shift_mm=0.6, radius=0.4, aspect=1).generate(
        one_bar, stream(seed)
    )

    light = one_bar.linear(layer.box).astype(float)
    ink = int(layer.measured["ink"])
    others = [channel for channel in range(3) if channel != ink]
    np.testing.assert_allclose(layer.exposed[..., others], light[..., others], rtol=1e-3)
    before, after = (np.log(light.max() / picture[..., ink]) for picture in (light, layer.exposed))
    places = np.indices(before.shape)
    moved = [(after * p).sum() / after.sum() - (before * p).sum() / before.sum() for p in places]
    turn = np.deg2rad(layer.measured["shift_deg"])
    # First moments of the density: red ink has no black in it, all of it moves by 6 px.
    assert moved == pytest.approx([6 * np.sin(turn), 6 * np.cos(turn)], abs=0.3)
    assert after.sum() == pytest.approx(before.sum(), rel=0.02)


def test_missing_ink_shows_the_paper_and_nothing_gets_darker() -> None:
    surface, layer = made("missing", drop=1, streak_probability=0, radius=0.3)

    light = surface.linear(layer.box)
    inside = layer.support
    assert (layer.exposed[inside] >= light[inside] - 1e-4).all()
    paper = light.max()
    assert (layer.exposed[inside][:, 1] > 0.9 * paper).mean() > 0.3


def test_missing_ink_takes_its_share_of_the_density() -> None:
    surface, layer = made("missing", drop=0.6, streak_probability=0, radius=0.3)

    paper, light = 225, surface.linear(layer.box)[..., 1].astype(float)
    bar = (surface.pixels[layer.box.slices][..., 1] != paper) & layer.support
    full = np.log(light.max() / light[bar])
    left = np.log(light.max() / layer.exposed[..., 1][bar])
    assert (left / full).min() == pytest.approx(1 - 0.6, abs=0.03)


def test_a_ghost_is_a_fainter_print() -> None:
    surface, layer = made("ghost", strength=0.5, ghost_shift_mm=1.2, radius=0.4)

    light = surface.linear(layer.box).astype(float)
    bare = surface.pixels[layer.box.slices][..., 1] == 225
    density = np.log(light[..., 1].max() / light[..., 1].min())
    # Absorbance acts twice: D + k D(x - u) where there was paper.
    assert 2 * layer.absorbance[..., 1][bare].max() == pytest.approx(0.5 * density, rel=0.08)


def test_a_clogged_nozzle_leaves_straight_streaks() -> None:
    surface, layer = made(
        "missing", drop=1, streak_probability=1, streak_width_mm=0.3, radius=0.4, seed=2
    )

    gone = layer.support & (layer.exposed[..., 1] > 2 * surface.linear(layer.box)[..., 1])
    rows, cols = np.nonzero(gone)
    spread = sorted([np.ptp(rows) / max(np.std(cols), 1), np.ptp(cols) / max(np.std(rows), 1)])
    assert layer.measured["streaked"] == 1
    assert gone.sum() < 0.25 * layer.support.size
    assert spread[1] > 1


@pytest.mark.parametrize("mode", ["smear", "ghost"])
def test_smears_and_ghosts_only_add_ink_of_the_prints_colour(mode: str) -> None:
    _, layer = made(mode, strength=0.8)

    red, green, blue = layer.absorbance[layer.support].mean(axis=0)
    assert layer.absorbance.min() >= 0
    assert red < blue < green  # as the bars absorb


def test_a_surface_without_print_gets_a_spot() -> None:
    layer = PrintDefect(mode="ghost").generate(make_surface(), stream(0))

    assert "spots" in layer.measured
    assert layer.absorbance.min() >= 0


def test_spots_have_the_share_of_the_part_asked_for() -> None:
    areas = []
    for scale in (1, 2):
        surface = make_surface(160 * scale, 200 * scale, mm_per_px=0.1 / scale, border=8 * scale)
        spot = PrintDefect(mode="spot", spot_radius=0.05, specks=0)
        found = [spot.generate(surface, stream(seed)).support.sum() for seed in range(12)]
        areas.append(np.mean(found) / scale**2)

    assert areas[1] == pytest.approx(areas[0], rel=0.2)


def test_a_spot_absorbs_as_much_as_it_has_ink() -> None:
    thin, thick = (
        PrintDefect(mode="spot", spot_strength=strength).generate(
            make_surface(channels=3), stream(0)
        )
        for strength in (0.3, 0.6)
    )

    np.testing.assert_allclose(thick.absorbance, 2 * thin.absorbance, rtol=1e-5)


@pytest.mark.parametrize("mode", ["misregister", "missing", "smear", "ghost"])
def test_grey_prints_stay_grey(mode: str) -> None:
    surface, layer = made(mode, channels=1)

    check_generator(PrintDefect(mode=mode), surface)
    for name, array in layer.fields().items():
        assert array.ndim == 2 or array.shape[2] == 1, name


@pytest.mark.parametrize("mode", ["misregister", "missing", "smear", "ghost", "spot"])
def test_every_mode_keeps_the_contract_on_print(mode: str) -> None:
    check_generator(PrintDefect(mode=mode), printed_surface())


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        PrintDefect().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "typo"),
        ("radius", 0),
        ("shift_mm", -1),
        ("drop", 2),
        ("specks", 0.5),
        ("ink", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "print_defect", field: value})


def test_golden_absorbance(golden) -> None:
    layer = PrintDefect().generate(make_surface(), stream(42, "golden"))

    golden("print_defect_absorbance", layer.absorbance)
