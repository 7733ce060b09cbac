"""Defaults from the environment are used, told and recorded; the command line outweighs them."""

import json

import pytest

from anomsynth.cli.environment import taken


@pytest.fixture
def folders(tmp_path, write_photos, recipe_file, monkeypatch):
    """Return photos and an output folder; the recipe comes from the environment."""
    monkeypatch.setenv("ANOMSYNTH_PRESET", str(recipe_file))
    monkeypatch.setenv("ANOMSYNTH_SEED", "7")
    monkeypatch.setenv("ANOMSYNTH_JOBS", "1")
    return write_photos(tmp_path / "photos", 1), tmp_path / "out"


def test_they_are_used_told_in_one_line_and_recorded(call, folders, recipe_file) -> None:
    result = call("generate", *folders)

    assert result.exit_code == 0, result.stderr
    told = [line for line in result.stderr.splitlines() if line.startswith("from the environment")]
    assert len(told) == 1
    assert "ANOMSYNTH_SEED=7" in told[0]
    assert "ANOMSYNTH_JOBS=1" in told[0]
    record = json.loads((folders[1] / "_anomsynth" / "run.json").read_text())
    assert record["seed"] == 7
    assert record["environment"] == {
        "ANOMSYNTH_PRESET": str(recipe_file),
        "ANOMSYNTH_SEED": "7",
        "ANOMSYNTH_JOBS": "1",
    }


def test_options_outweigh_them_and_are_no_news(call, folders, recipe_file) -> None:
    words = ("--seed", 3, "--jobs", 1, "--preset", recipe_file)
    result = call("generate", *folders, *words)

    assert "environment" not in result.stderr
    record = json.loads((folders[1] / "_anomsynth" / "run.json").read_text())
    assert record["seed"] == 3
    assert "environment" not in record


def test_a_call_does_not_remember_the_one_before(call, folders, monkeypatch) -> None:
    call("generate", *folders)
    monkeypatch.delenv("ANOMSYNTH_SEED")

    result = call("generate", *folders, "--resume")

    assert result.exit_code == 2  # begun with another seed
    assert "ANOMSYNTH_SEED" not in result.stderr
    assert "ANOMSYNTH_JOBS=1" in result.stderr


def test_nothing_of_a_call_is_left_when_it_has_ended(call, folders) -> None:
    call("generate", *folders)

    assert taken() == {}


def test_scripts_read_them_as_a_json_line(call, folders) -> None:
    first = call("generate", *folders, "--json").stdout.splitlines()[0]

    assert json.loads(first)["event"] == "environment"
    assert json.loads(first)["ANOMSYNTH_SEED"] == "7"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ANOMSYNTH_JOBS", "many", "ANOMSYNTH_JOBS: must be a valid integer"),
        ("ANOMSYNTH_SEED", "-1", "ANOMSYNTH_SEED: must be at least 0, got -1"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(
    call, folders, monkeypatch, variable, value, said
) -> None:
    monkeypatch.setenv(variable, value)

    result = call("generate", *folders)

    assert result.exit_code == 2
    assert said in result.stderr
