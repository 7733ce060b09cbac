"""`anomsynth validate` says what is wrong and what to do, for people and for scripts."""

import json
import runpy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anomsynth.cli.main import app

MADE = runpy.run_path(str(Path(__file__).parents[1] / "consumers" / "traps.py"))


@pytest.fixture
def category(tmp_path) -> Path:
    return MADE["sound_tree"](tmp_path / "data")


def validate(*words):
    return CliRunner().invoke(app, ["validate", *map(str, words)])


def test_a_sound_dataset_ends_with_code_0(category) -> None:
    result = validate(category.parent)

    assert result.exit_code == 0
    assert "12 images in 1 category: 0 errors, 0 warnings, 0 notes" in result.stdout


def test_notes_and_warnings_are_no_failure(category) -> None:
    MADE["TRAPS"]["no good photo in the test"].spring(category)

    result = validate(category.parent)

    assert result.exit_code == 0
    assert "warning: one-class-test (1)" in result.stdout
    assert "-> add good photos to test/good" in result.stdout


def test_errors_end_with_code_3_and_many_files_are_cut_short(category) -> None:
    for number in range(8):
        MADE["save"](category / f"extra/{number}.png", MADE["blot"]())

    result = validate(category.parent)

    assert result.exit_code == 3
    assert "error: stray-file (8)" in result.stdout
    assert result.stdout.count("plate/extra/") == 5
    assert "... and 3 more" in result.stdout


def test_json_holds_every_finding_and_the_result_last(category) -> None:
    for number in range(8):
        MADE["save"](category / f"extra/{number}.png", MADE["blot"]())

    result = validate(category.parent, "--json")

    *findings, last = map(json.loads, result.stdout.splitlines())
    assert [item["event"] for item in findings] == ["finding"] * 8
    assert {"level", "check", "file", "message", "hint"} <= findings[0].keys()
    assert last["counts"] == {"error": 8, "warning": 0, "note": 0}
    assert last["sound"] is False
    assert result.exit_code == 3


def test_quiet_leaves_the_exit_code_alone(category) -> None:
    MADE["TRAPS"]["an empty mask"].spring(category)

    result = validate(category.parent, "--quiet")

    assert (result.exit_code, result.output) == (3, "")


def test_deep_finds_what_decoding_finds(category) -> None:
    bitmap = category / "test/good/000000.bmp"
    MADE["save"](bitmap, MADE["picture"](3))
    bitmap.write_bytes(bitmap.read_bytes()[:500])

    assert "unreadable" not in validate(category.parent).stdout
    assert "error: unreadable (1)" in validate(category.parent, "--deep").stdout


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_that_is_no_dataset_ends_with_code_2_and_one_line(tmp_path, name) -> None:
    (tmp_path / "empty").mkdir()

    result = validate(tmp_path / name)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert name in result.stderr
