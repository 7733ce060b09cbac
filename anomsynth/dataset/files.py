"""Whole files and folders or none: bytes, links, and what several files belong to."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anomsynth.core.whole import output_error, place_whole
from anomsynth.errors import OutputError


def write_bytes(path: Path, content: bytes, scratch: Path) -> None:
    """Write a file so that it is whole or absent, whenever the process dies.

    There is no fsync: a power cut may leave an empty file, which a resumed run writes anew.

    Parameters
    ----------
    path : Path
        Its folder is made if needed.
    content : bytes
    scratch : Path
        Existing folder for temporary files on the file system of `path`.

    Raises
    ------
    OutputError
        If the disk is full, read-only or forbids it.
    """
    write_pieces(path, [content], scratch)


def write_pieces(path: Path, pieces: Iterable[bytes], scratch: Path) -> None:
    """Write a file piece by piece, whole or not at all; see `write_bytes`."""

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.writelines(pieces)

    place_whole(path, fill, scratch)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless it is there.

    Raises
    ------
    OutputError
        If the disk is full, read-only or forbids it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error


def link_file(source: Path, path: Path, scratch: Path, *, copy: bool = False) -> None:
    """Hard-link a file into the dataset; copy it if asked or where links are not possible.

    Raises
    ------
    OutputError
        If the disk is full, read-only or forbids it.
    """

    def fill(temporary: Path) -> None:
        if not copy:
            try:
                os.link(source.resolve(), temporary)
            except OSError:  # another file system, or one without links
                temporary.unlink(missing_ok=True)
            else:
                return
        shutil.copyfile(source, temporary)

    place_whole(path, fill, scratch, linked=not copy)


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """Give a folder to fill; it becomes `final` when the block ends, and is gone if it fails.

    Parameters
    ----------
    final : Path
        Absolute; what is there is replaced as a whole.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    folder = final.parent / f".{final.name[:100]}.{os.getpid()}.part"
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    except OSError as error:
        raise output_error(final, error) from error
    try:
        with _telling_of(folder, final):
            yield folder
            _swap(folder, final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def files_into(final: Path, clear: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Give a folder to fill; its files go into `final`, among those there, when the block ends.

    If the block fails they are gone, and so is `final` unless it was there.

    Parameters
    ----------
    final : Path
        Files of the same names are replaced.
    clear : function ()
        Removes what else has to go, called when all files are there to take its place.

    Raises
    ------
    OutputError
        If something cannot be written, or a folder lies where a file is to go.
    """
    made = [folder for folder in (final, *final.parents) if not folder.exists()]
    folder = final / f".anomsynth.{os.getpid()}.part"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with _telling_of(folder, final):
            make_folder(folder)
            yield folder
            _move_in(folder, final, clear)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # what others put there meanwhile stays
            for one in made:
                one.rmdir()
        raise
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _telling_of(folder: Path, final: Path) -> Iterator[None]:
    """Name in what goes wrong the place where a file was to be, not where it was made."""
    try:
        yield
    except OutputError as error:
        text = str(error).replace(str(folder), str(final))
        raise OutputError(text, hint=error.hint) from error


def _move_in(folder: Path, final: Path, clear: Callable[[], object]) -> None:
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if not path.is_dir()]
    for name in names:  # whatever may fail goes first
        make_folder((final / name).parent)
        if (final / name).is_dir():
            hint = "move it away or choose another output folder"
            raise OutputError(f"{final / name}: a folder, where a file is to go", hint=hint)
    clear()
    for name in names:
        try:
            (folder / name).replace(final / name)
        except OSError as error:
            raise output_error(final / name, error) from error


def _swap(folder: Path, final: Path) -> None:
    """Put the new folder in the place of the old one."""
    old = final.parent / f".{final.name[:100]}.{os.getpid()}.old"
    try:
        if final.exists():
            final.rename(old)
        try:
            folder.rename(final)
        except OSError:
            if old.exists():
                old.rename(final)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise output_error(final, error) from error
