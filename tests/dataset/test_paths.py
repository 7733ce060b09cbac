"""What a disk does not tell is one clear sentence, never a traceback."""

import os
from pathlib import Path

import pytest

from anomsynth.dataset.paths import exists, folders_in, is_dir, is_file, is_special
from anomsynth.errors import InputError

LONG = "x" * 300


@pytest.fixture
def locked(tmp_path, monkeypatch) -> Path:
    """Return a folder that may not be entered; root may enter all, so the system is asked less."""
    folder = tmp_path / "locked"
    folder.mkdir()
    stat, scandir = os.stat, os.scandir

    def refuse(real):
        def asked(path, *rest, **options):
            inside = Path(path) != folder if real is stat else True
            if folder in (Path(path), *Path(path).parents) and inside:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *rest, **options)

        return asked

    monkeypatch.setattr(os, "stat", refuse(stat))
    monkeypatch.setattr(os, "scandir", refuse(scandir))
    return folder


def test_what_is_there_and_what_is_not_is_told(tmp_path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")

    assert exists(tmp_path)
    assert is_dir(tmp_path)
    assert is_file(tmp_path / "file")
    assert not exists(tmp_path / "file" / "below")
    for name in ("loop", "gone", "none"):
        assert not exists(tmp_path / name)


def test_a_folder_that_may_not_be_entered_is_named(locked) -> None:
    for ask in (exists, is_dir, is_file, folders_in):
        with pytest.raises(InputError, match=r"locked.*: cannot be read: Permission denied"):
            ask(locked / "inside")


def test_a_name_that_is_too_long_is_named_and_cut(tmp_path) -> None:
    with pytest.raises(InputError, match=r"x\.\.\.x+: cannot be read: File name too long"):
        exists(tmp_path / LONG)


@pytest.mark.parametrize(
    "words",
    [
        ("generate", LONG, "out"),
        ("generate", "photos", LONG),
        ("score", LONG),
        ("validate", LONG),
        ("export", LONG, "out", "--to", "coco"),
        ("report", LONG),
        ("foreground", LONG, "--out", "out"),
        ("merge", LONG),
        ("replay", LONG, "a/0"),
        ("preview", LONG, "--out", "sheet.png"),
    ],
    ids=lambda words: " ".join(words)[:20],
)
def test_every_command_answers_a_long_name_with_one_line(
    words, call, tmp_path, monkeypatch, write_photos
) -> None:
    write_photos(tmp_path / "photos", 1)
    monkeypatch.chdir(tmp_path)

    result = call(*words)

    assert result.exit_code == 2, result.output
    assert "File name too long" in result.output
    assert result.output.count("\n") == 1


def test_folders_of_the_system_are_passed_over(locked, tmp_path, monkeypatch, write_photos) -> None:
    from anomsynth.dataset.folders import find_source  # noqa: PLC0415 - beside its one use

    write_photos(tmp_path / "disk", 1)
    (tmp_path / "disk" / "lost+found").mkdir()

    assert set(find_source(tmp_path / "disk").categories) == {"plate", "tile"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_and_devices_are_special_files_are_not(tmp_path) -> None:
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").touch()
    (tmp_path / "zero.png").symlink_to("/dev/zero")

    assert is_special(tmp_path / "a.png")
    assert is_special(tmp_path / "zero.png")
    assert not is_special(tmp_path / "b.png")
    assert not is_special(tmp_path)
