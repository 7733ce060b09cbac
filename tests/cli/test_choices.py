"""Option values are checked, and errors name the option."""

import pytest

from anomsynth.cli.choices import choose_recipe, parse_counts, parse_range, parse_shard, parse_words
from anomsynth.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2:6", (2, 6)), ("1.5", (1.5, 1.5)), (" 2 : 6 ", (2, 6)), ("3:3", (3, 3))],
)
def test_ranges_are_two_numbers_or_one(text, expected) -> None:
    assert parse_range("--severity", text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "expected LO:HI, got 'abc'"),
        ("", "expected LO:HI"),
        ("2:", "expected LO:HI"),
        (":6", "expected LO:HI"),
        ("1:2:3", "expected LO:HI"),
        ("2-6", "expected LO:HI"),
        ("6:2", "low 6 is above high 2"),
        ("0:2", "must be above 0"),
        ("-1:2", "must be above 0"),
        ("nan:2", "finite"),
        ("1:inf", "finite"),
    ],
)
def test_bad_ranges_are_named(text, message) -> None:
    with pytest.raises(UserError, match=message) as raised:
        parse_range("--severity", text)

    assert str(raised.value).startswith("--severity: ")
    assert raised.value.hint


def test_counts_are_whole() -> None:
    assert parse_counts("--defects-per-image", "1:3") == (1, 3)
    with pytest.raises(UserError, match="--defects-per-image: expected whole numbers"):
        parse_counts("--defects-per-image", "1.5")


def test_words_are_separated_by_commas_and_come_once() -> None:
    assert parse_words("--kinds", "b, a,b,") == ["b", "a"]


def test_an_unknown_word_has_a_suggestion() -> None:
    with pytest.raises(UserError, match="--extras: no such choice 'sotf'") as raised:
        parse_words("--extras", "soft,sotf", ["soft", "class"])

    assert raised.value.hint == "did you mean 'soft'?"
    with pytest.raises(UserError, match="--extras: expected"):
        parse_words("--extras", " , ")


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/4", "1/4/2"])
def test_a_shard_is_i_of_n(text) -> None:
    assert parse_shard("--shard", "2/4") == (2, 4)
    with pytest.raises(UserError, match="--shard: expected i/n"):
        parse_shard("--shard", text)


def test_every_option_reaches_the_recipe(recipe_file) -> None:
    recipe = choose_recipe(
        str(recipe_file),
        kinds="pitting",
        refiners="npcf",
        severity="2:3",
        defects_per_image="2:4",
        seed=9,
        mm_per_px=0.5,
    )

    assert [item.generator.kind for item in recipe.mechanisms] == ["pitting"]
    assert [item.kind for item in recipe.refiners] == ["npcf"]
    assert (recipe.severity.d_prime.low, recipe.severity.d_prime.high) == (2, 3)
    assert (recipe.defects_per_image.low, recipe.defects_per_image.high) == (2, 4)
    assert (recipe.seed, recipe.mm_per_px, recipe.field_mm) == (9, 0.5, None)


@pytest.mark.parametrize(("text", "cap"), [("2:6", 4.5), ("8:12", 8)])
def test_large_areas_are_as_visible_as_the_least_asked_for(recipe_file, text, cap) -> None:
    recipe = choose_recipe(str(recipe_file), severity=text)

    assert recipe.severity.area_cap == cap


def test_no_option_leaves_the_recipe_alone(recipe_file) -> None:
    recipe = choose_recipe(str(recipe_file), refiners="none")

    assert recipe == choose_recipe(str(recipe_file))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": "crak"}, "--kinds: no generators of kind 'crak'"),
        ({"refiners": "npfc"}, "--refiners: no refiners of kind 'npfc'"),
        ({"mm_per_px": 0.0}, "--mm-per-px: must be above 0"),
        ({"severity": "x"}, "--severity: "),
        ({"defects_per_image": "0"}, "--defects-per-image: must be above 0"),
    ],
)
def test_mistakes_name_the_option(recipe_file, options, message) -> None:
    with pytest.raises(UserError) as raised:
        choose_recipe(str(recipe_file), **options)

    assert str(raised.value).startswith(message)


def test_an_unknown_preset_names_the_option() -> None:
    with pytest.raises(UserError, match="--preset: no preset 'genric'") as raised:
        choose_recipe("genric")

    assert "did you mean 'generic'?" in raised.value.hint
