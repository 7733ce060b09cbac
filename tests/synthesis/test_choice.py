"""Mechanisms are picked by weight among those that have something to work on, and not in vain."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.core.types import SampleKey, Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.wear.wrong_finish import WrongFinish
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Mechanism
from anomsynth.synthesis import choice
from anomsynth.synthesis.choice import pick_mechanism
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_fibrous_surface, make_surface


def mechanisms(**weights: float) -> tuple[Mechanism, ...]:
    written = [{"generator": {"kind": kind}, "weight": weight} for kind, weight in weights.items()]
    return load_recipe("generic", mechanisms=written).mechanisms


def picked(share: float, surface: Surface, **weights: float) -> str:
    return pick_mechanism(mechanisms(**weights), share, None, surface).generator.kind


def test_shares_of_picks_are_the_weights() -> None:
    kinds = [picked(share, make_surface(), crack=1, dust=3) for share in np.linspace(0, 0.999, 40)]

    assert kinds == ["crack"] * 10 + ["dust"] * 30


def test_fibres_count_where_the_part_shows_some() -> None:
    smooth, fibrous = make_surface(200, 240), make_fibrous_surface(200, 240, border=30)

    assert picked(0.4, smooth, crack=1, bristles=1, dust=1) == "crack"
    assert picked(0.4, fibrous, crack=1, bristles=1, dust=1) == "bristles"


def test_fibres_are_looked_for_only_where_they_decide(monkeypatch) -> None:
    looked: list[Surface] = []
    monkeypatch.setattr(choice, "fibrous_sites", lambda surface: looked.append(surface) or ())

    assert picked(0.1, make_surface(), crack=1, bristles=1, dust=1) == "crack"
    assert not looked
    assert picked(0.5, make_surface(), crack=1, bristles=1, dust=1) == "dust"
    assert len(looked) == 1


def test_says_what_is_missing_where_nothing_is_left() -> None:
    with pytest.raises(PlacementError, match="the part shows none"):
        picked(0.5, make_surface(), bristles=1)
    with pytest.raises(PlacementError, match="mark them in a mask"):
        picked(0.5, make_surface(), missing_part=1)


def test_nothing_is_drawn_for_which_earlier_defects_leave_no_room(monkeypatch) -> None:
    drawn = []
    make = WrongFinish.generate

    def counted(self: WrongFinish, surface: Surface, rng: np.random.Generator) -> object:
        drawn.append(self)
        return make(self, surface, rng)

    monkeypatch.setattr(WrongFinish, "generate", counted)
    finish = {"kind": "wrong_finish", "whole_probability": 1, "mode": "bare"}
    recipe = load_recipe(
        "generic", mechanisms=[{"generator": finish}], defects_per_image=[3, 3], mixed_probability=0
    )
    sample = synthesize(make_surface(channels=3), recipe, key=SampleKey("", "", 0))

    assert len(sample.instances) == 1
    assert sample.attempt > len(drawn)


@pytest.mark.parametrize("seed", range(12))
def test_a_wrong_finish_covers_the_share_that_it_promises(seed: int) -> None:
    surface = make_surface(96, 130, channels=3)
    allowed = surface.allowed.copy()
    allowed[20:60, 30:80] = False
    surface = replace(surface, allowed=allowed)
    finish = WrongFinish(whole_probability=0)
    layer = finish.generate(surface, stream(seed))

    assert np.count_nonzero(layer.support) >= int(finish.least_share * np.count_nonzero(allowed))
