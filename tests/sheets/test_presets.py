"""Presets hold what they promise on their stand-ins."""

import pytest

from anomsynth.errors import RecipeError
from anomsynth.recipe.extend import Extension
from anomsynth.recipe.load import load_recipe, read_extension
from anomsynth.recipe.models import Mechanism
from anomsynth.recipe.presets import preset_names
from anomsynth.sheets import presets as checks
from anomsynth.sheets.presets import check_preset, unused_kinds

CATEGORIES = {"mvtec": 15, "visa": 12, "btad": 3}

# Baselines are published as they are; one preset stands for one kind of defect.
BASELINES = {f"baseline/{name}" for name in ("cutpaste", "draem", "nsa", "paste_real", "pnas")}
RADIOGRAPHS = {"radiograph_casting", "radiograph_weld"}  # most of the broad one is not seen there
ALONE = {*BASELINES, *RADIOGRAPHS, "generic", "magnetic_tile_crack"}


def test_every_mechanism_is_used_by_a_preset() -> None:
    assert unused_kinds() == []


@pytest.mark.parametrize(("family", "count"), CATEGORIES.items())
def test_every_category_has_a_preset_that_says_what_it_stands_for(family: str, count: int) -> None:
    names = [name for name in preset_names() if name.startswith(f"{family}/")]

    recipes = [load_recipe(name) for name in names]

    assert len(names) == count
    assert all(recipe.stands_for for recipe in recipes)


def own_mechanisms(name: str) -> tuple[Mechanism, ...]:
    alone = read_extension(name) is None
    return (load_recipe(name) if alone else load_recipe(name, base_share=0)).mechanisms


@pytest.mark.parametrize("name", sorted(set(preset_names()) - ALONE))
def test_most_of_what_a_preset_makes_is_what_the_broad_one_makes(name: str) -> None:
    recipe = load_recipe(name)
    own = sum(item.weight for item in own_mechanisms(name))

    extension = read_extension(name)
    assert extension == Extension(
        base="generic", base_share=0.75, base_without=extension.base_without
    )
    assert own / sum(item.weight for item in recipe.mechanisms) == pytest.approx(0.25)


METALS = ("metal", "magnetic", "screw", "grid", "btad/01", "btad/03")
MAY_RUST = (*METALS, "cable", "zipper", "transistor", "pcb", "concrete")


@pytest.mark.parametrize("name", sorted(set(preset_names()) - ALONE))
def test_only_what_holds_metal_rusts(name: str) -> None:
    kinds = {item.generator.kind for item in load_recipe(name).mechanisms}
    finishes = [
        item.generator.mode
        for item in load_recipe(name).mechanisms
        if item.generator.kind == "wrong_finish"
    ]

    metal = any(word in name for word in MAY_RUST)
    assert ("rust" in kinds) == metal
    assert finishes
    if not metal:
        assert set(finishes) <= {"tone", "other"}


@pytest.mark.slow
@pytest.mark.parametrize("name", preset_names())
def test_each_mechanism_of_a_preset_finds_its_place(name: str) -> None:
    result = check_preset(name)

    assert result.problems == ()
    assert len(result.rows) == len(own_mechanisms(name))


def test_an_unknown_stand_in_is_named(monkeypatch) -> None:
    odd = load_recipe("metal").model_copy(update={"stand_in": "teapot"})
    monkeypatch.setattr(checks, "load_recipe", lambda _, **__: odd)

    with pytest.raises(RecipeError, match="teapot"):
        check_preset("metal")


def test_a_mechanism_without_a_place_is_a_problem(monkeypatch) -> None:
    metal = load_recipe("metal")
    bend = load_recipe("mvtec/transistor").mechanisms[0]
    odd = metal.model_copy(update={"mechanisms": (bend,), "stand_in": "smooth"})
    monkeypatch.setattr(checks, "load_recipe", lambda _, **__: odd)

    (problem,) = check_preset("metal").problems

    assert problem.startswith("mechanisms[0]")
