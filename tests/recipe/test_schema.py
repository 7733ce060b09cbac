"""A recipe written out is the recipe that was read in."""

import tomllib
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomsynth.core.component import Component, PositiveRange, parameter
from anomsynth.core.registry import generators, refiners
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names
from anomsynth.recipe.schema import recipe_schema, to_toml
from anomsynth.recipe.toml import value_text


class Odd(Component):
    """Parameters of every type a plugin may have."""

    kind: Literal["odd"] = "odd"
    width_mm: PositiveRange = parameter((0.1, 2), "mm", "width")
    names: tuple[str, ...] = ('quo"te', "back\\slash", "new\nline")
    table: dict[str, float] = parameter({"a b": 1.5, "c": 2.0}, "", "nested")
    on: bool = True


@pytest.mark.parametrize("name", preset_names())
def test_a_dumped_preset_loads_as_the_same_recipe(name, tmp_path) -> None:
    recipe = load_recipe(name)
    path = tmp_path / "dumped.toml"

    path.write_text(to_toml(recipe), encoding="utf-8")

    assert load_recipe(path) == recipe


def test_changed_values_survive_the_dump(tmp_path) -> None:
    path = tmp_path / "dumped.toml"
    recipe = load_recipe(
        "generic",
        description='tabs\tand "quotes" and µm',
        severity={"d_prime": [1 / 3, 1e12]},
        defects_per_image=2,
        refiners=[],
        mechanisms=[{"weight": 0.1, "generator": {"kind": "crack", "mode": "path"}}],
    )

    path.write_text(to_toml(recipe), encoding="utf-8")

    assert load_recipe(path) == recipe


def test_parameters_of_every_type_become_valid_toml() -> None:
    dumped = Odd().model_dump(mode="json")

    read = tomllib.loads(f"odd = {value_text(dumped)}")["odd"]

    assert Odd.model_validate(read) == Odd()


def test_defaults_are_written_out() -> None:
    written = tomllib.loads(to_toml(load_recipe("generic")))

    assert written["gates"]["attempts"] >= 1
    assert written["severity"]["area_cap"] > 0
    assert written["material"]["ambient"] >= 0


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('delete \x7f, escape \x1b, "quoted" \\ slash')
def test_every_string_survives(text) -> None:
    assert tomllib.loads(f"text = {value_text(text)}")["text"] == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives(number) -> None:
    assert tomllib.loads(f"number = {value_text(number)}")["number"] == number


def test_a_value_without_a_form_in_toml_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        value_text(None)


def test_the_schema_knows_every_component_and_its_parameters() -> None:
    schema = recipe_schema()

    for registry, base in ((generators, "Generator"), (refiners, "Refiner")):
        choices = [choice["$ref"] for choice in schema["$defs"][base]["oneOf"]]
        assert choices == [f"#/$defs/{registry.role}.{kind}" for kind in registry.kinds()]
    crack = schema["$defs"]["generators.crack"]
    assert crack["properties"]["kind"]["const"] == "crack"
    assert "kind" in crack["required"]
    assert crack["additionalProperties"] is False


def test_the_schema_refers_to_nothing_it_does_not_define() -> None:
    schema = recipe_schema()

    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                yield from references(item)

    assert {item.removeprefix("#/$defs/") for item in references(schema)} <= set(schema["$defs"])


@pytest.mark.parametrize("name", ["Range", "LogRange", "CountRange", "Bounds", "LogBounds"])
def test_the_schema_takes_ranges_as_people_write_them(name: str) -> None:
    forms = recipe_schema()["$defs"][name]["anyOf"]

    assert {form["type"] for form in forms} == {"number", "array"}
