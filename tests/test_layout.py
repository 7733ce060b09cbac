"""The folder layout keeps its promises."""

import tomllib
from pathlib import Path

import pytest

from anomsynth.core.registry import generators, refiners
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "anomsynth").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("role", ["generators", "refiners"])
def test_every_component_has_a_test_and_a_preset(role: str) -> None:
    presets = [tomllib.loads(path.read_text()) for path in (ROOT / "presets").rglob("*.toml")]
    used = {item["generator"]["kind"] for preset in presets for item in preset["mechanisms"]}
    used |= {item["kind"] for preset in presets for item in preset.get("refiners", [])}
    registry = {"generators": generators, "refiners": refiners}[role]

    for kind in registry.kinds():
        assert (ROOT / "tests" / role / f"test_{kind}.py").is_file()
        assert kind in used


@pytest.mark.parametrize("name", preset_names())
def test_presets_load_and_describe_themselves(name: str) -> None:
    recipe = load_recipe(name)

    assert recipe.name == name
    assert recipe.description


def test_public_names_exist_and_nothing_else_is_promised() -> None:
    import anomsynth  # noqa: PLC0415 - the names under test are resolved on first use

    for name in anomsynth.__all__:
        assert getattr(anomsynth, name) is not None
    assert dir(anomsynth) == sorted(anomsynth.__all__)
