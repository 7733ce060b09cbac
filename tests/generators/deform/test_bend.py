"""Bent pieces keep their length, take the shape of a buckled bar and bare the background."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from anomsynth.core.color import linear_to_srgb
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.deform.bend import Bend, bend_line, turn_along
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import check_generator, make_surface

DRAWN = Bend(place=0.5, hinge_length=1.0, ripple=0.0).draw_ranges(stream(0))


def on_ground(part: np.ndarray, channels: int = 1) -> Surface:
    """Return a bright part on a dark ground, reachable all over."""
    surface = make_surface(*part.shape, channels=channels)
    pixels = np.where(part[..., None], np.maximum(surface.pixels, 160), 20).astype(np.uint8)
    return replace(
        surface,
        pixels=pixels,
        foreground=part,
        allowed=part.copy(),
        sites=np.argwhere(part).astype(np.int32),
        reachable=np.ones_like(part),
    )


def with_leads(channels: int = 1) -> Surface:
    """Return a block of 60 x 120 pixels with three leads of 6 x 70."""
    part = np.zeros((180, 200), bool)
    part[20:80, 40:160] = True
    for col in (60, 97, 134):
        part[80:150, col : col + 6] = True
    return on_ground(part, channels)


def shown(surface: Surface, layer) -> np.ndarray:
    """Return where the picture is bright after the defect."""
    light = surface.linear(Box(0, 0, *surface.shape))[..., 0].copy()
    light[layer.box.slices][layer.support] = layer.exposed[..., 0][layer.support]
    return light > 0.18


@pytest.mark.parametrize("shape", ["hinge", "arc", "wave"])
def test_keeps_the_generator_contract(shape: str) -> None:
    check_generator(Bend(shape=shape), with_leads())
    check_generator(Bend(shape=shape), with_leads(3))


def test_an_arc_deflects_as_the_first_buckling_mode() -> None:
    share = np.linspace(0, 1, 400)
    line = np.column_stack([np.zeros(400), share * 100])
    turn = 0.1

    new = bend_line(line, turn_along(share, "arc", turn, DRAWN, 0.02))

    # v(s) = T (2 L / pi) (1 - cos(pi s / 2 L)) for small T.
    expected = turn * (200 / np.pi) * (1 - np.cos(np.pi * share / 2))
    assert np.abs(new[:, 0] - expected).max() < 0.03
    assert new[-1, 0] == pytest.approx(6.366, rel=0.01)


def test_a_wave_comes_back_at_both_ends() -> None:
    share = np.linspace(0, 1, 400)
    line = np.column_stack([np.zeros(400), share * 100])

    new = bend_line(line, turn_along(share, "wave", 0.2, DRAWN, 0.02))

    assert abs(new[-1, 0]) < 0.12 * np.abs(new[:, 0]).max()
    assert np.abs(new[:, 0]).max() > 4


def test_a_hinge_turns_only_where_it_is() -> None:
    share = np.linspace(0, 1, 400)
    turned = turn_along(share, "hinge", 0.5, DRAWN, 0.05)

    assert np.abs(turned[share < 0.45]).max() == 0
    assert turned[share > 0.55] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_length_and_area_are_kept(seed: int) -> None:
    surface = with_leads()
    layer = Bend(turn_deg=35).generate(surface, stream(seed))

    assert layer.measured["stretch"] == pytest.approx(1, abs=0.01)
    before, after = surface.foreground.sum(), shown(surface, layer).sum()
    assert after == pytest.approx(before, rel=0.03)
    assert layer.rigid
    assert layer.overhang


def test_the_background_shows_where_the_piece_was() -> None:
    surface = with_leads()
    layer = Bend(shape="hinge", place=0.1, turn_deg=45, hinge_length=1).generate(surface, stream(0))
    gone = surface.foreground & ~shown(surface, layer)

    assert gone.sum() > 150
    light = surface.linear(Box(0, 0, *surface.shape))[..., 0]
    bared = gone[layer.box.slices]
    assert layer.exposed[bared].mean() == pytest.approx(light[:15].mean(), abs=0.02)


def test_the_whole_width_of_a_piece_goes_along() -> None:
    part = np.zeros((240, 200), bool)
    part[20:80, 40:160] = True
    part[80:200, 95:105] = True
    part[190:206, 88:112] = True  # a head that is wider than the shank
    surface = on_ground(part)

    layer = Bend(shape="arc", turn_deg=30, ripple=0).generate(surface, stream(0))

    assert shown(surface, layer).sum() == pytest.approx(part.sum(), rel=0.02)


def test_a_piece_between_two_held_ends_stays_at_both() -> None:
    part = np.zeros((200, 260), bool)
    part[20:180, 20:60] = True
    part[20:180, 200:240] = True
    part[90:100, 60:200] = True
    surface = on_ground(part)

    layer = Bend(turn_deg=50, ripple=0).generate(surface, stream(3))

    after = shown(surface, layer)
    assert layer.measured["shape"] == 2
    assert layer.measured["tip_px"] < 1
    assert layer.measured["turn_deg"] <= 25
    assert 1 < layer.measured["stretch"] < 1.06
    assert ndimage.label(after)[1] == 1
    assert np.abs(after[:, 120].argmax() - 90) + np.abs(after[:, 160].argmax() - 90) > 8


def test_a_stout_bridge_does_not_bend() -> None:
    part = np.zeros((200, 200), bool)
    part[20:180, 20:70] = True
    part[20:180, 130:180] = True
    part[85:101, 70:130] = True

    with pytest.raises(PlacementError, match="thin"):
        Bend().generate(on_ground(part), stream(0))


def test_a_shadow_goes_with_the_piece() -> None:
    surface = with_leads()
    away = ndimage.distance_transform_edt(~surface.foreground)
    light = np.where(surface.foreground, 0.6, 0.3 * (1 - 0.5 * np.exp(-away / 4)))
    pixels = np.rint(255 * linear_to_srgb(light)).astype(np.uint8)[..., None]
    surface = replace(surface, pixels=pixels)

    layer = Bend(shape="hinge", place=0.1, turn_deg=45, hinge_length=1).generate(surface, stream(0))

    after = surface.linear(Box(0, 0, *surface.shape))[..., 0].copy()
    after[layer.box.slices][layer.support] = layer.exposed[..., 0][layer.support]
    part = after > 0.42
    moved = part & ~surface.foreground
    ring = ndimage.binary_dilation(moved, iterations=3) & ~ndimage.binary_dilation(part)
    was = ndimage.binary_erosion(surface.foreground & ~part, iterations=2)
    assert after[ring].mean() < 0.8 * 0.3
    assert after[was].mean() > 0.8 * 0.3


def test_a_wire_bends_as_a_whole() -> None:
    part = np.zeros((160, 200), bool)
    part[78:84, 20:180] = True

    layer = Bend(shape="arc", turn_deg=20).generate(on_ground(part), stream(1))

    assert layer.measured["length_px"] == pytest.approx(160 + 12, abs=5)
    assert layer.measured["tip_px"] > 3
    light = shown(on_ground(part), layer)
    rows, cols = np.nonzero(light)
    slope = np.polyfit(cols, rows, 1)[0]
    assert abs(slope) < 0.02  # it is bent, not turned
    assert rows.mean() == pytest.approx(80.5, abs=1)
    assert np.ptp(rows) > 10


def test_the_mask_holds_both_places_of_the_piece() -> None:
    surface = with_leads()
    recipe = Recipe(
        name="bent",
        mm_per_px=0.1,
        mechanisms=(
            Mechanism(generator=Bend(shape="hinge", place=0.1, turn_deg=40, hinge_length=1)),
        ),
        defects_per_image=[1, 1],
    )

    sample = synthesize(surface, recipe, seed=1)

    changed = (sample.image != surface.assemble(surface.pixels)).any(axis=2)
    assert np.array_equal(changed, sample.strict)
    assert (sample.strict & surface.foreground).sum() > 150
    assert (sample.strict & ~surface.foreground).sum() > 150
    assert sample.instances[0].gain == 1


@pytest.mark.parametrize("shape", ["hinge", "arc"])
def test_mixed_picks_by_weight(shape: str) -> None:
    weights = tuple(float(name == shape) for name in ("hinge", "arc", "wave"))

    found = {
        Bend(weights=weights).generate(with_leads(), stream(seed)).measured["shape"]
        for seed in range(4)
    }

    assert found == {float(["hinge", "arc"].index(shape))}


def test_a_stout_part_does_not_bend() -> None:
    with pytest.raises(PlacementError, match="thin"):
        Bend().generate(make_surface(), stream(0))


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Bend().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("shape", "knot"), ("turn_deg", 0), ("place", 1.5), ("hinge_length", 0), ("turns", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "bend", field: value})


def test_golden_exposed(golden) -> None:
    layer = Bend().generate(with_leads(), stream(42, "golden"))

    golden("bend_exposed", layer.exposed * layer.coverage[..., None])
