"""Recipes load from files and presets, and every mistake is named with its place."""

from pathlib import Path

import pytest

from anomsynth.core.component import LogRange
from anomsynth.core.registry import generators
from anomsynth.errors import RecipeError, RenamedWarning, UnknownComponentError
from anomsynth.recipe.load import (
    build_recipe,
    choose_kinds,
    choose_refiners,
    load_recipe,
    recorded_recipe,
)
from anomsynth.recipe.presets import find_preset, preset_folder, preset_names

GOOD = """\
version = 1
description = "two mechanisms"
field_mm = 50
defects_per_image = [1, 2]

[[mechanisms]]
weight = 2
generator = { kind = "crack", width_mm = [0.1, 0.2] }

[[mechanisms]]
generator = { kind = "pitting" }

[[refiners]]
kind = "npcf"
offset_gain = 0.1

[severity]
d_prime = [2, 4]

[material]
specular = 0.7
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "part.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_reads_every_part_of_a_recipe_file(write) -> None:
    recipe = load_recipe(write(GOOD))

    assert [item.generator.kind for item in recipe.mechanisms] == ["crack", "pitting"]
    assert recipe.mechanisms[0].generator.width_mm == LogRange(low=0.1, high=0.2)
    assert recipe.mechanisms[0].weight == 2
    assert recipe.refiners[0].offset_gain == 0.1
    assert recipe.severity.d_prime.high == 4
    assert recipe.material.specular == 0.7


def test_a_file_without_a_name_is_called_like_the_file(write) -> None:
    assert load_recipe(write(GOOD)).name == "part"


@pytest.mark.parametrize(
    ("wrong", "right", "message", "hint"),
    [
        ("kind = \"crack\", width_mm = [0.1, 0.2]", "kind = \"crak\"",
         "part.toml: mechanisms[0].generator: no generators of kind 'crak'", "'crack'"),
        ("width_mm = [0.1, 0.2]", "width_mm = [5, 1]",
         "part.toml: mechanisms[0].generator: width_mm: low 5 is above high 1", ""),
        ("width_mm = [0.1, 0.2]", "widht_mm = 1",
         "part.toml: mechanisms[0].generator: widht_mm: no such parameter", "'width_mm'"),
        ('generator = { kind = "pitting" }', "weight = 1",
         "part.toml: mechanisms[1].generator: is missing", 'write generator = { kind'),
        ('generator = { kind = "pitting" }', 'generator = "pitting"',
         "part.toml: mechanisms[1].generator: expected a table with a kind",
         '{ kind = "pitting" }'),
        ('generator = { kind = "pitting" }', "generator = { }",
         "part.toml: mechanisms[1].generator: generators: entry without a kind", "add a kind"),
        ("weight = 2", "weigth = 2", "part.toml: mechanisms[0].weigth: no such key", "'weight'"),
        ("weight = 2", "weight = 0",
         "part.toml: mechanisms[0].weight: input should be greater than 0, got 0", ""),
        ('kind = "npcf"', 'kind = "npfc"',
         "part.toml: refiners[0]: no refiners of kind 'npfc'", "'npcf'"),
        ("[[refiners]]", "[refiners]",
         "part.toml: refiners: expected a list of tables", "[[refiners]]"),
        ("d_prime = [2, 4]", "d_prime = [4, 2]",
         "part.toml: severity.d_prime: low 4 is above high 2", ""),
        ("d_prime = [2, 4]", "d_prim = 2", "part.toml: severity.d_prim: no such key", "'d_prime'"),
        ("field_mm", "feild_mm", "part.toml: feild_mm: no such key", "'field_mm'"),
        ("field_mm = 50", "", "part.toml: give exactly one of mm_per_px, field_mm,", ""),
        ("version = 1", "version = 2", "part.toml: version: input should be 1, got 2", ""),
        ("specular = 0.7", 'specular = "high"',
         "part.toml: material.specular: input should be a valid number", ""),
        ("version = 1", "version = ", "part.toml: not valid TOML", "quotes"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_file_and_place(write, wrong, right, message, hint) -> None:
    assert wrong in GOOD

    with pytest.raises((RecipeError, UnknownComponentError)) as raised:
        load_recipe(write(GOOD.replace(wrong, right)))

    assert message in str(raised.value)
    assert hint in raised.value.hint


def test_a_toml_error_names_its_line(write) -> None:
    with pytest.raises(RecipeError, match="line 3"):
        load_recipe(write(GOOD.replace("field_mm = 50", "field_mm = fifty")))


def test_a_missing_file_a_folder_and_a_picture_are_user_errors(tmp_path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\xff\xfe")

    for name, message in (
        ("none", "no such file"),
        ("folder", "cannot be read"),
        ("picture", "not a text file"),
    ):
        with pytest.raises(RecipeError, match=message):
            load_recipe(str(tmp_path / f"{name}.toml"))


def test_changes_replace_values_merge_tables_and_keep_the_rest(write) -> None:
    path = write(GOOD)

    changed = load_recipe(path, seed=7, severity={"area_cap": 3}, mm_per_px=0.2)

    assert (changed.seed, changed.mm_per_px, changed.field_mm) == (7, 0.2, None)
    assert (changed.severity.area_cap, changed.severity.d_prime.low) == (3, 2)
    assert changed.mechanisms == load_recipe(path).mechanisms


def test_old_names_in_files_and_changes_are_understood_and_told(write) -> None:
    path = write(GOOD.replace("version = 1", "version = 1\nmixed_share = 0.2"))

    with pytest.warns(RenamedWarning, match="^mixed_share is called mixed_probability now$"):
        assert load_recipe(path).mixed_probability == 0.2
    with pytest.warns(RenamedWarning):
        assert load_recipe(path, mixed_probability=0.4).mixed_probability == 0.4
    with pytest.warns(RenamedWarning):
        assert load_recipe(write(GOOD), mixed_share=0.6).mixed_probability == 0.6


def test_old_names_in_what_a_run_recorded_are_understood_in_silence() -> None:
    crack = {"generator": {"kind": "crack"}}
    written = {"name": "x", "field_mm": 1, "mixed_share": 0.2, "mechanisms": [crack]}

    assert recorded_recipe(written, "run.json").mixed_probability == 0.2


def test_an_old_name_beside_the_new_one_is_a_mistake(write) -> None:
    both = "version = 1\nmixed_share = 0.2\nmixed_probability = 0.2"

    with pytest.raises(RecipeError, match="mixed_share is the old name of mixed_probability"):
        load_recipe(write(GOOD.replace("version = 1", both)))


def test_a_bad_change_is_not_blamed_on_the_file(write) -> None:
    with pytest.raises(RecipeError, match=r"part\.toml as changed: seed: .*got -1"):
        load_recipe(write(GOOD), seed=-1)


def test_components_in_code_are_taken_as_they_are(write) -> None:
    crack = generators.build({"kind": "crack", "width_mm": 0.5})

    recipe = load_recipe(write(GOOD), mechanisms=[{"generator": crack}], refiners=[])

    assert recipe.mechanisms[0].generator is crack
    assert recipe.refiners == ()


def test_chosen_kinds_keep_the_parameters_of_the_recipe(write) -> None:
    recipe = choose_kinds(load_recipe(write(GOOD)), ["crack"])

    assert [item.generator.kind for item in recipe.mechanisms] == ["crack"]
    assert recipe.mechanisms[0].generator.width_mm.high == 0.2


def test_a_chosen_kind_the_recipe_lacks_joins_with_its_defaults(write) -> None:
    recipe = choose_kinds(load_recipe(write(GOOD)), ["warpage", "crack"])

    assert [item.generator.kind for item in recipe.mechanisms] == ["crack", "warpage"]
    assert recipe.mechanisms[1].generator == generators.build({"kind": "warpage"})


def test_chosen_refiners_come_in_order_with_the_parameters_of_the_recipe(write) -> None:
    recipe = choose_refiners(load_recipe(write(GOOD)), ["npcf_plus", "npcf"])

    assert [item.kind for item in recipe.refiners] == ["npcf_plus", "npcf"]
    assert recipe.refiners[1].offset_gain == 0.1
    assert choose_refiners(recipe, []).refiners == ()


@pytest.mark.parametrize("choose", [choose_kinds, choose_refiners])
def test_choosing_an_unknown_kind_is_an_error(write, choose) -> None:
    with pytest.raises(UnknownComponentError):
        choose(load_recipe(write(GOOD)), ["crak_"])


def test_a_recipe_needs_a_mechanism() -> None:
    with pytest.raises(RecipeError, match="here: mechanisms"):
        build_recipe({"name": "x", "field_mm": 1, "mechanisms": []}, "here")


@pytest.mark.parametrize("name", preset_names())
def test_every_shipped_preset_loads_and_says_what_it_is_for(name) -> None:
    recipe = load_recipe(name)

    assert recipe.name == name
    assert recipe.description


def test_an_unknown_preset_has_a_hint() -> None:
    with pytest.raises(UnknownComponentError, match="no preset 'genric'") as raised:
        load_recipe("genric")

    assert "did you mean 'generic'?" in raised.value.hint


def test_presets_in_folders_are_named_with_the_folder_and_hinted_without(
    tmp_path, monkeypatch
) -> None:
    (tmp_path / "mvtec").mkdir()
    (tmp_path / "mvtec" / "bottle.toml").write_text(GOOD)
    monkeypatch.setattr("anomsynth.recipe.presets.preset_folder", lambda: tmp_path)

    assert preset_names() == ["mvtec/bottle"]
    assert find_preset("mvtec/bottle") == tmp_path / "mvtec" / "bottle.toml"
    with pytest.raises(UnknownComponentError) as raised:
        find_preset("botle")
    assert "mvtec/bottle" in raised.value.hint


def test_presets_in_the_package_win_over_those_beside_it(tmp_path, monkeypatch) -> None:
    package = tmp_path / "site" / "anomsynth"
    for folder in (package, tmp_path / "site"):
        (folder / "presets").mkdir(parents=True)
    monkeypatch.setattr("anomsynth.recipe.presets.__file__", str(package / "recipe" / "presets.py"))

    assert preset_folder() == package / "presets"
    (package / "presets").rmdir()
    assert preset_folder() == tmp_path / "site" / "presets"
