"""The sliders change weights, sizes and strength of a recipe, and nothing else."""

import pytest
from pydantic import ValidationError

import anomsynth as asy
from anomsynth.errors import UserError
from anomsynth.tuning.settings import Settings, tuned

RECIPE = asy.load_recipe("metal")


def weights(recipe: asy.Recipe) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in recipe.mechanisms:
        found[item.generator.kind] = found.get(item.generator.kind, 0) + item.weight
    return found


def test_untouched_sliders_leave_the_recipe_as_it_is() -> None:
    assert tuned(RECIPE, Settings()) == RECIPE


def test_weights_are_relative_and_zero_is_never() -> None:
    before, after = (
        weights(RECIPE),
        weights(tuned(RECIPE, Settings(weights={"scratch": 4, "rust": 0, "dust": 1}))),
    )

    assert after["scratch"] == pytest.approx(4 * before["scratch"])
    assert "rust" not in after
    assert after["crack"] == before["crack"]


def test_a_kind_that_the_preset_has_not_joins_it() -> None:
    recipe = asy.load_recipe("magnetic_tile_crack")
    assert "stain" not in weights(recipe)

    after = weights(tuned(recipe, Settings(weights={"stain": 1})))

    assert after["stain"] > 0


def test_strength_and_number_replace_those_of_the_recipe() -> None:
    after = tuned(RECIPE, Settings(severity=(3, 4), defects_per_image=(2, 5)))

    assert (after.severity.d_prime.low, after.severity.d_prime.high) == (3, 4)
    assert (after.defects_per_image.low, after.defects_per_image.high) == (2, 5)
    assert after.severity.area_cap == RECIPE.severity.area_cap


def test_one_kind_alone_may_be_looked_at_though_it_never_happens() -> None:
    alone = tuned(RECIPE, Settings(weights={"crack": 0}), only="crack")

    assert set(weights(alone)) == {"crack"}


def test_something_has_to_happen() -> None:
    with pytest.raises(UserError, match="every kind is at 0"):
        tuned(RECIPE, Settings(weights=dict.fromkeys(weights(RECIPE), 0)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": [4, 3]},
        {"severity": [0, 3]},
        {"weights": {"crack": -1}},
        {"sizes": {"crack": 0}},
        {"defects_per_image": [1, 1000]},
        {"colour": 1},
    ],
)
def test_what_no_slider_says_is_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)
