"""Parameters speak one language: a name says what a number is, a unit what it is measured in."""

import warnings

import pytest

from anomsynth.core.component import UNITS
from anomsynth.core.registry import generators, refiners
from anomsynth.errors import RenamedWarning
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Gates, Material, Mechanism, Radiation, Recipe, Severity
from anomsynth.recipe.presets import preset_names

SUFFIXES = {"_probability": "probability", "_mm": "mm", "_deg": "degrees"}
MODELS = [
    *(registry.load(kind) for registry in (generators, refiners) for kind in registry.kinds()),
    *(Material, Severity, Radiation, Gates),
]


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_has_a_unit_of_the_list_and_says_what_it_is(model) -> None:
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        unit = (field.json_schema_extra or {}).get("unit")
        assert unit in UNITS, f"{name}: {unit!r}"
        assert field.description, name


@pytest.mark.parametrize("model", MODELS)
def test_names_end_as_their_units_say(model) -> None:
    for name, field in model.model_fields.items():
        unit = (field.json_schema_extra or {}).get("unit")
        for suffix, wanted in SUFFIXES.items():
            assert name.endswith(suffix) == (unit == wanted), f"{name}: {unit!r}"


@pytest.mark.parametrize("model", MODELS)
def test_the_only_shares_in_names_are_those_of_areas(model) -> None:
    shares = [name for name in model.model_fields if name.endswith("_share")]

    assert set(shares) <= {"area_share"}


@pytest.mark.parametrize("model", [Recipe, Mechanism])
def test_what_a_recipe_writes_about_numbers_has_units_of_the_list(model) -> None:
    units = [
        field.json_schema_extra["unit"]
        for field in model.model_fields.values()
        if isinstance(field.json_schema_extra, dict)
    ]

    assert units
    assert set(units) <= set(UNITS)


@pytest.mark.parametrize("name", preset_names())
def test_presets_use_no_old_name(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RenamedWarning)
        load_recipe(name)
