"""Options of functions are checked, and errors name the option."""

import numpy as np
import pytest

from anomsynth.api.options import RecipeOptions, choose_recipe, span
from anomsynth.errors import UserError
from anomsynth.recipe.load import load_recipe


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text('version = 1\nfield_mm = 100\n[[mechanisms]]\ngenerator = { kind = "crack" }\n')
    return path


def test_every_option_reaches_the_recipe(recipe_file) -> None:
    options = RecipeOptions(
        kinds=["pitting"],
        refiners=["npcf"],
        severity=(2, 3),
        defects_per_image=(2, 4),
        seed=9,
        mm_per_px=0.5,
        min_score=0.25,
        best_of=4,
    )

    for preset in (recipe_file, str(recipe_file), load_recipe(recipe_file)):
        recipe = choose_recipe(preset, options)

        assert [item.generator.kind for item in recipe.mechanisms] == ["pitting"]
        assert [item.kind for item in recipe.refiners] == ["npcf"]
        assert (recipe.severity.d_prime.low, recipe.severity.d_prime.high) == (2, 3)
        assert (recipe.defects_per_image.low, recipe.defects_per_image.high) == (2, 4)
        assert (recipe.seed, recipe.mm_per_px, recipe.field_mm) == (9, 0.5, None)
        assert (recipe.gates.min_score, recipe.gates.best_of) == (0.25, 4)


@pytest.mark.parametrize(("severity", "cap"), [((2, 6), 4.5), ((8, 12), 8), (9, 9)])
def test_large_areas_are_as_visible_as_the_least_asked_for(recipe_file, severity, cap) -> None:
    recipe = choose_recipe(recipe_file, RecipeOptions(severity=severity))

    assert recipe.severity.area_cap == cap


def test_no_option_leaves_a_recipe_alone(recipe_file) -> None:
    recipe = load_recipe(recipe_file)

    assert choose_recipe(recipe, RecipeOptions(refiners=[])) == recipe


def test_one_word_needs_no_list(recipe_file) -> None:
    recipe = choose_recipe(recipe_file, RecipeOptions(kinds="scratch"))

    assert [item.generator.kind for item in recipe.mechanisms] == ["scratch"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((6, 2), "low 6 is above high 2"),
        ((0, 2), "must be above 0, got '0:2'"),
        (-1, "must be above 0, got '-1'"),
        ((float("nan"), 2), "expected finite numbers"),
        ((1, float("inf")), "expected finite numbers"),
    ],
)
def test_bad_ranges_are_named(given, message) -> None:
    with pytest.raises(UserError) as raised:
        span("severity", given)

    assert str(raised.value).startswith(f"`severity`: {message}")
    assert raised.value.hint == "for example `severity=(2, 6)`"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": "crak"}, "`kinds`: no generators of kind 'crak'"),
        ({"refiners": ["npfc"]}, "`refiners`: no refiners of kind 'npfc'"),
        ({"mm_per_px": 0.0}, "`mm_per_px`: must be above 0"),
        ({"severity": 0.2}, "`severity`: must lie in 0.5:50, got '0.2'"),
        ({"defects_per_image": 0}, "`defects_per_image`: must be above 0"),
        ({"defects_per_image": (1, 2.5)}, "`defects_per_image`: expected whole numbers"),
        ({"seed": -3}, "`seed`: must be at least 0"),
        ({"min_score": 2}, "`min_score`: must lie in 0:1"),
        ({"best_of": 0}, "`best_of`: must be at least 1, got 0"),
        ({"best_of": 1.5}, "`best_of`: expected a whole number, got 1.5"),
        ({"kinds": []}, "`kinds`: name at least one"),
        ({"kinds": 5}, "`kinds`: expected words, got 5"),
        ({"severity": "strong"}, "`severity`: expected a number, got 'strong'"),
        ({"severity": (3, 4, 5)}, "`severity`: expected (low, high), got (3, 4, 5)"),
        ({"defects_per_image": "1:3"}, "`defects_per_image`: expected a number, got '1:3'"),
        ({"mm_per_px": "fine"}, "`mm_per_px`: expected a number, got 'fine'"),
        ({"min_score": "high"}, "`min_score`: expected a number, got 'high'"),
        ({"seed": 1.5}, "`seed`: expected a whole number, got 1.5"),
        ({"seed": "five"}, "`seed`: expected a whole number, got 'five'"),
    ],
)
def test_mistakes_name_the_option(recipe_file, options, message) -> None:
    with pytest.raises(UserError) as raised:
        choose_recipe(recipe_file, RecipeOptions(**options))

    assert str(raised.value).startswith(message)


def test_numbers_of_numpy_are_numbers(recipe_file) -> None:
    options = RecipeOptions(seed=np.int64(3), mm_per_px=np.float32(0.5), severity=np.int64(3))

    recipe = choose_recipe(recipe_file, options)

    assert (recipe.seed, recipe.mm_per_px, recipe.severity.d_prime.low) == (3, 0.5, 3)


def test_something_else_than_a_preset_names_the_option() -> None:
    with pytest.raises(UserError, match=r"`preset`: expected a preset's name, .* got a int"):
        choose_recipe(5, RecipeOptions())


def test_an_unknown_preset_names_the_option() -> None:
    with pytest.raises(UserError, match="`preset`: no preset 'genric'") as raised:
        choose_recipe("genric", RecipeOptions())

    assert "did you mean 'generic'?" in raised.value.hint
