"""A recipe is written as TOML that loads back equal, and shows itself in a line or as TOML."""

import tomllib

import pytest

from anomsynth.core.registry import generators
from anomsynth.recipe.load import build_recipe, load_recipe
from anomsynth.recipe.presets import preset_names


def reread(text: str):
    return build_recipe(tomllib.loads(text), "written")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_written_as_toml_that_loads_back_equal(name: str, tmp_path) -> None:
    recipe = load_recipe(name)
    (tmp_path / "again.toml").write_text(recipe.to_toml(), encoding="utf-8")

    assert load_recipe(tmp_path / "again.toml") == recipe


@pytest.mark.parametrize("kind", generators.kinds())
def test_every_kind_survives_with_values_of_its_own(kind: str) -> None:
    plain = generators.build({"kind": kind})
    narrowed = {name: item.high for name, item in plain.ranges.items()}
    generator = generators.build({"kind": kind, **narrowed})
    recipe = load_recipe("metal", mechanisms=[{"generator": generator, "d_prime": [2, 3]}])

    assert reread(recipe.to_toml()) == recipe


def test_text_with_every_sign_survives() -> None:
    text = 'say "a\\b"\n\ttab \x7f \x01 ü → ``` \u2028'
    recipe = load_recipe("metal", description=text, cannot=[text, ""], seed=2**40)

    assert reread(recipe.to_toml()).description == text
    assert reread(recipe.to_toml()) == recipe


def test_what_stands_at_its_default_is_left_out() -> None:
    text = load_recipe("metal", severity={"d_prime": 3}).to_toml()

    assert "d_prime = 3" in text
    assert "area_cap" not in text
    assert "redraws" not in text


@pytest.mark.parametrize("name", preset_names())
def test_a_recipe_is_one_line(name: str) -> None:
    recipe = load_recipe(name)
    long = load_recipe(name, name="n" * 500, seed=2**62)

    assert name in repr(recipe)
    assert str(recipe) == repr(recipe)
    assert max(len(repr(item)) for item in (recipe, long)) <= 120
    assert "\n" not in repr(long)


def test_a_notebook_shows_the_toml() -> None:
    recipe = load_recipe("metal", description="```")

    shown = recipe._repr_markdown_()

    assert shown == f"````toml\n{recipe.to_toml()}````"
