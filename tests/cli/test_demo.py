"""`anomsynth demo` makes something to look at, and says how to go on."""

import json

import pytest
from PIL import Image

from anomsynth.cli import demo as command


@pytest.fixture(autouse=True)
def _small(monkeypatch, recipe_file):
    """Make one sample of each of two photos, by the quick recipe."""
    monkeypatch.setattr(command, "PHOTOS", 2)
    monkeypatch.setattr(command, "PRESET", str(recipe_file))
    monkeypatch.setattr(command, "PER_IMAGE", 1)


def test_writes_photos_dataset_and_sheet_and_says_how_to_go_on(call, tmp_path) -> None:
    out = tmp_path / "demo"

    result = call("demo", out, "--jobs", 1)

    assert result.exit_code == 0
    assert len(list((out / "photos" / "metal").iterdir())) == 2
    assert sorted(path.name for path in (out / "dataset").iterdir()) == [
        "_anomsynth", *sorted(command.PRODUCTS),
    ]  # fmt: skip
    assert (out / ".gitignore").read_text() == "*\n"
    sheet_file = out.resolve() / "dataset" / "_anomsynth" / "sheet.png"
    with Image.open(sheet_file) as sheet:
        assert sheet.size[0] > 1000
    for line in (f"Look at it: {sheet_file}", "MVTecAD(root=", "anomsynth generate"):
        assert line in result.stdout


def test_a_second_demo_says_what_to_do_and_touches_nothing(call, tmp_path) -> None:
    (tmp_path / "photos").mkdir()

    result = call("demo", tmp_path)

    assert result.exit_code == 2
    assert "a demo is there already" in result.stderr
    assert "--overwrite" in result.stderr
    assert list((tmp_path / "photos").iterdir()) == []


def test_overwrite_makes_it_anew_and_leaves_other_files_alone(call, tmp_path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine.txt").write_text("keep")
    call("demo", tmp_path / "demo", "--jobs", 1)

    result = call("demo", tmp_path / "demo", "--jobs", 1, "--overwrite", "--json")

    assert result.exit_code == 0
    last = json.loads(result.stdout.splitlines()[-1])
    assert (last["event"], last["written"]) == ("result", 8)
    assert (tmp_path / "demo" / "mine.txt").read_text() == "keep"


def test_quiet_prints_nothing(call, tmp_path) -> None:
    result = call("demo", tmp_path / "demo", "--jobs", 1, "--quiet")

    assert (result.exit_code, result.output) == (0, "")
