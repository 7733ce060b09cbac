"""`anomsynth list` and `anomsynth show` say what there is and what it means."""

import json

import pytest

import anomsynth as asy
from anomsynth.cli.roles import ROLES, catalogue
from anomsynth.core.registry import Origin, generators, refiners
from anomsynth.recipe import presets
from anomsynth.recipe.presets import preset_names


def test_list_names_everything_with_one_line_each(call) -> None:
    result = call("list")

    assert result.exit_code == 0
    for name in (*generators.kinds(), *refiners.kinds(), *preset_names()):
        assert any(line.startswith(f"{name}  ") for line in result.stdout.splitlines()), name


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_listed_and_each_of_its_kinds_explained(call, role) -> None:
    kinds = catalogue(role).kinds()

    listed = json.loads(call("list", role, "--json").stdout)[role]
    shown = {kind: json.loads(call("show", kind, "--json").stdout) for kind in kinds}

    assert list(listed) == kinds
    assert all(line and "``" not in line for line in listed.values())
    assert {found["kind"] for found in shown.values()} == {*kinds}
    assert {found["role"] for found in shown.values()} == {role.removesuffix("s")}
    assert all(found["about"] for found in shown.values())


def test_list_of_one_topic_as_json(call) -> None:
    listed = json.loads(call("list", "refiners", "--json").stdout)

    assert list(listed["refiners"]) == refiners.kinds()
    assert "generators" not in listed


def test_a_broken_preset_of_a_plugin_hides_no_others(call, tmp_path, monkeypatch) -> None:
    (tmp_path / "broken.toml").write_text('name = "broken"\n[[mechanisms]]\nkind = "crack"\n')
    monkeypatch.setattr(presets, "_plugins", lambda: ((Origin("odd", "1"), tmp_path),))

    result = call("list", "presets")

    assert result.exit_code == 0
    assert "broken " in result.stdout
    assert "mechanisms[0].generator: is missing" in " ".join(result.stdout.split())
    assert "metal " in result.stdout


def test_an_unknown_topic_has_a_suggestion(call) -> None:
    result = call("list", "presetz")

    assert result.exit_code == 2
    assert "did you mean 'presets'?" in result.stderr


@pytest.mark.parametrize("kind", [*generators.kinds(), *refiners.kinds()])
def test_show_explains_every_parameter_of_every_component(call, kind) -> None:
    shown = json.loads(call("show", kind, "--json").stdout)

    assert shown["about"]
    assert shown["law"]
    assert shown["source"]
    for parameter in shown["parameters"]:
        assert parameter["meaning"], parameter["name"]
        assert parameter["default"], parameter["name"]


def test_show_prints_units_ranges_law_and_source(call) -> None:
    result = call("show", "crack")

    line = next(line for line in result.stdout.splitlines() if line.startswith("width_mm"))
    assert " .. " in line
    assert " mm " in line
    assert "law: " in result.stdout
    assert "source: " in result.stdout


def test_show_of_a_recipe_prints_shares_and_what_differs_from_the_defaults(
    call, recipe_file
) -> None:
    text = recipe_file.read_text().replace('"crack"', '"crack", width_mm = [1, 2]')
    recipe_file.write_text(text.replace("[[mechanisms]]", "[[mechanisms]]\nweight = 3", 1))

    result = call("show", recipe_file)

    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["crack", "75%", "width_mm", "=", "1", "..", "2,", "log-uniform"] in lines
    assert ["pitting", "25%", "defaults"] in lines


@pytest.mark.parametrize("name", preset_names())
def test_show_knows_every_preset(call, name) -> None:
    assert json.loads(call("show", name, "--json").stdout)["name"] == name


def test_show_recipe_gives_the_format_and_its_schema(call) -> None:
    shown = call("show", "recipe").stdout
    assert "severity.d_prime" in shown
    assert "tries before a sample has failed" in shown
    assert "mechanisms.weight" in shown
    assert "$defs" in json.loads(call("show", "recipe", "--json").stdout)["schema"]


@pytest.mark.parametrize(("option", "lines"), [("--json", 1), ("--quiet", 0)])
def test_an_old_name_in_a_recipe_is_told_in_one_plain_line(
    call, recipe_file, option, lines
) -> None:
    recipe_file.write_text("mixed_share = 0.2\n" + recipe_file.read_text())

    result = call("show", recipe_file, option)

    assert result.exit_code == 0
    told = "anomsynth: mixed_share is called mixed_probability now\n"
    assert result.stderr == told * lines


@pytest.mark.parametrize("words", [["list"], ["show", "crack"], ["show", "recipe"]])
def test_quiet_prints_nothing(call, words) -> None:
    result = call(*words, "--quiet")

    assert (result.exit_code, result.output) == (0, "")


def test_an_unknown_name_has_a_suggestion(call) -> None:
    result = call("show", "pittng")

    assert result.exit_code == 2
    assert "did you mean 'pitting'?" in result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crack", "--toml prints presets, and 'crack' is a generator; its parameters:"),
        ("npcf-plus", "--toml prints presets, and 'npcf_plus' is a refiner; its parameters:"),
        ("edge_width", "--toml prints presets, and 'edge_width' is a term of the score; its"),
        ("recipe", "'recipe' is the format of recipes; begin one: anomsynth init"),
        ("nosuch", "no preset 'nosuch'; see: anomsynth list presets"),
    ],
)
def test_what_has_no_recipe_file_is_told_in_one_sentence_with_what_to_do(call, name, said) -> None:
    result = call("show", name, "--toml")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"anomsynth: {said}")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 200


def test_list_names_the_kinds_of_a_preset(call) -> None:
    result = call("list", "--preset", "magnetic_tile_crack", "--json")

    listed = json.loads(result.stdout)
    recipe = asy.load_recipe("magnetic_tile_crack")
    assert set(listed["generators"]) == {item.generator.kind for item in recipe.mechanisms}
    assert set(listed["refiners"]) == {item.kind for item in recipe.refiners}
    assert call("list", "presets", "--preset", "metal").exit_code == 2
    assert "no preset" in call("list", "--preset", "metla").stderr
