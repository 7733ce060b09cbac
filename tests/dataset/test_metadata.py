"""An output folder is taken over only if it is empty or ours, and only ours is deleted."""

import json
import os
from pathlib import Path

import pytest

from anomsynth.dataset.layout import Layout
from anomsynth.dataset.metadata import (
    check_removable,
    check_writable,
    contents,
    make_scratch,
    read_run,
    remove_run,
    write_run,
)
from anomsynth.errors import OutputError


@pytest.fixture
def layout(tmp_path) -> Layout:
    """Return an output folder with a run of one category, `screw`."""
    found = Layout(tmp_path / "out")
    make_scratch(found)
    write_run(found, {"categories": {"screw": {}}})
    for path in (
        found.normal("screw", "train", 0),
        found.image("screw", ["crack"], 1),
        found.mask("screw", ["crack"], 1),
        found.manifest("screw"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return found


def test_empty_ours_and_foreign_are_told_apart(layout, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "a.txt").touch()

    assert contents(layout) == "run"
    assert contents(Layout(tmp_path / "empty")) == "nothing"
    assert contents(Layout(tmp_path / "gone")) == "nothing"
    assert contents(Layout(tmp_path / "foreign")) == "other"
    with pytest.raises(OutputError, match="not a folder"):
        contents(Layout(tmp_path / "foreign" / "a.txt"))


def test_a_run_that_died_before_its_first_file_left_nothing(tmp_path) -> None:
    layout = Layout(tmp_path)
    make_scratch(layout)
    (layout.scratch / "1-0.part").touch()

    assert contents(layout) == "nothing"


def test_only_what_is_ours_is_removed(layout) -> None:
    (layout.root / "notes.txt").write_text("keep me")

    check_removable(layout, ["screw"])
    remove_run(layout)

    assert [path.name for path in layout.root.rglob("*") if path.is_file()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["screw/notes.txt", "screw/train/good/mine.png", "screw/a.png"])
def test_foreign_files_in_a_category_stop_the_removal(layout, name) -> None:
    (layout.root / name).touch()

    with pytest.raises(OutputError, match="not made by anomsynth, will not be deleted"):
        check_removable(layout, ["screw"])


def test_a_foreign_folder_of_a_new_category_stops_it_too(layout) -> None:
    (layout.root / "bolt").mkdir()

    with pytest.raises(OutputError, match="bolt: not made by anomsynth"):
        check_removable(layout, ["bolt", "screw"])


def test_a_removal_that_was_interrupted_can_go_on(layout, monkeypatch) -> None:
    unlink = Path.unlink

    def interrupt(path, **options):
        if path == layout.run_file:
            raise KeyboardInterrupt
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", interrupt)
    with pytest.raises(KeyboardInterrupt):
        remove_run(layout)
    monkeypatch.undo()

    assert contents(layout) == "run"
    remove_run(layout)
    assert contents(layout) == "nothing"


def test_a_record_cannot_lead_out_of_the_folder(layout, tmp_path) -> None:
    (tmp_path / "precious").mkdir()
    layout.run_file.write_text(json.dumps({"categories": {"../precious": {}, "..": {}}}))

    remove_run(layout)

    assert (tmp_path / "precious").exists()


def test_no_run_and_a_damaged_run_are_told_apart(layout, tmp_path) -> None:
    with pytest.raises(OutputError, match="not a dataset of anomsynth"):
        read_run(Layout(tmp_path))
    layout.run_file.write_text("{")
    with pytest.raises(OutputError, match=r"run\.json: damaged: no JSON"):
        read_run(layout)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("[]", "damaged: no JSON object"),
        ('{"options": 3}', "damaged: 'options' is no table"),
        ('{"categories": null}', "damaged: 'categories' is no table"),
    ],
)
def test_a_damaged_record_says_what_to_do(layout, text, message) -> None:
    layout.run_file.write_text(text)

    with pytest.raises(OutputError, match=rf"run\.json: {message}") as caught:
        read_run(layout)
    assert "make the dataset again" in caught.value.hint


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_a_record_that_is_no_file_is_refused(layout, kind) -> None:
    layout.run_file.unlink()
    os.mkfifo(layout.run_file) if kind == "fifo" else layout.run_file.mkdir()

    assert contents(layout) == "run"
    with pytest.raises(OutputError, match=r"run\.json: cannot be read: (no file but|Is a dir)"):
        read_run(layout)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch) -> None:
    check_writable(tmp_path / "new" / "deeper")
    monkeypatch.setattr("os.access", lambda *_: False)

    with pytest.raises(OutputError, match="cannot be written to"):
        check_writable(tmp_path / "new" / "deeper")


def test_a_file_in_the_way_is_named(tmp_path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match="file: not a folder"):
        check_writable(tmp_path / "file" / "out")
