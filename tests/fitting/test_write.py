"""The recipe is short, says what it stands for, and is left to the base where nothing is known."""

import tomllib

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.fitting.candidates import list_candidates
from anomsynth.fitting.explain import Explanation
from anomsynth.fitting.mixture import Mixture
from anomsynth.fitting.simulate import D_PRIME_NAME, Layers
from anomsynth.fitting.write import base_share, fit_mechanisms, recipe_lines
from anomsynth.recipe.load import build_recipe, load_recipe

LAYERS = 60


def explanation(shares: list[list[float]]) -> Explanation:
    """Explain defects by scratch, stain and none; their layers were drawn from the whole ranges."""
    candidates = list_candidates(load_recipe("generic"), ("scratch", "stain"))
    layers, likeness = [], []
    for candidate in candidates:
        rng = stream(0, candidate.kind)
        spans = candidate.wide.ranges
        values = [[*(span.draw(rng) for span in spans.values()), 5.0] for _ in range(LAYERS)]
        names = (*spans, D_PRIME_NAME)
        empty = np.empty((LAYERS, 0))
        layers.append(Layers(np.arange(LAYERS), empty, np.array(values), (), names))
        longest = np.argsort([row[0] for row in values])[-4:]  # those like the real defects
        rows = np.zeros((len(shares), LAYERS))
        rows[:, longest] = 1 / 4
        likeness.append(rows)
    table = np.array(shares)
    mixture = Mixture(table.mean(axis=0), table)
    counts = np.ones(len(shares))
    return Explanation(candidates, tuple(layers), mixture, tuple(likeness), counts)


def test_mechanisms_have_weights_ranges_and_the_names_of_defects() -> None:
    found = explanation([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.1, 0.9, 0], [1, 0, 0]])

    text = "\n".join(recipe_lines(found, fit_mechanisms(found), ["a", "b", "c", "d"], BASE))
    recipe = build_recipe({"name": "x", **tomllib.loads(text)}, "x")

    scratch, stain = recipe.mechanisms[:2]
    assert (scratch.generator.kind, stain.generator.kind) == ("scratch", "stain")
    assert scratch.weight > 2 * stain.weight
    assert "# Like d, a, b." in text
    assert "# Like c." in text
    assert scratch.generator.ranges["length"].low > 2 * FREE.low
    assert scratch.generator.ranges["turn_deg"] == SCRATCH.ranges["turn_deg"]
    assert scratch.d_prime.low == scratch.d_prime.high == 5


def test_without_a_mechanism_all_is_left_to_the_base() -> None:
    found = explanation([[0.1, 0, 0.9], [0, 0.1, 0.9]])

    lines = recipe_lines(found, fit_mechanisms(found), ["a", "b"], {**BASE, "mm_per_px": 0.1})

    assert lines == ['base = "generic"', "mm_per_px = 0.1"]


@pytest.mark.parametrize("pasted", [0.0, 0.25, 0.75])
def test_pasted_defects_take_their_share_from_mechanisms_and_base_alike(pasted) -> None:
    found = explanation([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.1, 0.9, 0], [1, 0, 0]])

    text = "\n".join(recipe_lines(found, fit_mechanisms(found), list("abcd"), BASE, pasted))
    recipe = build_recipe({"name": "x", **tomllib.loads(text)}, "x")

    every = sum(item.weight for item in recipe.mechanisms)
    kinds = [item.generator.kind for item in recipe.mechanisms]
    own = sum(item.weight for item in recipe.mechanisms[:2]) / every
    paste = sum(i.weight for i in recipe.mechanisms if i.generator.kind == "paste_real") / every
    assert ("paste_real" in kinds) == (pasted > 0)
    assert paste == pytest.approx(pasted, abs=0.01)
    assert own == pytest.approx((1 - pasted) * (1 - base_share(found)), abs=0.02)


def test_what_nothing_explains_is_pasted_or_left_to_the_base() -> None:
    found = explanation([[0.1, 0, 0.9], [0, 0.1, 0.9]])

    text = "\n".join(recipe_lines(found, (), ["a", "b"], BASE, 0.5))

    assert tomllib.loads(text)["base_share"] == 0.5
    assert [m["generator"]["kind"] for m in tomllib.loads(text)["mechanisms"]] == ["paste_real"]


@pytest.mark.parametrize(("pictures", "share"), [(1, 0.49), (40, 0.35), (300, 0.17)])
def test_the_base_s_share_falls_as_real_defects_grow(pictures, share) -> None:
    assert base_share(explanation([[1.0, 0, 0]] * pictures)) == share


def test_what_nothing_explains_is_left_to_the_base() -> None:
    assert base_share(explanation([[0.5, 0, 0.5]] * 40)) == pytest.approx(0.35 + 0.65 / 2, abs=0.01)


BASE = {"base": "generic"}
SCRATCH = next(
    item.generator for item in load_recipe("generic").mechanisms if item.generator.kind == "scratch"
)
FREE = SCRATCH.ranges["length"]
