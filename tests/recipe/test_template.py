"""A recipe to begin with is the preset, until somebody takes a mark away."""

from pathlib import Path

import pytest

from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names
from anomsynth.recipe.template import recipe_template


def load(folder: Path, text: str):
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


@pytest.mark.parametrize("name", preset_names())
def test_a_template_is_the_same_recipe_as_its_preset(name: str, tmp_path: Path) -> None:
    recipe = load(tmp_path, recipe_template(name))

    of_itself = {"name": "mine", "description": ""}
    assert recipe == load_recipe(name).model_copy(update=of_itself)


@pytest.mark.parametrize("name", ["generic", "metal", "mvtec/pill"])
def test_every_mark_may_be_taken_away(name: str, tmp_path: Path) -> None:
    lines = recipe_template(name).splitlines()
    opened = [line.removeprefix("# ") if " = " in line or "[[" in line else line for line in lines]
    known = "\n".join(line for line in opened if not line.startswith("mm_per_px"))

    recipe = load(tmp_path, known)

    preset = load_recipe(name)
    assert recipe.severity == preset.severity
    assert recipe.material == preset.material
    assert recipe.scale == preset.scale
    own = load_recipe(name, base_share=0) if name != "generic" else preset
    assert recipe.mechanisms[: len(own.mechanisms)] == own.mechanisms
    assert len(recipe.mechanisms) == len(own.mechanisms) + len(preset.mechanisms)
