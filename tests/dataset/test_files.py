"""A file is whole or absent, whatever happens while it is written."""

import errno
import os
from pathlib import Path

import pytest

from anomsynth.dataset.files import files_into, link_file, write_bytes, write_pieces
from anomsynth.errors import OutputError


def failing(number: int):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


def test_folders_are_made_and_nothing_else_is_left(tmp_path) -> None:
    write_bytes(tmp_path / "a" / "b" / "c.png", b"abc", tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "a/b/c.png"]
    assert (tmp_path / "a/b/c.png").read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "Read-only"), (errno.EACCES, "denied")],
)
def test_a_failed_write_leaves_the_old_file_and_says_why(
    tmp_path, monkeypatch, number, reason
) -> None:
    write_bytes(tmp_path / "c.png", b"old", tmp_path)
    monkeypatch.setattr(Path, "replace", failing(number))

    with pytest.raises(OutputError, match=rf"c\.png.*{reason}") as caught:
        write_bytes(tmp_path / "c.png", b"new", tmp_path)

    assert caught.value.hint
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch) -> None:
    open_really = Path.open
    monkeypatch.setattr(Path, "open", lambda _, mode: open_really(Path("/dev/full"), mode))

    with pytest.raises(OutputError, match="the disk is full"):
        write_bytes(tmp_path / "c.png", b"new" * 100_000, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_nothing_behind(tmp_path) -> None:
    def pieces():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pieces(tmp_path / "c.png", pieces(), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_links_share_the_file_and_copies_do_not(tmp_path) -> None:
    source = tmp_path / "s.png"
    source.write_bytes(b"abc")

    link_file(source, tmp_path / "out" / "linked.png", tmp_path)
    link_file(source, tmp_path / "out" / "copied.png", tmp_path, copy=True)

    assert (tmp_path / "out" / "linked.png").samefile(source)
    assert not (tmp_path / "out" / "copied.png").samefile(source)
    assert (tmp_path / "out" / "copied.png").read_bytes() == b"abc"


def test_linking_twice_leaves_no_temporary_file(tmp_path) -> None:
    source = tmp_path / "s.png"
    source.write_bytes(b"abc")

    for _ in range(2):
        link_file(source, tmp_path / "l.png", tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.png", "s.png"]


def test_a_disk_without_links_gets_copies(tmp_path, monkeypatch) -> None:
    source = tmp_path / "s.png"
    source.write_bytes(b"abc")
    monkeypatch.setattr(os, "link", failing(errno.EXDEV))

    link_file(source, tmp_path / "l.png", tmp_path)

    assert (tmp_path / "l.png").read_bytes() == b"abc"
    assert not (tmp_path / "l.png").samefile(source)


def test_the_source_of_a_link_survives_a_rewrite(tmp_path) -> None:
    source = tmp_path / "s.png"
    source.write_bytes(b"abc")
    link_file(source, tmp_path / "l.png", tmp_path)

    write_bytes(tmp_path / "l.png", b"new", tmp_path)

    assert source.read_bytes() == b"abc"


def held(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_files_go_in_among_those_that_are_there(tmp_path) -> None:
    out = tmp_path / "new" / "out"
    write_bytes(out / "mine.txt", b"mine", tmp_path)
    write_bytes(out / "maps" / "a.png", b"old", tmp_path)
    write_bytes(out / "maps" / "b.png", b"old", tmp_path)

    with files_into(out, (out / "maps/b.png").unlink) as staged:
        write_bytes(staged / "maps" / "a.png", b"new", staged)
        write_bytes(staged / "c" / "d.png", b"new", staged)

    assert held(out) == {"mine.txt": b"mine", "maps/a.png": b"new", "c/d.png": b"new"}
    assert {path.name for path in out.iterdir()} == {"mine.txt", "maps", "c"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OutputError])
def test_a_failed_block_leaves_what_was_there_and_no_folder_that_was_not(tmp_path, error) -> None:
    there, new = tmp_path / "there", tmp_path / "new" / "out"
    write_bytes(there / "maps" / "a.png", b"old", tmp_path)

    def fill(out: Path) -> None:
        with files_into(out) as staged:
            write_bytes(staged / "maps" / "a.png", b"new", staged)
            raise error(f"{staged}/maps/b.png: the disk is full")

    for out in (there, new):
        with pytest.raises(error):
            fill(out)

    assert held(tmp_path) == {"there/maps/a.png": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_fails_is_told_by_the_place_where_it_was_to_be(tmp_path) -> None:
    out = tmp_path / "out"

    with pytest.raises(OutputError) as caught, files_into(out) as staged:
        raise OutputError(f"{staged / 'a.png'}: the disk is full", hint="free some space")

    assert str(caught.value) == f"{out / 'a.png'}: the disk is full"
    assert caught.value.hint == "free some space"


def test_a_folder_in_the_place_of_a_file_stops_all_before_anything_moves(tmp_path) -> None:
    (tmp_path / "out" / "z.png").mkdir(parents=True)
    write_bytes(tmp_path / "out" / "a.png", b"old", tmp_path)

    def fill() -> None:
        with files_into(tmp_path / "out") as staged:
            write_bytes(staged / "a.png", b"new", staged)
            write_bytes(staged / "z.png", b"new", staged)

    with pytest.raises(OutputError, match=r"z\.png: a folder"):
        fill()

    assert held(tmp_path / "out") == {"a.png": b"old"}
