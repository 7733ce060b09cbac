"""Tufts splay by their fan, in the part's own colours, and leave its ground where they are gone."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth import load_recipe, synthesize
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.loose.bristles import Bristles, _fibers, _Tuft
from anomsynth.testing import check_generator, make_fibrous_surface, make_surface

STRAIGHT = {"stiffness": 1e4, "disorder_deg": 0}


@pytest.mark.parametrize("mode", ["splayed", "missing"])
def test_keeps_the_generator_contract(mode: str) -> None:
    for channels in (1, 3):
        surface = make_fibrous_surface(channels=channels)
        check_generator(Bristles(mode=mode), surface)
        check_generator(Bristles(mode=mode, edge_probability=0), surface)


def test_only_a_part_with_fibres_has_tufts() -> None:
    smooth = make_surface(channels=3)
    with pytest.raises(PlacementError, match="no fibres"):
        Bristles().generate(smooth, stream(0))

    alone = load_recipe("generic", mechanisms=[{"generator": {"kind": "bristles"}}])
    with pytest.raises(PlacementError, match="works on fibres: the part shows none"):
        synthesize(smooth, alone, seed=0)
    both = load_recipe(
        "generic",
        defects_per_image=3,
        mechanisms=[{"generator": {"kind": kind}} for kind in ("bristles", "color_spot")],
    )
    kinds = {kind for seed in range(6) for kind in synthesize(smooth, both, seed=seed).kinds}
    assert kinds == {"color_spot"}
    hairy = make_fibrous_surface(channels=3)
    kinds = {kind for seed in range(12) for kind in synthesize(hairy, both, seed=seed).kinds}
    assert "bristles" in kinds


def test_fibres_lean_by_how_far_from_the_middle_they_stand() -> None:
    surface = make_surface(400, 400)
    drawn = Bristles(fan_deg=60, fibers=60, length=0.3, **STRAIGHT).draw_ranges(stream(0))
    tuft = _Tuft(surface, drawn, (200.0, 200.0), 30.0, heading=0.0)  # leans to the right

    strokes = _fibers(tuft, stream(1))

    across = np.array([stroke.points[0][0] - 200 for stroke in strokes]) / 30
    way = np.array([stroke.points[-1] - stroke.points[0] for stroke in strokes])
    angles = np.degrees(np.arctan2(way[:, 0], way[:, 1]))
    assert angles == pytest.approx(60 * across, abs=1.5)


def test_fibres_have_the_colours_around_their_root() -> None:
    surface = make_fibrous_surface(200, 200, channels=3)
    red = surface.pixels.copy()
    red[..., 1:] //= 3
    tinted = replace(surface, pixels=red)

    layer = Bristles(mode="splayed").generate(tinted, stream(2))

    shown = layer.exposed[layer.coverage > 0.5].mean(axis=0)
    part = tinted.linear(layer.box).mean(axis=(0, 1))
    assert shown / shown.sum() == pytest.approx(part / part.sum(), abs=0.03)


def test_tufts_at_the_outline_stand_out_of_the_part() -> None:
    surface = make_fibrous_surface(300, 300, border=80)
    beyond = []
    for seed in range(8):
        tuft = Bristles(mode="splayed", edge_probability=1, length=0.4)
        free = replace(surface, reachable=np.ones((300, 300), bool))
        layer = tuft.generate(free, stream(seed))
        part = surface.foreground[layer.box.slices]
        beyond.append(layer.coverage[~part].sum() / layer.coverage.sum())
        assert layer.overhang
    assert np.median(beyond) > 0.3


def test_where_a_tuft_is_gone_the_dark_ground_shows() -> None:
    surface = make_fibrous_surface(300, 300)
    layer = Bristles(mode="missing", root_radius=0.1, depth=0.5).generate(surface, stream(3))

    light = surface.linear(layer.box)
    middle = layer.coverage > 0.9
    assert middle.any()
    assert layer.exposed[middle].mean() < 0.9 * light.mean()
    area = layer.coverage.sum()
    assert area == pytest.approx(np.pi * (0.1 * 284) ** 2, rel=0.25)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Bristles().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("mode", "cut"), ("fibers", 0), ("opacity", 2), ("fan", 3)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "bristles", field: value})


def test_golden_coverage(golden) -> None:
    tuft = Bristles(mode="splayed", edge_probability=0)

    golden("bristles_coverage", tuft.generate(make_fibrous_surface(96, 96), stream(42)).coverage)
